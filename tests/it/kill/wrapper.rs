//! Whoever touches the outside passes `runtime::outside`, or stands on a short list with a reason.

use super::house::files;
use regex::Regex;
use std::collections::BTreeSet;
use std::path::Path;

/// Why a file may touch the outside.
enum Because {
    /// It calls through the wrapper.
    Wrapped,
    /// Something else, in words.
    Reason(&'static str),
}
use Because::{Reason, Wrapped};

const MAY: &[(&str, Because)] = &[
    (
        "bench/servers/site.rs",
        Reason("makes what a run is measured on, and starts the processes that are measured"),
    ),
    ("bench/servers/shop.rs", Reason("plays the other systems of a run")),
    ("bench/servers/floor.rs", Reason("is the bare loop that a run is compared with")),
    (
        "bench/servers/template.rs",
        Reason("looks at what the pipeline wrote, before the run that is measured"),
    ),
    ("bench/mod.rs", Reason("names the errors of the servers")),
    ("cli/health.rs", Reason("asks another process whether it is ready; keeps nothing")),
    ("broker/rabbitmq/mod.rs", Wrapped),
    ("cli/correspondence.rs", Reason("writes a list to a file named on the command line")),
    ("cli/explain.rs", Reason("draws what files hold into a folder named on the command line")),
    ("cli/read.rs", Reason("reads files named on the command line; keeps nothing")),
    ("cli/rehearse.rs", Reason("reads and writes files named on the command line")),
    ("rehearse/gather.rs", Reason("reads old mails named on the command line; who has them keeps them")),
    ("rehearse/known.rs", Reason("copies what is known of the firm into records that are thrown away")),
    ("rehearse/mailbox.rs", Reason("puts mails into a folder that is thrown away")),
    ("cli/reviews/decide.rs", Reason("reads a draft named on the command line")),
    ("bench/pipeline.rs", Reason("looks at what the outlet has written, after the run that is measured")),
    ("bench/process.rs", Reason("asks the system what the process has used")),
    (
        "cli/bench.rs",
        Reason("makes and removes the bench's own folder, and reads documents that are measured"),
    ),
    ("cli/calibrate.rs", Reason("reads documents and their truth; writes a settings file that is named")),
    ("demo/clock.rs", Reason("keeps how far the demo's clock was moved")),
    ("demo/mod.rs", Reason("plays the customers who drop files into the folders")),
    ("cli/submit.rs", Reason("reads files named on the command line; their sender has them still")),
    ("config.rs", Reason("reads settings before anything runs")),
    ("decode/pool.rs", Reason("starts decoders, that hold nothing and keep nothing")),
    ("deliver/file.rs", Wrapped),
    (
        "deliver/smtp/connect.rs",
        Reason("opens connections for deliver/smtp/mod.rs, which calls through the wrapper"),
    ),
    ("deliver/smtp/settings.rs", Reason("reads the files that settings name, before anything runs")),
    ("intake/fax.rs", Reason("reads side files for intake/folder.rs, which calls it through the wrapper")),
    ("intake/folder.rs", Wrapped),
    ("intake/imap/connect.rs", Wrapped),
    ("intake/imap/settings.rs", Reason("reads secrets before each login; checks a URL")),
    ("intake/imap/token.rs", Wrapped),
    (
        "intake/imap/wire.rs",
        Reason("carries the bytes of intake/imap/session.rs, which calls through the wrapper"),
    ),
    ("ocr/command.rs", Reason("starts the program that the settings name; it gets a page and keeps nothing")),
    ("ocr/place.rs", Reason("puts files into their place when set-up asks for it, before anything runs")),
    ("runtime/books.rs", Reason("reads the books before anything runs")),
    ("runtime/house.rs", Reason("opens the data folder and wraps its store")),
    ("web/server.rs", Reason("takes connections; what they bring goes through intake")),
    ("web/settings.rs", Reason("reads an address; touches nothing")),
    ("web/tokens.rs", Reason("reads tokens before anything runs")),
    ("runtime/import.rs", Reason("reads master data named on the command line; one commit follows")),
];

/// Where the wrapper itself and the adapters behind it are.
const BEHIND: [(&str, Because); 2] =
    [("runtime/outside.rs", Reason("the wrapper")), ("store/blobs.rs", Wrapped)];

const OUTSIDE: &str = r"(?x)
    \b(std|tokio)::(fs|net)\b | \bfs:: | \bFile::(open|create|options) | \bOpenOptions\b
    | \b(Sqlite|Postgres|Disk)::open\b | \bCommand::new\b | \b(reqwest|lapin|hyper|async_imap)\b
    | \b(Tcp|Udp|Unix)(Stream|Listener|Socket)\b | \b(Async)?Smtp(Transport|Connection)\b | \bwrite_whole\b | \bSqlitePool\b";

#[test]
fn calls_to_the_outside_go_through_one_wrapper() {
    let outside = Regex::new(OUTSIDE).unwrap();
    let source = Path::new("src");
    let mut touching = BTreeSet::new();
    for file in files(source).into_iter().filter(|it| it.extension().is_some_and(|it| it == "rs")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(source).unwrap().to_string_lossy().into_owned();
        // The store's adapters are wrapped whole, when they are opened; RabbitMQ's in its first file.
        let program = text.split("#[cfg(test)]").next().unwrap_or_default();
        let code = program.lines().filter(|line| !line.trim_start().starts_with("//"));
        let adapters = ["store/sqlite/", "store/postgres/", "broker/rabbitmq/"];
        let behind = adapters.iter().any(|it| name.starts_with(it)) && name != "broker/rabbitmq/mod.rs";
        if !behind && code.into_iter().any(|line| outside.is_match(line)) {
            touching.insert(name);
        }
    }
    let mut listed: BTreeSet<String> = BTreeSet::new();
    for (name, because) in MAY.iter().chain(&BEHIND) {
        listed.insert((*name).to_owned());
        let text = std::fs::read_to_string(source.join(name)).unwrap();
        match because {
            Wrapped => {
                assert!(
                    ["call_blocking(", "call_here(", "call("].iter().any(|it| text.contains(it)),
                    "{name} calls nothing"
                )
            }
            Reason(why) => assert!(!why.is_empty()),
        }
    }
    let unlisted: Vec<_> = touching.difference(&listed).collect();
    assert!(unlisted.is_empty(), "these touch the outside past runtime::outside: {unlisted:?}");
    let idle: Vec<_> = listed.difference(&touching).filter(|it| *it != "runtime/outside.rs").collect();
    assert!(idle.is_empty(), "these need not be on the list: {idle:?}");
    let opens = std::fs::read_to_string(source.join("runtime/house.rs")).unwrap();
    for store in ["OutsideStore(postgres", "OutsideStore(Arc::new(sqlite))"] {
        assert!(opens.contains(store), "a store is opened without its wrapper: {store}");
    }
}

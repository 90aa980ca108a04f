//! The Dockerfile: no lint, the compiler that Cargo.toml names, all that is compiled in, and not root in the end.

use super::{list, python, root, said, text, tool};
use regex::Regex;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The commands as the builder's own parser reads them.
fn commands() -> Vec<Value> {
    let parsed = python(
        "import dockerfile, json; \
         print(json.dumps([{'cmd': c.cmd, 'flags': c.flags, 'value': c.value} for c in dockerfile.parse_file('Dockerfile')]))",
    );
    parsed.as_array().unwrap().clone()
}

fn named<'a>(commands: &'a [Value], name: &str) -> Vec<&'a Value> {
    commands.iter().filter(|it| it["cmd"].as_str().unwrap().eq_ignore_ascii_case(name)).collect()
}

/// What is copied from the repository.
fn copied(commands: &[Value]) -> Vec<String> {
    let local = |it: &&Value| list(&it["flags"]).iter().all(|flag| !flag.starts_with("--from"));
    let sources = |it: &Value| {
        let words = list(&it["value"]);
        words[..words.len() - 1].iter().map(|&word| word.to_owned()).collect::<Vec<_>>()
    };
    named(commands, "copy").into_iter().filter(local).flat_map(sources).collect()
}

#[test]
fn the_linter_finds_nothing() {
    said(tool("hadolint").arg("Dockerfile"));
}

#[test]
fn it_builds_with_the_compiler_of_the_manifest() {
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let version = manifest["package"]["rust-version"].as_str().unwrap();
    let commands = commands();
    let from: Vec<&str> = named(&commands, "from").iter().map(|it| list(&it["value"])[0]).collect();
    let builder = format!("rust:{version}-bookworm");
    assert_eq!(from, ["python:3.13-slim-bookworm", builder.as_str(), "debian:bookworm-slim"]);
    let runs = named(&commands, "run");
    let builds: Vec<&str> =
        runs.iter().map(|it| list(&it["value"])[0]).filter(|it| it.contains("cargo build")).collect();
    assert!(builds.len() == 2 && builds.iter().all(|it| it.contains("--release --locked")), "{builds:?}");
}

#[test]
fn the_program_is_not_root_and_told_to_end() {
    let commands = commands();
    let last = |name: &str| list(&named(&commands, name).last().unwrap()["value"]).join(" ");
    let (user, group) = last("user").split_once(':').map(|(u, g)| (u.to_owned(), g.to_owned())).unwrap();
    assert!(user.parse::<u32>().unwrap() >= 1000 && group.parse::<u32>().unwrap() >= 1000, "by number");
    assert!(text("Dockerfile").contains(&format!("--uid {user}")));
    assert_eq!(
        (last("stopsignal"), last("entrypoint"), last("cmd")),
        ("SIGTERM".into(), "gendan".into(), "run".into())
    );
    assert!(last("healthcheck").contains("gendan"));
    assert_eq!(last("volume"), "/var/lib/gendan");
    assert!(named(&commands, "add").is_empty(), "COPY says what comes from where; nothing is fetched");
}

#[test]
fn all_that_is_compiled_in_is_copied() {
    let commands = commands();
    let copied = copied(&commands);
    let reaches = |path: &str| copied.iter().any(|it| Path::new(path).starts_with(it));
    let embedded = Regex::new(r#"(?:#\[folder = |migrate!\(|include_(?:str|bytes)!\()"([^"]+)""#).unwrap();
    let mut found = 0;
    let files = said(Command::new("find").args(["src", "-name", "*.rs"]).current_dir(root()));
    for file in files.lines().map(|file| root().join(file)) {
        let source = std::fs::read_to_string(&file).unwrap();
        for path in embedded.captures_iter(&source).map(|it| it[1].to_owned()) {
            // What is included lies beside the file; the others are named from the top.
            let beside = file.parent().unwrap().join(&path).canonicalize();
            let path = match beside {
                Ok(full) => full.strip_prefix(root()).unwrap().display().to_string(),
                Err(_) => path,
            };
            assert!(reaches(&path), "{} has {path}, which the Dockerfile does not copy", file.display());
            found += 1;
        }
    }
    assert!(found > 10 && reaches("src/main.rs"));
}

#[test]
fn what_is_copied_exists_and_reaches_the_builder() {
    let ignore = text(".dockerignore");
    let let_in: Vec<&str> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(ignore.lines().any(|line| line == "*"), "nothing else goes to the builder");
    for source in copied(&commands()) {
        assert!(root().join(&source).exists(), "{source} is not there");
        assert!(let_in.contains(&source.as_str()), "{source} is kept from the builder");
    }
    assert!(let_in.iter().all(|it| !it.contains("secret")));
}

//! The program itself: settings checked, mailboxes read by `run`, listed, retried; killed between commit and mark.

use super::desk::mail;
use crate::servers::dovecot::{Dovecot, PASSWORD};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn gendan(folder: &Path, arguments: &[&str], failpoint: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gendan"));
    command.arg("--dir").arg(folder.join("data")).args(arguments).env_remove("GENDAN_FAILPOINT");
    failpoint.into_iter().for_each(|it| {
        command.env("GENDAN_FAILPOINT", it);
    });
    command.output().unwrap()
}

fn settle(folder: &Path, port: u16, more: &str) {
    let (data, secret) = (folder.join("data"), folder.join("password"));
    fs::create_dir_all(&data).unwrap();
    fs::write(&secret, PASSWORD).unwrap();
    let text = format!(
        "[[mailboxes]]\nname = 'orders'\nhost = '127.0.0.1'\nport = {port}\nsecurity = 'none'\nuser = 'orders'\n\
         password_file = '{}'\n{more}",
        secret.display()
    );
    fs::write(data.join("gendan.toml"), text).unwrap();
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

#[test]
fn a_mailbox_is_read_listed_and_retried() {
    let folder = TempDir::new().unwrap();
    let server = Dovecot::start(folder.path());
    settle(folder.path(), server.imap, "max_bytes = 5000\n");
    server.deliver("orders", &mail(1, 10));
    server.deliver("orders", &mail(2, 1000));
    assert_eq!(gendan(folder.path(), &["config", "check"], None).status.code(), Some(0));
    assert_eq!(gendan(folder.path(), &["run", "--once"], None).status.code(), Some(0));
    let listed = gendan(folder.path(), &["--json", "mailboxes", "list"], None);
    assert_eq!(listed.status.code(), Some(4), "a person has to look");
    let listed = json(&listed);
    assert_eq!(listed[0]["waiting"][0]["kind"], "too_large", "{listed}");
    assert!(listed[0]["looked_at"].is_string() && listed[0]["trouble"].is_null(), "{listed}");
    let shown = gendan(folder.path(), &["mailboxes", "list"], None);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("too large") && !shown.contains(PASSWORD), "{shown}");
    let documents = json(&gendan(folder.path(), &["--json", "documents", "list"], None));
    assert_eq!(documents.as_array().unwrap().len(), 1, "{documents}");
    assert_eq!(gendan(folder.path(), &["mailboxes", "retry", "orders"], None).status.code(), Some(0));
    assert_eq!(gendan(folder.path(), &["mailboxes", "retry", "orders", "99"], None).status.code(), Some(6));
    assert_eq!(gendan(folder.path(), &["mailboxes", "retry", "nobody"], None).status.code(), Some(6));
    settle(folder.path(), server.imap, "");
    assert_eq!(gendan(folder.path(), &["run", "--once"], None).status.code(), Some(0));
    let listed = gendan(folder.path(), &["--json", "mailboxes", "list"], None);
    assert_eq!((listed.status.code(), json(&listed)[0]["waiting"].as_array().unwrap().len()), (Some(0), 0));
}

#[test]
fn killed_between_the_commit_and_the_mark_makes_no_second_document() {
    let folder = TempDir::new().unwrap();
    let server = Dovecot::start(folder.path());
    settle(folder.path(), server.imap, "");
    for n in 0..5 {
        server.deliver("orders", &mail(n, 10));
    }
    for failpoint in
        ["intake.move:before:1", "intake.move:after:2", "blob.put:after:1", "store.commit:after:2"]
    {
        let killed = gendan(folder.path(), &["run", "--once"], Some(failpoint));
        assert_eq!(killed.status.code(), None, "{failpoint}: {killed:?}");
    }
    assert_eq!(gendan(folder.path(), &["run", "--once"], None).status.code(), Some(0));
    let documents = json(&gendan(folder.path(), &["--json", "documents", "list"], None));
    assert_eq!(documents.as_array().unwrap().len(), 5, "{documents}");
    assert_eq!(super::desk::search(server.imap, "SEEN").len(), 5);
    let balance = gendan(folder.path(), &["balance"], None);
    assert_eq!(balance.status.code(), Some(0), "{balance:?}");
}

#[test]
fn wrong_settings_are_named_and_secrets_never_shown() {
    let folder = TempDir::new().unwrap();
    for (more, said) in [
        ("password = 'geheim'\n", "exclude each other"),
        ("after = 'burn'\n", "`seen`, `move:FOLDER` or `none`"),
        ("pol_seconds = 5\n", "pol_seconds"),
        ("ca_file = '/nowhere/ca.pem'\n", "/nowhere/ca.pem"),
    ] {
        settle(folder.path(), 1143, more);
        let checked = gendan(folder.path(), &["config", "check"], None);
        let why = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert_eq!(checked.status.code(), Some(3), "{more}: {why}");
        assert!(why.contains(said) && !why.contains("geheim"), "{more}: {why}");
    }
    settle(folder.path(), 1143, "");
    fs::remove_file(folder.path().join("password")).unwrap();
    let checked = gendan(folder.path(), &["config", "check"], None);
    assert_eq!(checked.status.code(), Some(3));
    let text =
        "[[mailboxes]]\nname = 'orders'\nhost = 'mail.example'\nuser = 'orders'\npassword = 'geheim'\n";
    fs::write(folder.path().join("data/gendan.toml"), text).unwrap();
    let shown = String::from_utf8(gendan(folder.path(), &["config", "show"], None).stdout).unwrap();
    assert!(shown.contains("password = \"***\"") && !shown.contains("geheim"), "{shown}");
}

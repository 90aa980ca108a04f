//! A real mail server: TLS, authentication, refusals, and its death under load.

use super::{Post, letter, outlet, refused};
use crate::servers::mailserver::{MailServer, PASSWORD, USER, mails};
use gendan::deliver::smtp::Smtp;
use gendan::deliver::{NotSent, Outlet};
use gendan::order::message::Message;
use std::collections::BTreeMap;
use std::time::Duration;
use tempfile::TempDir;

fn secure(server: &MailServer, password: &str, more: &[(&str, &str)]) -> Smtp {
    let ca = server.ca_file.to_string_lossy().into_owned();
    let own = [("SECURITY", "starttls"), ("CA_FILE", &ca), ("USER", USER), ("PASSWORD", password)];
    let all: Vec<(&str, &str)> = own.into_iter().chain(more.iter().copied()).collect();
    outlet(server.port, &all)
}

fn delivered(maildirs: &TempDir, address: &str, count: usize) -> Vec<String> {
    let there = || mails(maildirs.path(), address);
    crate::servers::until(&format!("{count} mails for {address}"), Duration::from_secs(20), || {
        there().len() >= count
    });
    there()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_goes_out_by_starttls_and_password() {
    let (folder, maildirs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = MailServer::start(folder.path(), maildirs.path());
    ["buyer@x.example", "b@x.example"].iter().for_each(|address| server.mailbox(address));
    let good = secure(&server, PASSWORD, &[]);
    good.send(&letter(1, &["buyer@x.example"]), "mail").await.unwrap();
    let mail = delivered(&maildirs, "buyer@x.example", 1).remove(0);
    for part in [
        "Return-path: <orders@example.com>",
        "Message-ID: <1.1.confirmation@example.com>",
        "Auto-Submitted: auto-generated",
        "with esmtpsa",
    ] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
    let NotSent::Never(why) = refused(&good, &letter(2, &["refused@x.example"])).await else { panic!() };
    assert!(why.contains("refused@x.example: 550 5.1.1 no such user here"), "{why}");
    let NotSent::Later(why) = refused(&good, &letter(3, &["later@x.example"])).await else { panic!() };
    assert!(why.contains("451 4.2.1 greylisted"), "{why}");

    let NotSent::Later(why) = refused(&secure(&server, "geheim", &[]), &letter(4, &["b@x.example"])).await
    else {
        panic!()
    };
    assert!(why.contains("were not accepted: 535") && !why.contains("geheim"), "{why}");
    // Another authority than the one that signed its certificate: the system's.
    let strange = outlet(server.port, &[("SECURITY", "starttls"), ("USER", USER), ("PASSWORD", PASSWORD)]);
    let NotSent::Later(why) = refused(&strange, &letter(5, &["b@x.example"])).await else { panic!() };
    assert!(why.contains("STARTTLS: ") && why.to_lowercase().contains("certificate"), "{why}");
    assert!(mails(maildirs.path(), "b@x.example").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_again_and_again_gets_no_mail_twice() {
    let (folder, maildirs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut server = MailServer::start(folder.path(), maildirs.path());
    server.mailbox("buyer@x.example");
    let post = Post::start(secure(&server, PASSWORD, &[])).await;
    let letters: Vec<Message> = (1..=60).map(|number| letter(number, &["buyer@x.example"])).collect();
    let sending = post.send(&letters);
    let killing = tokio::task::spawn_blocking(move || {
        for round in 1..=3 {
            let there = |maildirs: &TempDir| mails(maildirs.path(), "buyer@x.example").len();
            crate::servers::until("some mails", Duration::from_secs(30), || there(&maildirs) >= round * 8);
            server.restart();
        }
        (server, maildirs)
    });
    let (ends, killed) = tokio::join!(sending, killing);
    let (_server, maildirs) = killed.unwrap();
    let count = |word: &str| ends.iter().filter(|(end, _)| end == word).count();
    let (sure, unsure) = (count("delivered"), count("unsure"));
    assert_eq!(sure + unsure, letters.len(), "{ends:?}");
    assert_eq!(post.balance().await.unsure.len(), unsure);
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for mail in delivered(&maildirs, "buyer@x.example", sure) {
        let id = mail.lines().find(|line| line.starts_with("Message-ID: ")).unwrap_or_default();
        *copies.entry(id.to_owned()).or_default() += 1;
    }
    assert!(copies.values().all(|copies| *copies == 1), "{copies:?}");
    for (letter, (end, _)) in letters.iter().zip(&ends) {
        let gendan::order::message::Body::MailSend(mail) = &letter.body else { unreachable!() };
        let there = copies.contains_key(&format!("Message-ID: {}", mail.message_id));
        assert!(there || end == "unsure", "{} is lost", mail.message_id);
    }
}

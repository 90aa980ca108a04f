//! Servers that number their mails anew, or give numbers a second time.

use super::desk::{Desk, mail};
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn mails_that_are_numbered_anew_are_not_filed_again() {
    let mut desk = Desk::new();
    for n in 0..10 {
        desk.server().deliver("orders", &mail(n, 10));
    }
    assert_eq!(desk.look().await, Ok(10));
    let before = desk.cursor().uid_validity;
    desk.server_mut().kill();
    // A mail comes between the last look and the new numbering.
    desk.server().deliver("orders", &mail(10, 10));
    desk.server().renumber("orders", |list| Some(list.replace(&format!(" V{before} "), " V77 ")));
    desk.server_mut().restart();
    assert_eq!(desk.look().await, Ok(11), "each is looked at again");
    let documents = desk.documents();
    assert_eq!(documents.len(), 11, "and only the new one is filed");
    assert!(documents.iter().all(|it| it.duplicate_of.is_none()));
    assert_eq!((desk.cursor().uid_validity, desk.seen().len()), (77, 11));
    assert_eq!(desk.look().await, Ok(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_numbering_is_noticed_while_it_runs() {
    let mut desk = Desk::new();
    for n in 0..5 {
        desk.server().deliver("orders", &mail(n, 10));
    }
    let running = desk.run(|it| it.poll_seconds = 1);
    desk.until("all are taken", |desk| desk.cursor().settled.len() == 5).await;
    let before = desk.cursor().uid_validity;
    desk.server_mut().kill();
    desk.server().renumber("orders", |_| None);
    desk.server_mut().restart();
    desk.until("it is noticed", |desk| {
        desk.cursor().uid_validity != before && desk.cursor().settled.len() == 5
    })
    .await;
    running.stop().await;
    assert_eq!(desk.documents().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_given_a_second_time_hide_no_mail() {
    let mut desk = Desk::new();
    for n in 0..10 {
        desk.server().deliver("orders", &mail(n, 10));
    }
    assert_eq!(desk.look().await, Ok(10));
    for (round, more) in [1, 8].into_iter().enumerate() {
        // The server is set back: its last five mails are gone, and their numbers are free again.
        desk.server_mut().kill();
        let cur = desk.server().maildir("orders").join("cur");
        let mut lost: BTreeSet<String> = BTreeSet::new();
        desk.server().renumber("orders", |list| Some(set_back(&list, 5, &mut lost)));
        for entry in std::fs::read_dir(&cur).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if lost.iter().any(|it| name.starts_with(it.as_str())) {
                std::fs::remove_file(path).unwrap();
            }
        }
        // Fewer new mails than numbers were lost, then more: the second time the next number is greater than before.
        for n in 0..more {
            desk.server().deliver("orders", &mail(100 * (round + 1) + n, 20 + n));
        }
        desk.server_mut().restart();
        let before = desk.documents().len();
        desk.look().await.unwrap();
        assert_eq!(desk.documents().len() - before, more, "round {round}: {:?}", desk.cursor());
        assert_eq!(desk.search("UNSEEN"), [0u32; 0]);
    }
    assert!(desk.documents().iter().all(|it| it.duplicate_of.is_none()));
    assert_eq!(desk.look().await, Ok(0));
}

/// Dovecot's list without its last mails, under the same numbering; the names of their files go to `lost`.
fn set_back(list: &str, count: usize, lost: &mut BTreeSet<String>) -> String {
    let mut lines: Vec<String> = list.lines().map(str::to_owned).collect();
    for _ in 0..count {
        let line = lines.pop().unwrap();
        let (_, name) = line.split_once(':').unwrap();
        lost.insert(name.split(':').next().unwrap().to_owned());
    }
    let next = lines.len();
    let head: Vec<String> = lines[0]
        .split(' ')
        .map(|it| if it.starts_with('N') { format!("N{next}") } else { it.to_owned() })
        .collect();
    lines[0] = head.join(" ");
    lines.join("\n") + "\n"
}

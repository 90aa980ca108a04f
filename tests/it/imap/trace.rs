//! A mailbox that is only looked through: nothing in it changes, and nothing is remembered of it.

use super::desk::{Desk, mail};
use gendan::intake::imap::examine::Wish;
use gendan::rehearse::mailbox::fetch;

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_reads_a_mailbox_without_a_trace() {
    let desk = Desk::new();
    for n in 0..12 {
        desk.server().deliver("orders", &mail(n, 20));
    }
    desk.server().deliver("orders", &mail(12, 2000));
    let work = tempfile::TempDir::new().unwrap();
    let all = Wish { since: None, limit: None, max_bytes: 20_000 };
    let found = fetch(&desk.mailbox, all, work.path()).await.unwrap();
    assert_eq!((found.items.len(), found.unreadable.len()), (12, 1), "{:?}", found.unreadable);
    assert!(found.unreadable[0].1.contains("more than the 20000 of max_bytes"));
    assert_eq!(found.items[0].sent_at, "2026-03-10T01:00:00Z".parse().ok());
    let bytes = found.items[0].bytes().unwrap();
    assert!(String::from_utf8(bytes).unwrap().contains("Line 19 of order 0"));

    let newest = Wish { limit: Some(3), ..all };
    let some = tempfile::TempDir::new().unwrap();
    let found = fetch(&desk.mailbox, newest, some.path()).await.unwrap();
    assert_eq!(found.items.len() + found.unreadable.len(), 3);
    let later = Wish { since: "2100-01-01".parse().ok(), ..all };
    let none = tempfile::TempDir::new().unwrap();
    assert_eq!(fetch(&desk.mailbox, later, none.path()).await.unwrap().items.len(), 0);

    assert_eq!((desk.seen(), desk.search("UNSEEN").len()), (vec![], 13), "no flag is changed");
    assert_eq!(desk.cursor().looked_at, None, "nothing is remembered");
    assert_eq!(desk.documents().len(), 0);
    assert_eq!(desk.look().await, Ok(13), "and what reads it for good finds everything new");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_can_t_be_read_says_why() {
    let mut desk = Desk::new();
    desk.mailbox.folder = "Old".to_owned();
    let work = tempfile::TempDir::new().unwrap();
    let why = fetch(&desk.mailbox, Wish::default(), work.path()).await.unwrap_err();
    assert!(why.contains("folder Old"), "{why}");
}

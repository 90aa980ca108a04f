//! Servers that die, mails that vanish, records that are away.

use super::desk::{Desk, mail, other_client};
use sqlx::{ConnectOptions as _, Executor as _};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_middle_costs_nothing() {
    let mut desk = Desk::new();
    for n in 0..30 {
        desk.server().deliver("orders", &mail(n, 100));
    }
    let (told, tell) = mpsc::channel::<()>();
    let (go_on, going) = mpsc::channel::<()>();
    let mut count = 0;
    let intake = desk.hooked(move |_| {
        count += 1;
        if count % 9 == 0 {
            told.send(()).unwrap();
            going.recv_timeout(Duration::from_secs(60)).unwrap();
        }
        Ok(())
    });
    let running = desk.run_by(intake, |it| it.poll_seconds = 1);
    for _ in 0..3 {
        tell.recv_timeout(Duration::from_secs(60)).unwrap();
        desk.server_mut().kill();
        go_on.send(()).unwrap();
        desk.until("it is noticed", |desk| desk.cursor().trouble.is_some()).await;
        desk.server_mut().restart();
    }
    drop((tell, go_on));
    desk.until("all are marked", |desk| desk.seen().len() == 30 && desk.cursor().open.is_empty()).await;
    desk.until("the trouble is over", |desk| desk.cursor().trouble.is_none()).await;
    running.stop().await;
    let documents = desk.documents();
    assert_eq!(documents.len(), 30);
    assert!(documents.iter().all(|it| it.duplicate_of.is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_vanishes_before_it_is_fetched_is_no_error() {
    let desk = Desk::new();
    for n in 0..4 {
        desk.server().deliver("orders", &mail(n, 10));
    }
    // While the first is kept, another client deletes the third.
    let port = desk.server().imap;
    let mut first = true;
    let intake = desk.hooked(move |_| {
        if std::mem::take(&mut first) {
            let mut session = other_client(port);
            session.uid_store("3", "+FLAGS (\\Deleted)").unwrap();
            session.uid_expunge("3").unwrap();
            session.logout().unwrap();
        }
        Ok(())
    });
    desk.look_by(intake).await.unwrap();
    desk.look().await.unwrap();
    assert_eq!((desk.documents().len(), desk.search("ALL").len(), desk.seen().len()), (3, 3, 3));
    assert!(desk.cursor().open.is_empty(), "{:?}", desk.cursor().open);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_records_are_away_no_mail_is_marked() {
    let desk = Desk::new();
    desk.look().await.unwrap();
    for n in 0..3 {
        desk.server().deliver("orders", &mail(n, 10));
    }
    let file = desk.path().join("data/gendan.db");
    let mut lock = sqlx::sqlite::SqliteConnectOptions::new().filename(&file).connect().await.unwrap();
    lock.execute("begin immediate").await.unwrap();
    let running = desk.run(|it| it.poll_seconds = 1);
    let kept = desk.path().join("data/blobs");
    let first = || walk(&kept) > 0;
    desk.until("the bytes of the first are there", |_| first()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((desk.documents().len(), desk.seen().len()), (0, 0));
    lock.execute("rollback").await.unwrap();
    desk.until("all are taken and marked", |desk| desk.seen().len() == 3).await;
    running.stop().await;
    assert_eq!(desk.documents().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_a_trouble_of_the_mailbox_and_passes() {
    let desk = Desk::new();
    for n in 0..3 {
        desk.server().deliver("orders", &mail(n, 10));
    }
    let (full, tries) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let (is_full, tried) = (full.clone(), tries.clone());
    let intake = desk.hooked(move |_| {
        tried.fetch_add(1, Ordering::SeqCst);
        if is_full.load(Ordering::SeqCst) { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(()) }
    });
    let running = desk.run_by(intake, |it| it.poll_seconds = 1);
    desk.until("people are told", |desk| desk.cursor().trouble.is_some()).await;
    assert!(desk.cursor().trouble.unwrap().contains("can't be kept for now"));
    assert_eq!(desk.seen().len(), 0);
    full.store(false, Ordering::SeqCst);
    desk.until("all are taken", |desk| desk.seen().len() == 3 && desk.cursor().trouble.is_none()).await;
    running.stop().await;
    assert_eq!(desk.documents().len(), 3);
}

fn walk(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.map(|it| it.unwrap().path()).map(|it| if it.is_dir() { walk(&it) } else { 1 }).sum()
}

//! Mailboxes are read on a real Dovecot: each mail becomes a document once, and is marked only when it is one.

mod commands;
mod desk;
mod faults;
mod numbers;
mod strange;
mod trace;
mod ways;

use desk::{Desk, mail};
use gendan::intake::imap::cursor::Waits;
use gendan::intake::imap::settings::After;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn thirty_mails_are_taken_once_and_marked_after_their_commit() {
    let desk = Desk::new();
    for n in 0..30 {
        desk.server().deliver("orders", &mail(n, 200));
    }
    // Whenever a mail is about to be kept, those marked are exactly those that are documents already.
    let (port, house) = (desk.server().imap, desk.house.clone());
    let intake = desk.hooked(move |_| {
        let documents = desk::documents_of(&house).len();
        assert_eq!(desk::search(port, "SEEN").len(), documents, "marked before its commit, or not after");
        Ok(())
    });
    assert_eq!(desk.look_by(intake).await, Ok(30));
    assert_eq!((desk.documents().len(), desk.seen().len()), (30, 30));
    assert_eq!(desk.look().await, Ok(0), "and never again");
    desk.until("each is fetched once", |desk| desk.bodies_given() == Some(30)).await;
    assert!(desk.documents().iter().all(|it| it.name.starts_with("orders:INBOX:") && it.source == "imap"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_reader_is_told_and_stops_at_once() {
    let desk = Desk::new();
    desk.server().deliver("orders", &mail(1, 10));
    let running = desk.run(|it| it.poll_seconds = 600);
    desk.until("the first is taken", |desk| desk.documents().len() == 1).await;
    for n in 2..5 {
        let since = Instant::now();
        desk.server().deliver("orders", &mail(n, 10));
        desk.until("the next is taken", |desk| desk.documents().len() == n).await;
        assert!(since.elapsed() < Duration::from_secs(4), "told after {:?}", since.elapsed());
    }
    let since = Instant::now();
    running.stop().await;
    assert!(since.elapsed() < Duration::from_millis(1500), "stopped after {:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_another_server_hands_over_is_taken() {
    let desk = Desk::new();
    let mut tcp = TcpStream::connect(("127.0.0.1", desk.server().lmtp)).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answers = BufReader::new(tcp.try_clone().unwrap()).lines();
    let letter = [&mail(1, 10)[..], b".\r\n"].concat();
    let said: [&[u8]; 5] = [
        b"LHLO localhost\r\n",
        b"MAIL FROM:<buyer@example.com>\r\n",
        b"RCPT TO:<orders@hengtong.example>\r\n",
        b"DATA\r\n",
        &letter,
    ];
    assert!(answers.next().unwrap().unwrap().starts_with("220 "));
    for it in said {
        tcp.write_all(it).unwrap();
        let last = answers.by_ref().map(Result::unwrap).find(|line| line.as_bytes()[3] == b' ').unwrap();
        assert!(last.starts_with(['2', '3']), "{last}");
    }
    assert_eq!(desk.look().await, Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_idle_the_poll_finds_mails() {
    let desk = Desk::with(crate::servers::dovecot::Setup { can: "IMAP4rev1 UIDPLUS", ..Default::default() });
    let running = desk.run(|it| it.poll_seconds = 1);
    desk.until("it was looked at", |desk| desk.cursor().looked_at.is_some()).await;
    desk.server().deliver("orders", &mail(1, 10));
    desk.until("it is taken and marked", |desk| desk.seen().len() == 1).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_readers_of_one_mailbox_take_each_mail_once() {
    let desk = Desk::new();
    for n in 0..40 {
        desk.server().deliver("orders", &mail(n, 50));
    }
    let running = [desk.run(|it| it.poll_seconds = 1), desk.run(|it| it.poll_seconds = 1)];
    desk.until("all are marked", |desk| desk.seen().len() == 40).await;
    desk.until("both say so", |desk| desk.cursor().settled.len() == 40).await;
    desk.server().deliver("orders", &mail(40, 50));
    desk.until("one more", |desk| desk.cursor().settled.len() == 41).await;
    for it in running {
        it.stop().await;
    }
    let documents = desk.documents();
    assert_eq!(documents.len(), 41);
    assert!(documents.iter().all(|it| it.duplicate_of.is_none()));
    assert!(desk.cursor().open.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_too_large_stays_and_is_listed() {
    let mut desk = Desk::new();
    desk.server().deliver("orders", &mail(1, 10));
    desk.server().deliver("orders", &mail(2, 2000));
    desk.server().deliver("orders", &mail(3, 10));
    desk.mailbox.max_bytes = Some(20_000);
    assert_eq!(desk.look().await, Ok(2));
    let cursor = desk.cursor();
    let [(_, open)] = cursor.open.iter().collect::<Vec<_>>()[..] else { panic!("{:?}", cursor.open) };
    assert_eq!(open.kind, Waits::TooLarge);
    assert!(open.why.contains("more than the 20000 of max_bytes"), "{}", open.why);
    assert_eq!((desk.documents().len(), desk.seen().len()), (2, 2));
    desk.mailbox.max_bytes = None;
    assert_eq!(desk.look().await, Ok(1), "a greater limit is enough");
    assert_eq!((desk.cursor().open.len(), desk.seen().len()), (0, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_copied_by_a_person_is_filed_as_a_repeat() {
    let desk = Desk::new();
    desk.server().deliver("orders", &mail(1, 10));
    assert_eq!(desk.look().await, Ok(1));
    desk.server().deliver("orders", &mail(1, 10));
    assert_eq!(desk.look().await, Ok(1));
    let documents = desk.documents();
    assert_eq!(documents.len(), 2);
    assert_eq!(documents.iter().filter(|it| it.duplicate_of.is_some()).count(), 1);
    assert_eq!(desk.look().await, Ok(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_are_moved_into_a_folder_that_is_made_for_them() {
    for can in ["", "IMAP4rev1 UIDPLUS"] {
        let mut desk = Desk::with(crate::servers::dovecot::Setup { can, ..Default::default() });
        desk.mailbox.after = After::Move("已处理".to_owned());
        for n in 0..3 {
            desk.server().deliver("orders", &mail(n, 10));
        }
        // Somebody has marked a mail as deleted in another client: it is not ours to expunge.
        desk.server().deliver("orders", &mail(9, 2000));
        let mut other = desk::other_client(desk.server().imap);
        other.uid_store("4", "+FLAGS (\\Deleted)").unwrap();
        other.logout().unwrap();
        desk.mailbox.max_bytes = Some(20_000);
        assert_eq!(desk.look().await, Ok(3));
        assert_eq!(desk.search("ALL"), [4], "{can}");
        let moved = desk.server().maildir("orders").join(".&XfJZBHQG-");
        let count = ["cur", "new"].map(|it| std::fs::read_dir(moved.join(it)).unwrap().count());
        assert_eq!(count.iter().sum::<usize>(), 3, "{can}");
        assert_eq!(desk.look().await, Ok(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_of_before_the_first_day_are_passed_over() {
    let mut desk = Desk::new();
    desk.server().deliver("orders", &mail(1, 10));
    desk.mailbox.since = Some("2999-01-01".parse().unwrap());
    assert_eq!(desk.look().await, Ok(0));
    assert_eq!((desk.documents().len(), desk.seen().len(), desk.cursor().settled.len()), (0, 0, 1));
}

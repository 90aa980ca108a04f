//! A server that misbehaves at each verb: what is not sent is sent later, what may be sent is never sent again.

use super::{Post, letter, outlet, refused};
use crate::servers::scripted_smtp::{At, Do, Scripted, Stage};
use futures_util::future::join_all;
use gendan::deliver::{NotSent, Outlet};
use gendan::order::message::{Body, Message};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const TO: &str = "buyer@x.example";

/// What came of one mail through a server that misbehaves like this, once, at one place.
async fn once(stage: Stage, misdeed: Do) -> (String, u32, usize, usize) {
    once_with(letter(1, &[TO]), stage, misdeed).await
}

async fn once_with(letter: Message, stage: Stage, misdeed: Do) -> (String, u32, usize, usize) {
    let done = AtomicBool::new(false);
    let server = Scripted::start(move |at| {
        let now = at.stage == stage && !done.swap(true, Ordering::SeqCst);
        if now { misdeed.clone() } else { Do::Well }
    });
    let post = Post::start(outlet(server.port, &[("MAX_BYTES", "50000000")])).await;
    let (word, attempts) = post.send(&[letter]).await.remove(0);
    let unsure = post.balance().await.unsure.len();
    (word, attempts, server.got().len(), unsure)
}

#[tokio::test]
async fn what_was_surely_not_sent_is_sent_later_and_once() {
    let stages = [Stage::Greeting, Stage::Ehlo, Stage::Mail, Stage::Rcpt, Stage::Data];
    let refused = ["421 going down", "451 try again", "450 mailbox busy"].map(Do::Say);
    let mut cases: Vec<(Stage, Do)> = Vec::new();
    for stage in stages {
        let misdeeds = [Do::Drop, Do::Hang].into_iter().chain(refused.clone());
        cases.extend(misdeeds.map(|misdeed| (stage, misdeed)));
    }
    cases.extend(refused.map(|words| (Stage::Dot, words)));
    // A server that will have none of us is not this mail's fault; nor is one that speaks out of turn or nonsense.
    let more = [
        (Stage::Greeting, "554 no service"),
        (Stage::Greeting, "hello"),
        (Stage::Ehlo, "502 what?"),
        (Stage::Data, "250 ok"),
    ];
    cases.extend(more.map(|(stage, words)| (stage, Do::Say(words))));
    let slow = Duration::from_millis(400);
    cases.extend([Stage::Mail, Stage::Data].map(|stage| (stage, Do::Drip(slow))));
    let ends = join_all(cases.iter().map(|(stage, misdeed)| once(*stage, misdeed.clone()))).await;
    for (case, (word, attempts, copies, unsure)) in cases.iter().zip(ends) {
        assert_eq!((word.as_str(), copies, unsure), ("delivered", 1, 0), "{case:?}");
        assert!(attempts > 1, "{case:?}: it went at once");
    }
}

#[tokio::test]
async fn a_lost_answer_is_unsure_and_never_sent_again() {
    let cases = [
        (Do::Drop, 1),
        (Do::Hang, 1),
        (Do::Drip(Duration::from_millis(500)), 1),
        // No answers to a mail at all.
        (Do::Say("354 go on"), 0),
        (Do::Say("hello"), 0),
    ];
    let ends = join_all(cases.iter().map(|(misdeed, _)| once(Stage::Dot, misdeed.clone()))).await;
    for ((misdeed, taken), end) in cases.iter().zip(ends) {
        assert_eq!(end, ("unsure".to_owned(), 1, *taken, 1), "{misdeed:?}");
    }
}

#[tokio::test]
async fn a_mail_that_broke_off_in_the_middle_was_not_sent_when_that_can_be_known() {
    for misdeed in [Do::Drop, Do::Hang] {
        // Larger than what a socket takes without anybody reading.
        let mut large = letter(1, &[TO]);
        let Body::MailSend(mail) = &mut large.body else { unreachable!() };
        mail.text = format!("{}\n", "5# nylon zipper, closed end, auto lock".repeat(2)).repeat(200_000);
        let (word, attempts, copies, unsure) = once_with(large, Stage::Middle, misdeed.clone()).await;
        assert_eq!((word.as_str(), attempts, copies, unsure), ("delivered", 2, 1, 0), "{misdeed:?}");
    }
    // A small one is gone with its final dot before anything is heard.
    assert_eq!(once(Stage::Middle, Do::Drop).await, ("unsure".to_owned(), 1, 0, 1));
}

#[tokio::test]
async fn what_is_refused_for_good_is_parked() {
    let words = Do::Say("550 5.7.1 not you");
    for stage in [Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot] {
        assert_eq!(once(stage, words.clone()).await, ("parked".to_owned(), 1, 0, 0), "{stage:?}");
    }
}

#[tokio::test]
async fn a_refusal_names_recipient_and_words() {
    let refuses =
        |at: &At| if at.stage == Stage::Rcpt { Do::Say("550 5.1.1 no such user") } else { Do::Well };
    let server = Scripted::start(refuses);
    let outlet = outlet(server.port, &[]);
    let NotSent::Never(why) = refused(&outlet, &letter(1, &[TO])).await else { panic!() };
    assert_eq!(
        why,
        "refused for good: buyer@x.example: 550 5.1.1 no such user; correct the address and replay"
    );
    // Nothing was wrong with the connection.
    let NotSent::Never(_) = refused(&outlet, &letter(2, &[TO])).await else { panic!() };
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_slow_server_is_waited_for() {
    let server = Scripted::start(|at| {
        if at.stage == Stage::Middle { Do::Well } else { Do::Drip(Duration::from_millis(2)) }
    });
    outlet(server.port, &[]).send(&letter(1, &[TO]), "mail").await.unwrap();
    assert_eq!(server.got().len(), 1);
}

#[tokio::test]
async fn a_mail_for_two_of_whom_one_is_refused() {
    let two = ["good@x.example", "bad@x.example"];
    let bad = |at: &At| at.stage == Stage::Rcpt && at.line.contains("bad@");
    let never = Scripted::start(move |at| if bad(at) { Do::Say("550 gone") } else { Do::Well });
    let post = Post::start(outlet(never.port, &[])).await;
    assert_eq!(post.send(&[letter(1, &two)]).await, [("delivered_in_part".to_owned(), 1)]);
    post.balance().await;
    assert_eq!(never.got().iter().map(|got| got.to.clone()).collect::<Vec<_>>(), [["good@x.example"]]);
    let NotSent::InPart(who) = refused(&outlet(never.port, &[]), &letter(2, &two)).await else { panic!() };
    assert_eq!(
        (who.len(), who[0].recipient.as_str(), who[0].words.as_str()),
        (1, "bad@x.example", "550 gone")
    );

    // Refused for now: everybody gets it later, and nobody twice.
    let now = Scripted::start(move |at| {
        if bad(at) && at.carried == 0 && at.connection == 1 && at.line.ends_with('>') {
            Do::Say("421 full")
        } else {
            Do::Well
        }
    });
    let post = Post::start(outlet(now.port, &[])).await;
    assert_eq!(post.send(&[letter(1, &two)]).await, [("delivered".to_owned(), 2)]);
    assert_eq!(now.got().iter().map(|got| got.to.clone()).collect::<Vec<_>>(), [two]);
}

#[tokio::test]
async fn a_connection_that_died_while_idle_harms_no_mail() {
    let closes =
        |at: &At| if at.stage == Stage::Dot && at.connection == 1 { Do::WellThenDrop } else { Do::Well };
    // It still answers RSET, and is gone at the next word.
    let fades = |at: &At| if at.stage == Stage::Mail && at.carried == 1 { Do::Drop } else { Do::Well };
    let tired =
        |at: &At| if at.stage == Stage::Mail && at.carried == 1 { Do::Say("421 idle") } else { Do::Well };
    for server in [Scripted::start(closes), Scripted::start(fades), Scripted::start(tired)] {
        let post = Post::start(outlet(server.port, &[])).await;
        for number in 1..=2 {
            assert_eq!(post.send(&[letter(number, &[TO])]).await, [("delivered".to_owned(), 1)]);
        }
        assert_eq!((server.got().len(), server.connections()), (2, 2));
        assert!(post.balance().await.unsure.is_empty());
    }
}

#[tokio::test]
async fn connections_are_few_and_used_again() {
    let server = Scripted::start(|_| Do::Well);
    let post = Post::start(outlet(server.port, &[("CONNECTIONS", "2")])).await;
    let letters: Vec<Message> = (1..=20).map(|number| letter(number, &[TO])).collect();
    assert!(post.send(&letters).await.iter().all(|end| *end == ("delivered".to_owned(), 1)));
    assert_eq!(server.got().len(), 20);
    assert!((1..=2).contains(&server.connections()), "{}", server.connections());
}

#[tokio::test]
async fn what_the_server_can_not_take_is_not_begun() {
    let small = "250-scripted.example\r\n250 SIZE 100";
    let server = Scripted::start(move |at| if at.stage == Stage::Ehlo { Do::Say(small) } else { Do::Well });
    let NotSent::Never(why) = refused(&outlet(server.port, &[]), &letter(1, &[TO])).await else { panic!() };
    assert!(why.contains("takes 100 at most"), "{why}");
    let NotSent::Never(why) = refused(&outlet(server.port, &[("MAX_BYTES", "10")]), &letter(1, &[TO])).await
    else {
        panic!()
    };
    assert!(why.contains("more than the 10 of smtp.max_bytes"), "{why}");
    let plain = Scripted::start(|_| Do::Well);
    let NotSent::Never(why) = refused(&outlet(plain.port, &[]), &letter(1, &["陈@x.example"])).await else {
        panic!()
    };
    assert!(why.contains("SMTPUTF8"), "{why}");
    let said = [server.said(), plain.said()].concat();
    assert!(!said.iter().any(|line| line.contains("MAIL")), "{said:?}");
}

#[tokio::test]
async fn nothing_is_said_in_clear_when_starttls_is_taken_away() {
    let server = Scripted::start(|_| Do::Well);
    let more = [("SECURITY", "starttls"), ("USER", "gendan"), ("PASSWORD", "geheim")];
    let NotSent::Later(why) = refused(&outlet(server.port, &more), &letter(1, &[TO])).await else { panic!() };
    assert!(why.contains("offers no STARTTLS, so nothing was sent") && !why.contains("geheim"), "{why}");
    assert!(
        server.said().iter().all(|line| line.contains("EHLO") || line.contains("QUIT")),
        "{:?}",
        server.said()
    );
}

#[tokio::test]
async fn notices_about_mails_have_no_sender_to_return_to() {
    let server = Scripted::start(|_| Do::Well);
    let outlet = outlet(server.port, &[("RETURN_PATH", "bounces@example.com")]);
    let mut notice = letter(2, &[TO]);
    let Body::MailSend(mail) = &mut notice.body else { unreachable!() };
    mail.purpose = "undelivered".to_owned();
    for message in [letter(1, &[TO]), notice] {
        outlet.send(&message, "mail").await.unwrap();
    }
    let senders: Vec<String> = server.got().into_iter().map(|got| got.from).collect();
    assert_eq!(senders, ["bounces@example.com", ""]);
    assert!(server.got().iter().all(|got| got.text.contains("\nAuto-Submitted: auto-generated\n")));
}

#[tokio::test]
async fn a_dead_server_holds_up_nobody() {
    let outlet = outlet(crate::servers::free_port(), &[]);
    for number in 1..=3 {
        let NotSent::Later(why) = refused(&outlet, &letter(number, &[TO])).await else { panic!() };
        assert!(why.contains("no connection"), "{why}");
    }
}

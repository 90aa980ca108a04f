//! An order that is ready waits while something that may change it is unread, and no longer.

use crate::support::blobs::MemoryBlobs;
use crate::support::books;
use crate::support::clock::ManualClock;
use crate::support::memory::{Faults, Memory};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use gendan::deliver::{Delivery, NotSent, Outlet};
use gendan::intake;
use gendan::order::Order;
use gendan::order::document::{Channel, Document, Envelope};
use gendan::order::message::{Body, DocumentReceived, Message, ReviewDecide, Step};
use gendan::order::review::{Decision, Role, Verdict};
use gendan::runtime::Handler;
use gendan::runtime::ahead::Ahead;
use gendan::runtime::lessons::LessonShelf;
use gendan::runtime::master::MasterShelf;
use gendan::runtime::steps::Steps;
use gendan::store::blobs::Blobs;
use gendan::store::{Answer, Commit, Filter, Kind, NewTimer, Store};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Nothing leaves this house.
struct Nobody;

#[async_trait]
impl Outlet for Nobody {
    fn idempotent(&self) -> bool {
        true
    }

    async fn send(&self, _: &Message, _: &str) -> Result<(), NotSent> {
        unreachable!("messages that leave the house are not handled here")
    }
}

pub(crate) struct House {
    clock: Arc<ManualClock>,
    pub(crate) store: Arc<dyn Store>,
    blobs: Arc<MemoryBlobs>,
    steps: Steps,
    timers: Vec<NewTimer>,
    /// Handed on by `later`, and not handled before `catch_up`.
    held_back: Vec<Message>,
    count: u128,
}

impl House {
    pub(crate) async fn open() -> Self {
        let at: DateTime<Utc> = "2026-03-02T02:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::new(at));
        let store: Arc<dyn Store> = Arc::new(Memory::new(clock.clone(), Faults::default()));
        books::mark_imported(store.as_ref()).await;
        let blobs = Arc::new(MemoryBlobs::default());
        let steps = Steps {
            store: store.clone(),
            ahead: Ahead::default(),
            blobs: blobs.clone(),
            books: books::lean(),
            shelf: Arc::new(MasterShelf::holding(store.clone(), 1, books::master())),
            lessons: Arc::new(LessonShelf::new(store.clone())),
            delivery: Delivery {
                store: store.clone(),
                mail: Arc::new(Nobody),
                messages: Arc::new(Nobody),
                holder: "here".to_owned(),
                lease: Duration::from_secs(60),
                timeout: Duration::from_secs(5),
            },
        };
        Self { clock, store, blobs, steps, timers: Vec::new(), held_back: Vec::new(), count: 0 }
    }

    pub(crate) fn message(&mut self, step: Step, about: Uuid, body: Body) -> Message {
        self.count += 1;
        Message {
            id: Uuid::from_u128(self.count),
            attempt: 1,
            correlation_id: about,
            step,
            lane: None,
            created_at: "2026-03-02T02:00:00Z".parse().unwrap(),
            not_before: None,
            body,
        }
    }

    /// A mail comes in and is read; what comes of it is checked, or waits until [`House::catch_up`].
    pub(crate) async fn comes(&mut self, mail: &str, checked: bool) {
        self.clock.advance(Duration::from_secs(1));
        let received_at = self.store.now().await.unwrap();
        self.count += 1;
        let document = Document {
            id: Uuid::from_u128(1_000_000 + self.count),
            sha256: self.blobs.put(mail.as_bytes().to_vec()).await.unwrap(),
            size: mail.len() as u64,
            name: "a.eml".to_owned(),
            channel: Channel::Mail,
            source: "folder".to_owned(),
            received_at,
            envelope: Envelope::default(),
            duplicate_of: None,
            parts: None,
            text: None,
        };
        let commit = Commit { writes: vec![intake::write(&document, 0)], ..Commit::default() };
        self.store.commit(vec![commit]).await.unwrap();
        let body = Body::DocumentReceived(DocumentReceived { document_id: document.id });
        let read = self.message(Step::Read, document.id, body);
        let follows = self.handle(read).await;
        self.held_back.extend(follows);
        if checked {
            self.catch_up().await;
        }
    }

    async fn catch_up(&mut self) {
        for message in std::mem::take(&mut self.held_back) {
            self.handle(message).await;
        }
    }

    /// Handles one message; the messages for the checks that follow from it.
    pub(crate) async fn handle(&mut self, message: Message) -> Vec<Message> {
        let commit = self.steps.handle(&message).await.unwrap();
        self.timers.extend(commit.timers.iter().cloned());
        let follows = |it: &&Message| it.step == Step::Check || matches!(it.body, Body::TimerDue(_));
        let follows = commit.messages.iter().filter(follows).cloned().collect();
        assert_eq!(self.store.commit(vec![commit]).await.unwrap(), [Answer::Done]);
        follows
    }

    /// Time passes, and every timer that is due goes off.
    pub(crate) async fn pass(&mut self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
        let now = self.store.now().await.unwrap();
        let (due, later) = std::mem::take(&mut self.timers).into_iter().partition(|timer| timer.due <= now);
        self.timers = later;
        for timer in due {
            let NewTimer { step, body, .. } = timer;
            let message = self.message(step, body.order_id, Body::TimerDue(body));
            self.handle(message).await;
        }
    }

    pub(crate) async fn order(&self, po: &str) -> Order {
        let found = self.store.list(Kind::Order, &Filter::default()).await.unwrap();
        let mut orders = found.into_iter().map(|it| it.body.read::<Order>().unwrap());
        orders.find(|order| order.content.po_number.as_deref() == Some(po)).unwrap()
    }

    async fn status(&self) -> String {
        self.order("LL-26030211").await.status.as_str().to_owned()
    }

    /// The clerk says of what could not be read that it is no order.
    async fn filed(&mut self) {
        let found = self.store.list(Kind::Order, &Filter::default()).await.unwrap();
        let mut orders = found.into_iter().map(|it| it.body.read::<Order>().unwrap());
        let order = orders.find(|order| order.status.as_str() == "clarifying").unwrap();
        let review = order.open_reviews().next().unwrap();
        let decision = Decision {
            review_id: review.id,
            verdict: Verdict::File { reason: "a catalogue".to_owned(), kind: None },
            by: "user-0".to_owned(),
            role: Role::Clerk,
            note: None,
            digest: review.digest.clone(),
            on_behalf_of: None,
        };
        let body = Body::ReviewDecide(ReviewDecide { order_id: order.id, decision });
        let message = self.message(Step::Review, order.id, body);
        self.held_back = self.handle(message).await;
        self.catch_up().await;
    }
}

const ORDER: &str = include_str!("../cases/lean-untouched/first.eml");

/// A workbook that nobody can open, from that address, in a thread of its own.
fn unread(from: &str) -> String {
    format!(
        "From: {from}\nTo: orders@hengtong.example\nSubject: =?utf-8?B?6YeH6LSt5Y2V?=\n\
         Date: Mon, 02 Mar 2026 09:59:00 +0800\nMessage-ID: <u1@linglan.example>\nMIME-Version: 1.0\n\
         Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n\
         附件为采购单，请查收。\n--b\nContent-Type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet\n\
         Content-Disposition: attachment; filename=\"po.xlsx\"\nContent-Transfer-Encoding: base64\n\nUEsDBBQAAAAIAABAL1z/NKEthQ==\n--b--\n"
    )
}

const CHANGE: &str = "From: <wanyi.chen@linglan.example>\nTo: orders@hengtong.example\n\
    Subject: =?utf-8?B?5Y+W5raI6K6i5Y2VIExMLTI2MDMwMjEx?=\nDate: Mon, 02 Mar 2026 10:01:00 +0800\n\
    Message-ID: <c9@linglan.example>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n\
    您好，采购单 LL-26030211 请取消，谢谢。\n陈婉仪\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_order_waits_for_what_its_sender_wrote_and_nobody_has_read() {
    let mut house = House::open().await;
    house.comes(&unread("wanyi.chen@linglan.example"), true).await;
    house.comes(ORDER, true).await;
    assert_eq!(house.status().await, "on_hold");
    house.pass(6).await;
    assert_eq!(house.status().await, "on_hold", "it is still unread");
    house.filed().await;
    assert_eq!(house.status().await, "released", "at once");
    house.pass(600).await;
    assert_eq!(house.status().await, "released", "a late look changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_a_bounded_time() {
    let mut house = House::open().await;
    house.comes(&unread("wanyi.chen@linglan.example"), true).await;
    house.comes(ORDER, true).await;
    for _ in 0..23 {
        house.pass(5).await;
        assert_eq!(house.status().await, "on_hold");
    }
    house.pass(6).await;
    assert_eq!(house.status().await, "released");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_strangers_or_for_what_is_long_past() {
    let mut house = House::open().await;
    house.comes(&unread("somebody@linglan-garment.example"), true).await;
    house.comes(&unread("guoliang.zhou@linglan.example"), true).await;
    house.comes(ORDER, true).await;
    assert_eq!(house.status().await, "released", "another house, and a colleague in another matter");

    let mut house = House::open().await;
    house.comes(&unread("wanyi.chen@linglan.example"), true).await;
    house.pass(121).await;
    house.comes(ORDER, true).await;
    assert_eq!(house.status().await, "released");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_on_its_way_to_the_checks_comes_first() {
    let mut house = House::open().await;
    house.comes(CHANGE, false).await;
    let waiting = std::mem::take(&mut house.held_back);
    house.comes(ORDER, true).await;
    assert_eq!(house.status().await, "on_hold");
    house.held_back = waiting;
    house.catch_up().await;
    house.pass(6).await;
    assert_eq!(house.status().await, "on_hold", "the cancellation itself holds it now");
    house.pass(600).await;
    assert_eq!(house.status().await, "on_hold", "for as long as nobody has decided it");
}

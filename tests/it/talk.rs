//! Talking with the customer: his clock runs while he is asked, and what he says late or strangely is read by a person.

use crate::soft_hold::House;
use gendan::order::Order;
use gendan::order::asked::{AskedState, Outcome, Why};
use gendan::order::message::{Body, ReviewDecide, Step};
use gendan::order::review::{Decision, Queue, Role, Verdict};
use gendan::store::{Filter, Kind};

const ORDER: &str = include_str!("../cases/asked-and-answered/order.eml");
const PO: &str = "LL-26030271";
/// Minutes.
const DAY: u64 = 24 * 60;

async fn asked() -> House {
    let mut house = House::open().await;
    house.comes(ORDER, true).await;
    let order = house.order(PO).await;
    let review = order.open_reviews().next().unwrap();
    let decision = Decision {
        review_id: review.id,
        verdict: Verdict::Ask,
        by: "user-0".to_owned(),
        role: Role::Clerk,
        note: None,
        digest: review.digest.clone(),
        on_behalf_of: None,
    };
    let body = Body::ReviewDecide(ReviewDecide { order_id: order.id, decision });
    let message = house.message(Step::Review, order.id, body);
    house.handle(message).await;
    house
}

/// His answer, with what stands in its header and text.
fn answer(order: &Order, id: u32, header: &str, text: &str) -> String {
    let token = &order.asked.as_ref().unwrap().token;
    let header = header.replace("ORDER", &order.id.to_string());
    format!(
        "From: <wanyi.chen@linglan.example>\nTo: orders@hengtong.example\n\
         Subject: Re: [{token}]\n{header}Date: Tue, 03 Mar 2026 10:01:00 +0800\n\
         Message-ID: <answer-{id}@linglan.example>\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
}

fn state(order: &Order) -> (AskedState, u32) {
    let asked = order.asked.as_ref().unwrap();
    (asked.state, asked.reminded)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_says_nothing_is_reminded_and_then_the_clerk_hears_of_it() {
    let mut house = asked().await;
    assert_eq!(state(&house.order(PO).await), (AskedState::Waiting, 0));
    let waiting = house.order(PO).await.open_reviews().next().unwrap().id;
    house.pass(DAY).await;
    assert_eq!(state(&house.order(PO).await), (AskedState::Waiting, 1));
    house.pass(DAY).await;
    let order = house.order(PO).await;
    assert_eq!(state(&order), (AskedState::Waiting, 2));
    let review = order.open_reviews().next().unwrap();
    assert_eq!((review.id, review.overdue), (waiting, false), "the house's own deadline rests");
    house.pass(DAY).await;
    let order = house.order(PO).await;
    assert_eq!(state(&order), (AskedState::Unanswered, 2));
    let review = order.open_reviews().next().unwrap();
    assert_ne!(review.id, waiting, "the queue opens anew, with its whole time");
    house.pass(DAY).await;
    assert!(house.order(PO).await.open_reviews().next().unwrap().overdue, "which runs again");
    // He answers after all, and it still fits.
    let late = answer(&order, 1, "", "3000条");
    house.comes(&late, true).await;
    assert_eq!(house.order(PO).await.status.as_str(), "released");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_thread_or_the_token_tells_what_is_answered() {
    for header in [
        "In-Reply-To: <ORDER.1.question.1@hengtong.example>\n",
        "In-Reply-To: <x@linglan.example>\nReferences: <ORDER.1.question.1@hengtong.example> <x@linglan.example>\n",
        "",
    ] {
        let mut house = asked().await;
        let order = house.order(PO).await;
        let mail = answer(&order, 1, header, "您好，\n数量：3,000条\n谢谢");
        house.comes(&mail, true).await;
        let order = house.order(PO).await;
        assert_eq!(order.answers.first().map(|it| it.outcome), Some(Outcome::Merged), "{header}");
        assert_eq!(order.status.as_str(), "released", "{header}");
        assert_eq!(order.keyed_by, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_says_more_than_was_asked_is_for_the_clerk() {
    let mut house = asked().await;
    let order = house.order(PO).await;
    let before = order.open_reviews().next().unwrap().id;
    house.comes(&answer(&order, 1, "", "数量：3000条\n另外第二行颜色要红色"), true).await;
    let order = house.order(PO).await;
    let said = order.answers.first().unwrap();
    assert_eq!((said.outcome, said.why), (Outcome::Person, Some(Why::Unclear)));
    assert_eq!(order.content.lines.first().unwrap().quantity, None, "nothing of it is taken");
    let review = order.open_reviews().next().unwrap();
    assert_eq!(
        (review.queue, review.id == before),
        (Queue::Keying, false),
        "opened anew, for he sees the answer"
    );
    // Thanks alone answer nothing.
    let mut house = asked().await;
    let order = house.order(PO).await;
    house.comes(&answer(&order, 2, "", "收到，谢谢！"), true).await;
    let order = house.order(PO).await;
    assert_eq!((order.answers.len(), state(&order).0), (0, AskedState::Waiting));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_the_thread_of_a_question_goes_its_own_way() {
    for text in ["数量：3000条\n第二行请改为5000条", "请取消这张订单，不要再生产。"]
    {
        let mut house = asked().await;
        let order = house.order(PO).await;
        let header = "In-Reply-To: <ORDER.1.question.1@hengtong.example>\n";
        house.comes(&answer(&order, 1, header, text), true).await;
        let found = house.store.list(Kind::Order, &Filter::default()).await.unwrap();
        let mut orders = found.into_iter().map(|it| it.body.read::<Order>().unwrap());
        let order = orders.find(|it| !it.is_case()).unwrap();
        assert!(order.answers.is_empty(), "{text}: {:?}", order.answers);
        assert_eq!(order.content.lines.first().unwrap().quantity, None, "{text}");
        assert_ne!(order.status.as_str(), "released", "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_behind_a_point_answers_no_question() {
    for text in ["1.3000条", "答1.200条", "0条"] {
        let mut house = asked().await;
        let order = house.order(PO).await;
        house.comes(&answer(&order, 1, "", text), true).await;
        let order = house.order(PO).await;
        let said = order.answers.first().unwrap();
        assert_eq!((said.outcome, said.why), (Outcome::Person, Some(Why::Unclear)), "{text}");
        assert_eq!(order.content.lines.first().unwrap().quantity, None, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_something_beside_it_is_for_the_clerk() {
    let mut house = asked().await;
    let order = house.order(PO).await;
    let plain = "Content-Type: text/plain; charset=utf-8\n\n3000条\n";
    let mixed = format!(
        "Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\n{plain}\n--b\n\
         Content-Type: text/plain; charset=utf-8; name=\"note.txt\"\n\
         Content-Disposition: attachment; filename=\"note.txt\"\n\n颜色红色580，包装另有要求。\n--b--\n"
    );
    house.comes(&answer(&order, 1, "", "3000条").replace(plain, &mixed), true).await;
    let order = house.order(PO).await;
    let said = order.answers.first().unwrap();
    assert_eq!((said.outcome, said.why), (Outcome::Person, Some(Why::Unclear)));
    assert_eq!(order.content.lines.first().unwrap().quantity, None);
}

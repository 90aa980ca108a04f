//! The review form: what is on it, in both languages, and what somebody who may not see prices does not find there.

#![allow(clippy::unwrap_used, reason = "a case that can't be set up fails")]

use crate::office::{Shop, checked, decide, decimal, now, open, problem, strict};
use gendan::order::Order;
use gendan::order::document::{Kind, Language};
use gendan::order::problem::{Code, Severity};
use gendan::order::review::{Condition, Queue, Verdict};
use gendan::release::form::Form;
use gendan::rights::Sees;
use scraper::{Html, Selector};

/// Sales agreed on a condition, second look and the others are still asked.
fn in_review() -> Order {
    let floor = problem(Code::PriceBelowFloor, Severity::Review, Queue::Price);
    let mut order = checked(vec![floor.found("0.40").expected("0.45")]);
    order.content.lines[0].description = "<script>拉链".to_owned();
    open(&mut order, &strict());
    let condition = Condition { path: "lines.0.unit_price".to_owned(), value: "0.4321".to_owned() };
    let needs_days = Some(3);
    let agreed = Verdict::Approve {
        conditions: vec![condition],
        needs_days,
        done: Vec::new(),
        fee: None,
        guarantee: None,
    };
    let queue = order.open_reviews().next().unwrap().queue;
    decide(&mut order, queue, agreed, "u-manager").unwrap();
    order
}

fn page(order: &Order, language: Language, sees: Sees) -> String {
    let shop = Shop::open();
    let name = |id: &str| id.replace("u-manager", "钱经理");
    let (office, customer) = (shop.office(), Some("岭澜制衣"));
    let form = Form { order, before: None, customer, office: &office, sees, name: &name, now: now() };
    form.page(language).unwrap()
}

/// The words of the page, each element in a line.
fn words(page: &str) -> String {
    let body = Html::parse_document(page);
    let cells = Selector::parse("h1, h2, th, td, li, header p, footer").unwrap();
    let text = |it: scraper::ElementRef<'_>| it.text().collect::<Vec<_>>().join(" ");
    let lines = body.select(&cells).map(|it| text(it).split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_opinion_stands_on_it_in_both_languages() {
    let order = in_review();
    for (name, language) in [("chinese", Language::Zh), ("english", Language::En)] {
        let page = page(&order, language, Sees::ALL);
        insta::assert_snapshot!(format!("review_form_in_{name}"), words(&page));
        assert!(!page.contains("<script>") && page.contains("&lt;script&gt;拉链"), "it is text");
        assert!(!page.contains("form."), "a word is missing: {page}");
    }
}

#[test]
fn who_may_not_see_prices_does_not_find_them() {
    let order = in_review();
    let sees = Sees { prices: false, contacts: false };
    let page = page(&order, Language::Zh, sees);
    let price = order.content.lines[0].unit_price.unwrap().normalize().to_string();
    for hidden in ["0.4321", "0.45", "CNY", "单价", "金额", "付款方式", &format!(">{price}<")] {
        assert!(!page.contains(hidden), "{hidden}: {}", words(&page));
    }
    assert!(page.contains("需要 3 个工作日"));
}

#[test]
fn an_amendment_shows_what_it_changes() {
    let before = in_review().content;
    let mut order = in_review();
    order.kind = Kind::Amendment;
    order.content.lines[0].quantity = Some(decimal("7777"));
    let shop = Shop::open();
    let office = shop.office();
    let form = Form {
        order: &order,
        before: Some(&before),
        customer: None,
        office: &office,
        sees: Sees::ALL,
        name: &str::to_owned,
        now: now(),
    };
    let said = words(&form.page(Language::Zh).unwrap());
    assert!(said.contains("更改内容") && said.contains("7777"), "{said}");
}

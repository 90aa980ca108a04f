//! The whole way on servers: a mail sent by SMTP into a mailbox ends as a confirmation in the customer's mailbox and a shipping
//! instruction on the carrier's queue.

use super::shop::{self, Shop};
use super::site::Site;
use crate::kill::letters;
use crate::servers::until;
use lettre::Transport as _;
use lettre::address::Envelope;
use lettre::transport::smtp::SmtpTransport;
use serde_json::json;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);
const CUSTOMER: &str = "sufen.lin@haitang-knit.example";

/// A mail by SMTP, as the customer's server hands it over.
fn send(site: &Site, bytes: &[u8]) {
    let envelope =
        Envelope::new(Some(CUSTOMER.parse().unwrap()), vec!["orders@hengtong.example".parse().unwrap()]);
    let transport = SmtpTransport::builder_dangerous("127.0.0.1").port(site.mail.port).build();
    transport.send_raw(&envelope.unwrap(), bytes).unwrap();
}

#[test]
fn a_mailed_order_comes_back_as_a_confirmation_and_goes_on_to_the_carrier() {
    let site = Site::start();
    site.mailbox(CUSTOMER);
    let shop = Shop::open(site.rabbit.url());
    let worker = site.work("worker");
    send(&site, &letters::one(CUSTOMER, "PO-77"));
    until("the customer has his confirmation", LIMIT, || !site.mails(CUSTOMER).is_empty());
    let confirmation = site.mails(CUSTOMER).remove(0);
    assert!(confirmation.contains("In-Reply-To: <letter-"), "{confirmation}");
    until("the carrier is told", LIMIT, || !shop.of_type("shipping.instruction").is_empty());
    let instruction = shop.of_type("shipping.instruction").remove(0);
    let orders = site.ask(&["orders", "list"]);
    assert_eq!(orders[0]["number"], instruction["number"]);
    site.until_done(1, LIMIT);
    let balance = site.ask(&["balance"]);
    assert_eq!(
        (&balance["missing"], &balance["double"], &balance["unsure"]),
        (&json!([]), &json!([]), &json!([]))
    );
    assert_eq!(balance["messages"]["parked"], 0, "{}", site.ask(&["parked", "list"]));

    // What can't be understood is answered, and kept.
    let answer = shop.ask("gendan.in.orders", br#"{"order": {"lines": [{"quantity": "many"}]}}"#);
    assert!(answer["error"].as_str().unwrap().contains("/order/lines/0/quantity"), "{answer}");
    assert_eq!(site.ask(&["parked", "list"]).as_array().unwrap().len(), 1);
    let answer = shop.ask(
        "gendan.in.reports",
        br#"{"number": "X-1", "milestone": "paid", "at": "2026-11-20T00:00:00Z", "by": "erp"}"#,
    );
    assert!(answer["error"].as_str().unwrap().contains("no order of this number"), "{answer}");

    // An order as data is confirmed as data.
    shop.place(vec![("shop-1".to_owned(), shop::order("WEB-1", letters::today().date_naive()))]);
    until("the shop has its confirmation", LIMIT, || !shop.of_type("order.confirmed").is_empty());
    worker.terminate(Duration::from_secs(25));
    assert!(site.log("worker").contains("working in"), "{}", site.log("worker"));
}

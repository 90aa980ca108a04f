//! Orders, reports and master data that other systems bring as data, through the whole embedded house.

use chrono::{DateTime, TimeDelta, Utc};
use gendan::config::Config;
use gendan::intake::data::{self, Incoming};
use gendan::order::Order;
use gendan::order::document::Document;
use gendan::order::event::{Actor, Milestone};
use gendan::order::message::{Inlet, Message, Step};
use gendan::runtime::house::House;
use gendan::runtime::{import, register};
use gendan::store::{Answer, Commit, Filter, Kind};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// A house with the sample master data, which is in force in 2026.
struct Shop {
    folder: TempDir,
    house: House,
    now: DateTime<Utc>,
}

impl Shop {
    async fn open() -> Self {
        let folder = TempDir::new().unwrap();
        let set = |name: &str, value: &str| (format!("GENDAN_{name}"), value.to_owned());
        let config =
            Config::load(None, [set("RULES__PROFILE", "lean"), set("RELEASE__NOTIFY_BY", "message")]);
        let house = House::open(folder.path(), config.unwrap()).await.unwrap();
        let files = import::read_folder(Path::new("tests/samples/master")).unwrap();
        import::import(house.store.as_ref(), files, false).await.unwrap();
        let now = house.store.now().await.unwrap();
        Self { folder, house, now }
    }

    fn message(&self, inlet: Inlet, id: &str, body: &Value) -> Message {
        let bytes = serde_json::to_vec(body).unwrap();
        data::message(&Incoming { inlet, by: Some("shop"), message_id: Some(id), bytes: &bytes }, self.now)
    }

    /// An order that nobody need look at: of a key customer, in stock, at list prices.
    fn order(&self, po: &str) -> Value {
        let day = |days| (self.now + TimeDelta::days(days)).format("%Y-%m-%d").to_string();
        json!({"order": {"po_number": po, "order_date": day(0), "customer": {"name": "C1002"}, "currency": "CNY",
            "requested_delivery": day(40), "total": "1930.00",
            "lines": [{"customer_part": "HT-BJ17-GT", "quantity": 10000, "unit": "套", "unit_price": "0.193", "amount": "1930.00"}]}})
    }

    /// Lets the house work on these until nothing is left to do.
    async fn work_on(&self, messages: Vec<Message>) {
        let commit = Commit { messages, ..Commit::default() };
        assert_eq!(self.house.store.commit(vec![commit]).await.unwrap(), [Answer::Done]);
        let running = self.house.start(self.house.own().unwrap(), Step::ALL.to_vec()).await.unwrap();
        running.quiet().await.unwrap();
        assert!(running.stop(Duration::from_secs(20)).await);
        let balance = self.house.store.balance().await.unwrap();
        assert_eq!((balance.missing, balance.double), (vec![], vec![]));
    }

    async fn orders(&self) -> Vec<Order> {
        let found = self.house.store.list(Kind::Order, &Filter::default()).await.unwrap();
        found.into_iter().map(|it| it.body.read().unwrap()).collect()
    }

    /// The number of the one order, which nobody had to look at.
    async fn number(&self) -> String {
        let orders = self.orders().await;
        let [order] = orders.as_slice() else { panic!("{} orders", orders.len()) };
        let rules: Vec<_> = order.reviews.iter().flat_map(|review| &review.rules).collect();
        assert_eq!(rules, [""; 0], "{:?}", order.problems);
        assert!(order.sure, "{:?}", order.problems);
        order.number.as_ref().map(|it| it.0.clone()).unwrap()
    }

    /// What left the house for a destination.
    fn told(&self, destination: &str) -> Vec<Value> {
        let folder = self.folder.path().join("out").join(destination);
        let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
        let files = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        files.map(|bytes| serde_json::from_slice(&bytes).unwrap()).collect()
    }

    async fn parked(&self) -> Vec<String> {
        self.house.store.parked().await.unwrap().into_iter().map(|it| it.why).collect()
    }
}

#[tokio::test]
async fn an_order_as_data_is_confirmed_as_data() {
    let shop = Shop::open().await;
    let placed = shop.message(Inlet::Orders, "1", &shop.order("WEB-1"));
    shop.work_on(vec![placed.clone()]).await;
    let number = shop.number().await;
    let confirmed = &shop.told("order.confirmed")[0]["body"];
    assert_eq!((&confirmed["number"], &confirmed["po_number"]), (&json!(number), &json!("WEB-1")));
    assert_eq!(
        (&confirmed["total"], &confirmed["lines"][0]["sku"]),
        (&json!("1930.00"), &json!("HT-BJ17-GT"))
    );
    let notice = &shop.told("notification.warehouse")[0]["body"];
    assert_eq!(notice["lines"][0]["quantity"], json!("10000"));
    assert!(!notice.to_string().contains("0.193"), "the warehouse sees no prices: {notice}");
    assert!(shop.told("mail").is_empty());

    // The bytes are kept with the record.
    let documents = shop.house.store.list(Kind::Document, &Filter::default()).await.unwrap();
    let document: Document = documents[0].body.read().unwrap();
    assert_eq!(document.id, data::document_id(&placed));
    assert!(document.text.unwrap().contains("WEB-1"));
}

#[tokio::test]
async fn the_same_order_twice_is_one_order() {
    let shop = Shop::open().await;
    let order = shop.order("WEB-2");
    shop.work_on(vec![shop.message(Inlet::Orders, "1", &order)]).await;
    shop.work_on(vec![shop.message(Inlet::Orders, "2", &order)]).await;
    let mut spaced = serde_json::to_value(&order).unwrap();
    spaced["language"] = json!("en");
    shop.work_on(vec![shop.message(Inlet::Orders, "3", &spaced)]).await;
    assert_eq!(shop.orders().await.len(), 1);
    assert_eq!(shop.told("order.confirmed").len(), 1);
}

#[tokio::test]
async fn a_report_names_the_order_by_its_number() {
    let shop = Shop::open().await;
    shop.work_on(vec![shop.message(Inlet::Orders, "1", &shop.order("WEB-3"))]).await;
    let number = shop.number().await;
    let report = |number: &str| json!({"number": number, "milestone": "stock_out", "at": "2026-11-20T02:30:00Z", "by": "wms"});
    let reports = vec![
        shop.message(Inlet::Reports, "1", &report(&number)),
        shop.message(Inlet::Reports, "2", &report("XX-9")),
    ];
    shop.work_on(reports).await;
    assert!(shop.orders().await[0].reached.contains(&Milestone::StockOut));
    assert_eq!(shop.parked().await, ["report.received at `/number`: there is no order of this number"]);
}

#[tokio::test]
async fn rows_of_master_data_replace_those_of_the_same_key() {
    let shop = Shop::open().await;
    let stock = |sku: &str| {
        json!({"table": "stock", "whole": false,
        "rows": [{"sku": sku, "warehouse": "W1", "on_hand": "7", "reserved": "0"}]})
    };
    let before = shop.house.shelf.get().await.unwrap().free_stock("HT-BJ17-GT");
    let wrong = json!({"table": "stock", "whole": false, "rows": [{"sku": "A", "colour": "red"}]});
    shop.work_on(vec![
        shop.message(Inlet::Master, "1", &stock("HT-NEW")),
        shop.message(Inlet::Master, "2", &wrong),
    ])
    .await;
    let master = shop.house.shelf.get().await.unwrap();
    assert_eq!(master.free_stock("HT-NEW").to_string(), "7");
    assert_eq!(master.free_stock("HT-BJ17-GT"), before);
    let parked = shop.parked().await;
    assert!(parked[0].contains("rows:1: colour"), "{parked:?}");
}

#[tokio::test]
async fn master_data_by_message_say_who_sent_them_and_leave_published_prices_alone() {
    let shop = Shop::open().await;
    let put = |table: &str, row: Value| json!({"table": table, "whole": false, "rows": [row]});
    let list = json!({"list": "KEY", "version": "1", "currency": "CNY", "valid_from": "2026-01-01",
        "published_on": "2025-12-25"});
    let price = |price: &str| {
        let row = json!({"list": "KEY", "version": "1", "sku": "HT-BJ17-GT", "min_qty": "0", "price": price});
        put("list_prices", row)
    };
    shop.work_on(vec![shop.message(Inlet::Master, "1", &put("price_lists", list))]).await;
    shop.work_on(vec![shop.message(Inlet::Master, "2", &price("0.20"))]).await;
    shop.work_on(vec![shop.message(Inlet::Master, "3", &price("0.21"))]).await;
    let parked = shop.parked().await;
    assert_eq!(parked.len(), 1);
    assert!(parked[0].contains("version 1 of the price list KEY was published on 2025-12-25"), "{parked:?}");
    let store = shop.house.store.as_ref();
    let found = register::recorded(store, Some("list_prices")).await.unwrap();
    let [change] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(change.actor, Actor::System("shop".to_owned()));
    assert_eq!((change.record.source.as_str(), change.record.added), ("message 2", 1));
    assert_eq!(change.record.rows[0].key, "KEY / 1 / HT-BJ17-GT / 0");
    let audit = store.audit().await.unwrap();
    assert!(audit.findings.is_empty(), "{:?}", audit.findings);
}

#[tokio::test]
async fn what_is_not_understood_waits_whole_with_its_place() {
    let shop = Shop::open().await;
    let mut order = shop.order("WEB-4");
    order["order"]["lines"][0]["quantity"] = json!("many");
    let incoming =
        Incoming { inlet: Inlet::Orders, by: Some("shop"), message_id: Some("2"), bytes: b"\xff\x00" };
    let messages = vec![shop.message(Inlet::Orders, "1", &order), data::message(&incoming, shop.now)];
    shop.work_on(messages).await;
    let mut parked = shop.parked().await;
    parked.sort();
    assert!(parked[0].starts_with("order.placed at `/order/lines/0/quantity`"), "{parked:?}");
    assert_eq!(parked[1], "order.placed: the body is not UTF-8");
    assert!(shop.orders().await.is_empty());
}

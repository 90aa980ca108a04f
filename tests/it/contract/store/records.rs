//! Chains, seals and what an audit finds.

use super::{Harness, OnSqlite};
use crate::support::make::{id, moved, order, told, write, writing};
use chrono::NaiveDate;
use gendan::order::event::Event;
use gendan::runtime::import::import;
use gendan::runtime::register;
use gendan::store::{Finding, Json, Key, Kind, Write};
use sqlx::{ConnectOptions as _, Connection as _};

super::on_every_store!(
    an_untouched_record_has_no_findings,
    a_day_is_sealed_once,
    seals_are_chained,
    a_damaged_table_is_not_taken_for_an_empty_one,
    changes_of_master_data_stand_in_a_chain_of_their_own,
);

fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, number).unwrap()
}

/// Two orders of three and one event.
async fn recorded(h: &impl Harness) {
    let (mut first, begun) = order(1, 51, 0);
    h.commit(begun).await;
    h.commit(moved(&mut first, vec![Event::InReview, told("buyer", id(9))])).await;
    let (_, begun) = order(2, 52, 0);
    h.commit(begun).await;
}

/// A change of it would drop all the rows that it had.
async fn a_damaged_table_is_not_taken_for_an_empty_one(h: impl Harness) {
    let body = Json::stored("{\"rows\": [");
    h.commit(writing([Write { body: body.clone(), ..write(Kind::Master, "words", 0, 1) }])).await;
    let files = vec![("words".to_owned(), "word,means\n拉炼,拉链\n".as_bytes().to_vec())];
    let said = import(h.store(), files, false).await.unwrap_err().to_string();
    assert!(said.contains("the table words: EOF"), "{said}");
    let stands = h.store().load(&[Key::new(Kind::Master, "words")]).await.unwrap();
    assert_eq!(stands[0].as_ref().unwrap().body, body);
}

fn words(rows: &str) -> Vec<(String, Vec<u8>)> {
    vec![("words".to_owned(), format!("word,means\n{rows}").into_bytes())]
}

async fn changes_of_master_data_stand_in_a_chain_of_their_own(h: impl Harness) {
    for rows in ["拉炼,拉链\n", "拉炼,拉头\n扣,纽扣\n", "拉炼,拉头\n扣,纽扣\n"] {
        import(h.store(), words(rows), false).await.unwrap();
    }
    let found = register::recorded(h.store(), None).await.unwrap();
    let [first, second] = found.as_slice() else { panic!("what changes nothing is not recorded: {found:?}") };
    assert_eq!((first.sequence, first.record.added), (1, 1));
    assert_eq!((second.sequence, second.record.added, second.record.changed), (2, 1, 1));
    let means = &second.record.rows[0].fields[0];
    assert_eq!((means.from.as_deref(), means.to.as_deref()), (Some("拉链"), Some("拉头")));
    assert_eq!(h.store().seal(day(1)).await.unwrap().heads, 1);
    let audit = h.store().audit().await.unwrap();
    assert_eq!((audit.orders, audit.events, audit.findings), (1, 2, vec![]));
    assert_eq!(register::untrue(h.store()).await.unwrap(), []);
    // Somebody writes past the records.
    let body = Json::stored("{\"rows\":[{\"word\":\"扣\",\"means\":\"拉头\"}]}");
    h.commit(writing([Write { body, ..write(Kind::Master, "words", 2, 3) }])).await;
    let differs =
        Finding { about: "table words".to_owned(), sequence: None, what: "snapshot_differs".to_owned() };
    assert_eq!(register::untrue(h.store()).await.unwrap(), [differs]);
}

#[tokio::test]
async fn a_record_of_master_data_that_was_edited_is_found() {
    for (deed, what) in [
        ("update event set event = replace(event, '拉头', '拉链') where sequence = 2", "edited"),
        ("delete from event where sequence = 2", "cut"),
        ("delete from event where sequence = 1", "missing"),
        ("delete from aggregate where kind = 'record'", "missing"),
    ] {
        let h = OnSqlite::fresh().await;
        for rows in ["拉炼,拉链\n", "拉炼,拉头\n"] {
            import(h.store(), words(rows), false).await.unwrap();
        }
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(h.path());
        let mut connection = options.connect().await.unwrap();
        sqlx::query(deed).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let found = h.store().audit().await.unwrap().findings;
        assert!(found.iter().any(|it| it.what == what), "{deed}: {found:?}");
        assert_eq!(found[0].about, register::chain_of("words").to_string());
    }
}

async fn an_untouched_record_has_no_findings(h: impl Harness) {
    recorded(&h).await;
    h.store().seal(day(1)).await.unwrap();
    let audit = h.store().audit().await.unwrap();
    assert_eq!((audit.orders, audit.events, audit.seals), (2, 4, 1));
    assert_eq!(audit.findings, []);
}

async fn a_day_is_sealed_once(h: impl Harness) {
    recorded(&h).await;
    let seal = h.store().seal(day(1)).await.unwrap();
    assert_eq!((seal.day, seal.heads), (day(1), 2));
    let (_, begun) = order(3, 53, 0);
    h.commit(begun).await;
    assert_eq!(h.store().seal(day(1)).await.unwrap(), seal);
    assert_eq!(h.store().seal(day(2)).await.unwrap().heads, 1);
}

async fn seals_are_chained(h: impl Harness) {
    let first = h.store().seal(day(1)).await.unwrap();
    let second = h.store().seal(day(2)).await.unwrap();
    assert_eq!((first.heads, second.heads), (0, 0));
    assert_eq!(first.hash, gendan::store::audit::seal_hash("", day(1), &[]));
    assert_eq!(second.hash, gendan::store::audit::seal_hash(&first.hash, day(2), &[]));
    assert_eq!(h.store().audit().await.unwrap().findings, []);
}

/// Does to the file what nobody may do, and returns what the audit says.
async fn tampered(sealed: bool, deeds: &[&'static str]) -> Vec<Finding> {
    let h = OnSqlite::fresh().await;
    recorded(&h).await;
    if sealed {
        h.store().seal(day(1)).await.unwrap();
        let (_, begun) = order(3, 53, 0);
        h.commit(begun).await;
        h.store().seal(day(2)).await.unwrap();
    }
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(h.path()).foreign_keys(false);
    let mut connection = options.connect().await.unwrap();
    for deed in deeds {
        sqlx::query(*deed).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
    h.store().audit().await.unwrap().findings
}

fn found(about: u128, sequence: Option<u64>, what: &str) -> Finding {
    Finding { about: id(about).to_string(), sequence, what: what.to_owned() }
}

#[tokio::test]
async fn an_edited_event_is_found() {
    let findings = tampered(false, &["update event set at = at + 1 where sequence = 2"]).await;
    assert_eq!(findings, [found(1, Some(2), "edited")]);
    let findings =
        tampered(false, &["update event set event = replace(event, 'buyer', 'thief') where sequence = 3"])
            .await;
    assert_eq!(findings, [found(1, Some(3), "edited")]);
    let findings = tampered(false, &["update event set event = 'garbage' where sequence = 2"]).await;
    assert_eq!(findings, [found(1, Some(2), "edited")]);
}

#[tokio::test]
async fn a_deleted_event_is_found() {
    let findings = tampered(false, &["delete from event where sequence = 2"]).await;
    assert_eq!(findings, [found(1, Some(2), "missing")]);
}

#[tokio::test]
async fn a_cut_tail_is_found() {
    let findings = tampered(false, &["delete from event where sequence = 3"]).await;
    assert_eq!(findings, [found(1, Some(3), "cut")]);
}

#[tokio::test]
async fn a_reordering_is_found() {
    let swap = &[
        "update event set sequence = 99 where sequence = 2",
        "update event set sequence = 2 where sequence = 3",
        "update event set sequence = 3 where sequence = 99",
    ];
    assert_eq!(tampered(false, swap).await, [found(1, Some(2), "reordered"), found(1, Some(3), "reordered")]);
}

#[tokio::test]
async fn an_edited_snapshot_is_found() {
    let customer = "update aggregate set body = replace(body, 'C1001', 'C6666') where kind = 'order'
        and body like '%in_review%'";
    assert_eq!(tampered(false, &[customer]).await, [found(1, None, "snapshot_differs")]);
    let garbage = "update aggregate set body = '{' where kind = 'order' and body like '%in_review%'";
    assert_eq!(tampered(false, &[garbage]).await, [found(1, None, "snapshot_differs")]);
    let version = "update aggregate set version = 2 where kind = 'order' and body like '%in_review%'";
    assert_eq!(tampered(false, &[version]).await, [found(1, None, "snapshot_differs")]);
}

#[tokio::test]
async fn a_deleted_order_is_found() {
    let snapshot = "delete from aggregate where kind = 'order' and body like '%in_review%'";
    assert_eq!(tampered(false, &[snapshot]).await, [found(1, None, "missing")]);
    let both = &[
        "delete from event where order_id = (select id from aggregate where kind = 'order' and body like '%in_review%')",
        "delete from aggregate where kind = 'order' and body like '%in_review%'",
    ];
    assert_eq!(tampered(true, both).await, [found(1, None, "missing")]);
}

/// Whoever writes a whole new chain, or cuts it together with the snapshot, is found by the seal.
#[tokio::test]
async fn what_was_sealed_can_not_be_written_anew() {
    let cut = &[
        "delete from event where sequence > 1",
        "update aggregate set version = 1, body = json_set(body, '$.version', 1, '$.told', json('[]'),
            '$.status', json('{\"state\": \"on\", \"rung\": \"received\"}')) where kind = 'order'",
    ];
    assert_eq!(tampered(false, cut).await, [], "before the seal nobody can know");
    assert_eq!(tampered(true, cut).await, [found(1, Some(2), "cut")]);
    let rewritten = &["update event set hash = 'other' where sequence = 3"];
    assert_eq!(tampered(true, rewritten).await, [found(1, Some(3), "edited")]);
}

#[tokio::test]
async fn an_edited_seal_is_found() {
    let of_day =
        |day: &str| Finding { about: day.to_owned(), sequence: None, what: "seal_differs".to_owned() };
    let hash = &["update seal set hash = 'other' where number = 1"];
    assert_eq!(tampered(true, hash).await, [of_day("2026-11-01"), of_day("2026-11-02")]);
    let day = &["update seal set day = '2026-11-09' where number = 1"];
    assert_eq!(tampered(true, day).await, [of_day("2026-11-09")]);
    let head = &["delete from seal_head where number = 2"];
    assert_eq!(tampered(true, head).await, [of_day("2026-11-02")]);
    let gone = &["delete from seal where number = 1"];
    assert_eq!(tampered(true, gone).await, [of_day("2026-11-02")]);
}

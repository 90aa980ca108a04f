//! An audit on PostgreSQL finds what it finds on SQLite.

use super::{Harness, OnPostgres};
use crate::support::make::{id, moved, order, told};
use chrono::NaiveDate;
use gendan::order::event::Event;
use gendan::store::Finding;
use sqlx::{AssertSqlSafe, Executor as _};

fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, number).unwrap()
}

/// Two sealed orders of three and one event, and a third that another day sealed; then somebody does what nobody may.
async fn tampered(deed: &str) -> Vec<Finding> {
    let h = OnPostgres::fresh().await;
    let (mut first, begun) = order(1, 51, 0);
    h.commit(begun).await;
    h.commit(moved(&mut first, vec![Event::InReview, told("buyer", id(9))])).await;
    let (_, begun) = order(2, 52, 0);
    h.commit(begun).await;
    assert_eq!(h.store().seal(day(1)).await.unwrap().heads, 2);
    let (_, begun) = order(3, 53, 0);
    h.commit(begun).await;
    h.store().seal(day(2)).await.unwrap();
    let audit = h.store().audit().await.unwrap();
    assert_eq!((audit.orders, audit.events, audit.seals, audit.findings), (3, 5, 2, Vec::new()));
    let mut connection = h.database.connect().await;
    connection.execute("set session_replication_role = replica").await.unwrap();
    connection.execute(AssertSqlSafe(deed)).await.unwrap();
    h.store().audit().await.unwrap().findings
}

fn found(about: u128, sequence: Option<u64>, what: &str) -> Finding {
    Finding { about: id(about).to_string(), sequence, what: what.to_owned() }
}

#[tokio::test]
async fn what_was_done_to_events_is_found() {
    let first = id(1);
    let cases = [
        (
            "update event set at = at + interval '1 microsecond' where sequence = 2",
            found(1, Some(2), "edited"),
        ),
        ("update event set event = 'garbage' where sequence = 2", found(1, Some(2), "edited")),
        ("delete from event where sequence = 2", found(1, Some(2), "missing")),
        ("delete from event where sequence = 3", found(1, Some(3), "cut")),
    ];
    for (deed, expected) in cases {
        assert_eq!(tampered(deed).await, [expected], "{deed}");
    }
    let whole =
        format!("delete from event where order_id = '{first}'; delete from aggregate where id = '{first}'");
    assert_eq!(tampered(&whole).await, [found(1, None, "missing")]);
}

#[tokio::test]
async fn what_was_done_to_snapshots_and_seals_is_found() {
    let first = id(1);
    for body in ["replace(body, 'C1001', 'C6666')", "'{'"] {
        let deed = format!("update aggregate set body = {body} where kind = 'order' and id = '{first}'");
        assert_eq!(tampered(&deed).await, [found(1, None, "snapshot_differs")], "{deed}");
    }
    let of_day =
        |day: &str| Finding { about: day.to_owned(), sequence: None, what: "seal_differs".to_owned() };
    let hash = "update seal set hash = 'other' where number = 1";
    assert_eq!(tampered(hash).await, [of_day("2026-11-01"), of_day("2026-11-02")]);
    assert_eq!(tampered("delete from seal where number = 1").await, [of_day("2026-11-02")]);
}

//! How fast batches of typical orders go through the stores, and through a bare loop that writes the same rows; run by hand:
//! `cargo test --release speed -- --ignored --nocapture --test-threads 1`.

use super::{Harness, OnPostgres, OnSqlite};
use crate::support::make::{done, id, in_lane, mail, message, moved, order, send, told, write};
use gendan::order::event::Event;
use gendan::order::message::{Message, Step};
use gendan::store::{Answer, Claim, Commit, Kind, Write};
use sqlx::Executor as _;
use sqlx::postgres::PgConnection;
use std::time::{Duration, Instant};
use uuid::Uuid;

const ORDERS: u128 = 5_000;
const BATCH: usize = 50;

/// One order that passes untouched: consumed, three events, four messages out, credit reserved.
fn passing(draft: &Message, number: u128) -> Commit {
    let (mut sheet, begun) = order(number, number, 0);
    let confirmation = mail(number + 1, &format!("<{number}@gendan>"));
    let more = moved(&mut sheet, vec![Event::InReview, told("buyer", confirmation.id)]);
    let mut commit = done(draft);
    commit.events = [begun.events, more.events].concat();
    commit.writes =
        vec![Write { was: 0, ..more.writes[0].clone() }, write(Kind::Credit, &number.to_string(), 0, 1)];
    let lane = |n: u128, to: &str| in_lane(message(number + n, Step::Deliver), &format!("{number}/{to}"));
    commit.messages = vec![confirmation, lane(2, "production"), lane(3, "warehouse"), lane(4, "accounting")];
    commit.effects = vec![format!("part {}/0", id(number))];
    commit
}

#[tokio::test]
#[ignore = "measures; has nothing to check"]
async fn orders_a_second_on_sqlite() {
    println!("{}", orders_a_second(OnSqlite::fresh().await).await);
}

#[tokio::test]
#[ignore = "measures; has nothing to check"]
async fn orders_a_second_on_postgres() {
    println!("{}", orders_a_second(OnPostgres::fresh().await).await);
}

async fn orders_a_second(h: impl Harness) -> String {
    let drafts: Vec<Message> = (1..=ORDERS).map(|n| message(n * 10, Step::Check)).collect();
    for batch in drafts.chunks(500) {
        h.commit(send(batch.to_vec())).await;
    }
    let (mut claiming, mut deciding, mut committing) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let begun = Instant::now();
    loop {
        let at = Instant::now();
        let max = u32::try_from(BATCH).unwrap();
        let claim = Claim { step: Some(Step::Check), max, holder: "a".to_owned(), lease: super::LEASE };
        let claimed = h.store().claim(&claim).await.unwrap();
        claiming += at.elapsed();
        if claimed.is_empty() {
            break;
        }
        let at = Instant::now();
        let batch: Vec<Commit> =
            claimed.iter().map(|it| passing(&it.message, it.message.id.as_u128() & 0xffff_ffff)).collect();
        deciding += at.elapsed();
        let at = Instant::now();
        let answers = h.store().commit(batch).await.unwrap();
        committing += at.elapsed();
        assert!(answers.iter().all(|answer| *answer == Answer::Done));
    }
    let rate = ORDERS as f64 / begun.elapsed().as_secs_f64();
    let at = Instant::now();
    h.store().balance().await.unwrap();
    let balance = at.elapsed();
    let at = Instant::now();
    assert!(h.store().audit().await.unwrap().findings.is_empty());
    let audit = at.elapsed();
    format!(
        "{rate:.0} orders/s; claiming {claiming:?}, test data {deciding:?}, committing {committing:?}; \
         balance {balance:?}, audit {audit:?}"
    )
}

/// The rows of [`passing`], written by statements that look at nothing.
#[tokio::test]
#[ignore = "measures; has nothing to check"]
async fn the_bare_loop_on_postgres() {
    let h = OnPostgres::fresh().await;
    let drafts: Vec<Message> = (1..=ORDERS).map(|n| message(n * 10, Step::Check)).collect();
    for batch in drafts.chunks(500) {
        h.commit(send(batch.to_vec())).await;
    }
    let mut connection = h.database.connect().await;
    let plans = "set enable_seqscan = off; set enable_bitmapscan = off; set enable_hashjoin = off;
        set enable_mergejoin = off; set plan_cache_mode = force_generic_plan";
    connection.execute(plans).await.unwrap();
    let batches: Vec<Vec<Commit>> = drafts
        .chunks(BATCH)
        .map(|it| it.iter().map(|it| passing(it, it.id.as_u128() & 0xffff_ffff)).collect())
        .collect();
    let begun = Instant::now();
    for batch in &batches {
        bare(&mut connection, batch).await;
    }
    println!("{:.0} orders/s bare", ORDERS as f64 / begun.elapsed().as_secs_f64());
}

async fn bare(connection: &mut PgConnection, batch: &[Commit]) {
    connection.execute("begin").await.unwrap();
    let taken: Vec<Uuid> = batch.iter().map(|it| it.consumes.as_ref().unwrap().message.id).collect();
    for sql in [
        "update outbox o set holder = 'a', lease_until = now(), claims = 1 where id = any($1)",
        "update outbox o set state = 'done', word = 'released', done_at = now(), holder = null where id = any($1)",
        "insert into inbox select id, 'check', 1, repeat('a', 64), now(), 'done', 'released' from unnest($1) id",
    ] {
        sqlx::query(sql).bind(&taken).execute(&mut *connection).await.unwrap();
    }
    let effects: Vec<&String> = batch.iter().flat_map(|it| &it.effects).collect();
    let sql = "insert into effect select key, now() from unnest($1::text[]) key";
    sqlx::query(sql).bind(effects).execute(&mut *connection).await.unwrap();
    let writes: Vec<&Write> = batch.iter().flat_map(|it| &it.writes).collect();
    sqlx::query(
        "insert into aggregate (kind, id, version, at, status, customer, parent, body)
        select k, i, 1, now(), s, c, p, b
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) r (k, i, s, c, p, b)",
    )
    .bind(writes.iter().map(|it| it.key.kind.as_str()).collect::<Vec<_>>())
    .bind(writes.iter().map(|it| it.key.id.as_str()).collect::<Vec<_>>())
    .bind(writes.iter().map(|it| it.index.status.as_deref()).collect::<Vec<_>>())
    .bind(writes.iter().map(|it| it.index.customer.as_deref()).collect::<Vec<_>>())
    .bind(writes.iter().map(|it| it.index.parent.as_deref()).collect::<Vec<_>>())
    .bind(writes.iter().map(|it| it.body.text().to_owned()).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await
    .unwrap();
    let events: Vec<_> = batch.iter().flat_map(|it| &it.events).collect();
    sqlx::query(
        "insert into event select i, s, now(), 'system', i, e, repeat('a', 64)
        from unnest($1::uuid[], $2::int8[], $3::text[]) r (i, s, e)",
    )
    .bind(events.iter().map(|it| it.order_id).collect::<Vec<_>>())
    .bind(events.iter().map(|it| it.sequence as i64).collect::<Vec<_>>())
    .bind(events.iter().map(|it| serde_json::to_string(&it.event).unwrap()).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await
    .unwrap();
    let messages: Vec<_> = batch.iter().flat_map(|it| &it.messages).collect();
    sqlx::query(
        "insert into outbox (id, attempt, type, step, lane, correlation_id, created_at, body, state)
        select i, 1, 'order.status', 'deliver', l, c, now(), b, 'waiting'
        from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[]) r (i, l, c, b)",
    )
    .bind(messages.iter().map(|it| it.id).collect::<Vec<_>>())
    .bind(messages.iter().map(|it| it.lane.as_deref()).collect::<Vec<_>>())
    .bind(messages.iter().map(|it| it.correlation_id).collect::<Vec<_>>())
    .bind(messages.iter().map(|it| serde_json::to_string(&it.body).unwrap()).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await
    .unwrap();
    connection.execute("commit").await.unwrap();
}

//! Goes through every order and every seal on one consistent view of the file.

use super::Sqlite;
use super::convert::{count, get, parse, time, uuid};
use super::error::read_error;
use super::read::snapshot;
use super::seal::{head, stored};
use crate::store::audit::{Head, Link, order, seal_hash};
use crate::store::commit::NewEvent;
use crate::store::{Audit, Finding, StoreError};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

/// Every order and record that anything tells of, a page at a time.
const ORDERS: &str = "select id from (select id from aggregate where kind in ('order', 'record') and id > ?1
        union select order_id from event where order_id > ?1
        union select order_id from seal_head where order_id > ?1)
    order by id limit ?2";
const SNAPSHOT: &str = "select * from aggregate where kind in ('order', 'record') and id = ?1";
const EVENTS: &str = "select * from event where order_id = ?1 order by sequence";
const SEALED: &str = "select order_id, sequence, hash from seal_head where order_id = ?1 order by sequence";
const SEALS: &str = "select number, day, heads, hash from seal order by number";
const HEADS: &str = "select order_id, sequence, hash from seal_head where number = ?1 order by order_id";

const PAGE: i64 = 1_000;

impl Sqlite {
    pub(super) async fn audit_all(&self) -> Result<Audit, StoreError> {
        let mut view = self.readers.begin().await.map_err(read_error)?;
        let mut audit = Audit { orders: 0, events: 0, seals: 0, findings: Vec::new() };
        let mut after = String::new();
        loop {
            let page: Vec<String> = sqlx::query_scalar(ORDERS)
                .bind(&after)
                .bind(PAGE)
                .fetch_all(&mut *view)
                .await
                .map_err(read_error)?;
            let Some(last) = page.last() else { break };
            after.clone_from(last);
            for id in &page {
                audit_order(&mut view, id, &mut audit).await?;
            }
        }
        audit_seals(&mut view, &mut audit).await?;
        view.rollback().await.map_err(read_error)?;
        Ok(audit)
    }
}

async fn rows(
    view: &mut SqliteConnection,
    sql: &'static str,
    key: &str,
) -> Result<Vec<SqliteRow>, StoreError> {
    sqlx::query(sql).bind(key).fetch_all(view).await.map_err(read_error)
}

async fn audit_order(view: &mut SqliteConnection, id: &str, audit: &mut Audit) -> Result<(), StoreError> {
    let found = rows(view, SNAPSHOT, id).await?;
    let snapshot = found.first().map(snapshot).transpose()?;
    let mut links = Vec::new();
    for row in rows(view, EVENTS, id).await? {
        let event = event(&row).ok();
        links.push(Link { sequence: count(get(&row, "sequence")?)?, hash: get(&row, "hash")?, event });
    }
    let sealed = rows(view, SEALED, id).await?.iter().map(head).collect::<Result<Vec<Head>, _>>()?;
    let findings = order(id, snapshot.as_ref(), &links, &sealed);
    audit.orders += 1;
    audit.events += links.len() as u64;
    audit.findings.extend(findings);
    Ok(())
}

fn event(row: &SqliteRow) -> Result<NewEvent, StoreError> {
    Ok(NewEvent {
        order_id: uuid(get(row, "order_id")?)?,
        sequence: count(get(row, "sequence")?)?,
        at: time(get(row, "at")?)?,
        actor: parse(get(row, "actor")?)?,
        cause: uuid(get(row, "cause")?)?,
        event: parse(get(row, "event")?)?,
    })
}

async fn audit_seals(view: &mut SqliteConnection, audit: &mut Audit) -> Result<(), StoreError> {
    let mut before = String::new();
    for row in sqlx::query(SEALS).fetch_all(&mut *view).await.map_err(read_error)? {
        let number: i64 = get(&row, "number")?;
        let found = sqlx::query(HEADS).bind(number).fetch_all(&mut *view).await.map_err(read_error)?;
        let heads = found.iter().map(head).collect::<Result<Vec<Head>, _>>()?;
        let day: String = get(&row, "day")?;
        audit.seals += 1;
        let right = match stored(&row) {
            Ok(seal) => seal.heads == heads.len() as u64 && seal.hash == seal_hash(&before, seal.day, &heads),
            Err(_) => false,
        };
        if !right {
            audit.findings.push(Finding { about: day, sequence: None, what: "seal_differs".to_owned() });
        }
        before = get(&row, "hash")?;
    }
    Ok(())
}

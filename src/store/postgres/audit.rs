//! Goes through every order and every seal on one consistent view of the database.

use super::Shared;
use super::convert::{broken, count, get, parse};
use super::error::Trouble;
use super::read::snapshot;
use super::seal::{head, stored};
use super::transaction::{Begun, REPORT};
use crate::store::audit::{Head, Link, order, seal_hash};
use crate::store::commit::NewEvent;
use crate::store::{Audit, Finding, StoreError};
use chrono::NaiveDate;
use sqlx::postgres::{PgConnection, PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Every order and record that anything tells of, a page at a time.
const ORDERS: &str = "select id from (
        (select id from aggregate where kind in ('order', 'record') and id > $1 order by id limit $3)
        union (select distinct order_id::text from event where order_id > $2 order by 1 limit $3)
        union (select distinct order_id::text from seal_head where order_id > $2 order by 1 limit $3)
    ) named where id collate \"C\" > $1 order by id collate \"C\" limit $3";
const SNAPSHOTS: &str = "select * from aggregate where kind in ('order', 'record') and id = any($1)";
const EVENTS: &str = "select * from event where order_id = any($1) order by order_id, sequence";
const SEALED: &str = "select * from seal_head where order_id = any($1) order by order_id, sequence";
const SEALS: &str = "select number, day, heads, hash from seal order by number";
const HEADS: &str = "select order_id, sequence, hash from seal_head where number = $1 order by order_id";

const PAGE: i64 = 500;

impl Shared {
    pub(super) async fn audit_all(&self) -> Result<Audit, StoreError> {
        let mut view = Begun::begin(&self.pool, REPORT).await?;
        let done = audit(view.connection()?).await;
        Ok(view.end(done).await?)
    }
}

async fn audit(view: &mut PgConnection) -> Result<Audit, Trouble> {
    let mut audit = Audit { orders: 0, events: 0, seals: 0, findings: Vec::new() };
    let mut after = String::new();
    loop {
        let page: Vec<String> = sqlx::query_scalar(ORDERS)
            .bind(&after)
            .bind(Uuid::parse_str(&after).unwrap_or_default())
            .bind(PAGE)
            .fetch_all(&mut *view)
            .await?;
        let Some(last) = page.last() else { break };
        after.clone_from(last);
        orders(view, &page, &mut audit).await?;
    }
    seals(view, &mut audit).await?;
    Ok(audit)
}

async fn orders(view: &mut PgConnection, page: &[String], audit: &mut Audit) -> Result<(), Trouble> {
    let ids: Vec<Uuid> = page.iter().filter_map(|id| Uuid::parse_str(id).ok()).collect();
    let found = sqlx::query(SNAPSHOTS).bind(page).fetch_all(&mut *view).await?;
    let mut snapshots: HashMap<String, &PgRow> = HashMap::new();
    for row in &found {
        snapshots.insert(get(row, "id")?, row);
    }
    let mut links: HashMap<String, Vec<Link>> = HashMap::new();
    for row in sqlx::query(EVENTS).bind(&ids).fetch_all(&mut *view).await? {
        let id = get::<Uuid>(&row, "order_id")?.to_string();
        let link = Link {
            sequence: count(get(&row, "sequence")?)?,
            hash: get(&row, "hash")?,
            event: event(&row).ok(),
        };
        links.entry(id).or_default().push(link);
    }
    let mut sealed: HashMap<String, Vec<Head>> = HashMap::new();
    for row in sqlx::query(SEALED).bind(&ids).fetch_all(view).await? {
        let head = head(&row)?;
        sealed.entry(head.order_id.clone()).or_default().push(head);
    }
    for id in page {
        let links = links.remove(id).unwrap_or_default();
        let sealed = sealed.remove(id).unwrap_or_default();
        audit.orders += 1;
        audit.events += links.len() as u64;
        audit.findings.extend(findings(id, snapshots.get(id).copied(), &links, &sealed)?);
    }
    Ok(())
}

fn findings(
    id: &str,
    row: Option<&PgRow>,
    links: &[Link],
    sealed: &[Head],
) -> Result<Vec<Finding>, StoreError> {
    let snapshot = row.map(snapshot).transpose()?;
    Ok(order(id, snapshot.as_ref(), links, sealed))
}

fn event(row: &PgRow) -> Result<NewEvent, StoreError> {
    Ok(NewEvent {
        order_id: get(row, "order_id")?,
        sequence: count(get(row, "sequence")?)?,
        at: get(row, "at")?,
        actor: parse(get(row, "actor")?)?,
        cause: get(row, "cause")?,
        event: parse(get(row, "event")?)?,
    })
}

async fn seals(view: &mut PgConnection, audit: &mut Audit) -> Result<(), Trouble> {
    let mut before = String::new();
    for row in sqlx::query(SEALS).fetch_all(&mut *view).await? {
        let number: i64 = get(&row, "number")?;
        let found = sqlx::query(HEADS).bind(number).fetch_all(&mut *view).await?;
        let heads = found.iter().map(head).collect::<Result<Vec<Head>, _>>()?;
        let day: NaiveDate = get(&row, "day").map_err(broken)?;
        audit.seals += 1;
        let right = stored(&row).is_ok_and(|seal| {
            seal.heads == heads.len() as u64 && seal.hash == seal_hash(&before, seal.day, &heads)
        });
        if !right {
            let what = "seal_differs".to_owned();
            audit.findings.push(Finding { about: day.to_string(), sequence: None, what });
        }
        before = get(&row, "hash")?;
    }
    Ok(())
}

//! `gendan balance`: is anything missing or double?

use super::context::Context;
use super::{End, Stop};
use crate::store::{Balance, Count, Filter, Kind, StoreError};
use serde::Serialize;

/// The store's balance, and the blobs that it names against those on the disk.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    balance: Balance,
    blobs: u64,
}

pub(super) async fn run(context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    let report = add_up(&house).await?;
    let balance = &report.balance;
    let fine = balance.missing.is_empty() && balance.double.is_empty();
    if context.out.json {
        context.out.json(&report)?;
    } else {
        let row = |name: &str, count: &Count| {
            let numbers = [count.total, count.waiting, count.in_work, count.parked, count.done];
            std::iter::once(name.to_owned()).chain(numbers.iter().map(u64::to_string)).collect()
        };
        let rows = vec![
            row("documents 来件", &balance.documents),
            row("parts 部分", &balance.parts),
            row("messages 消息", &balance.messages),
        ];
        let heads = ["", "total", "waiting", "in work", "parked", "done"];
        context.out.rows(&report, &heads, rows)?;
        let said = [("missing 缺少", &balance.missing), ("double 重复", &balance.double)];
        for (what, list) in said {
            context.out.line(format!("{what}: {}", list.len()))?;
            for item in list {
                context.out.line(format!("  {item}"))?;
            }
        }
        context.out.line(format!("unsure 不确定: {}", balance.unsure.len()))?;
        for unsure in &balance.unsure {
            context
                .out
                .line(format!("  {} to {} at {}", unsure.message_id, unsure.destination, unsure.at))?;
        }
    }
    Ok(if fine { End::Done } else { End::Attention })
}

async fn add_up(house: &crate::runtime::house::House) -> Result<Report, Stop> {
    let mut balance = house.store.balance().await?;
    let mut blobs = 0;
    for document in house.store.list(Kind::Document, &Filter::default()).await? {
        if super::documents::parse(&document)?.text.is_some() {
            continue;
        }
        let sha256 = document.index.number.unwrap_or_default();
        let there = house.blobs.has(&sha256).await.map_err(|e| StoreError::Unavailable(e.to_string()))?;
        if there {
            blobs += 1;
        } else {
            balance
                .missing
                .push(format!("the bytes of document {} (blob {sha256}) are not there", document.key.id));
        }
    }
    Ok(Report { balance, blobs })
}

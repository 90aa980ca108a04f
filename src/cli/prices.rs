//! `gendan prices`: price lists in versions, the prices in force, publishing.

use super::context::Context;
use super::import::{actor, stamp};
use super::{End, Stop};
use crate::master::lists::in_force;
use crate::master::tables::{PriceList, Tables};
use crate::master::versions;
use crate::rights::Action;
use crate::runtime::house::House;
use crate::runtime::master::tables;
use crate::runtime::prices::{PublishError, publish};
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::HashMap;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List the versions of all price lists 列表
    List,
    /// Show the prices of a list that are in force 查看
    Show {
        list: String,
        /// On this day; without it today 日期
        #[arg(long)]
        on: Option<NaiveDate>,
    },
    /// Publish a version: it is never edited again, and the departments are told what it changes 发布
    Publish {
        list: String,
        version: String,
        /// On this day; without it the next one that prices.published_on_day names 日期
        #[arg(long)]
        on: Option<NaiveDate>,
    },
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    context.may(&house, Action::SeePrices)?;
    match command {
        Command::List => list(&house, context).await,
        Command::Show { list, on } => show(&house, &list, on, context).await,
        Command::Publish { list, version, on } => {
            let by = context.user()?.to_owned();
            publishes(&house, &by)?;
            let stamp = stamp(&house, actor(&house, Some(&by))?, "prices").await?;
            let done = publish(&house, (&list, &version), on, &stamp).await.map_err(stop)?;
            if context.out.json {
                context.out.json(&done)?;
                return Ok(End::Done);
            }
            let told: Vec<&str> = done.told.iter().map(|it| it.as_str()).collect();
            context.out.line(format!(
                "version {version} of {list} is published on {} ({} prices change); told: {}",
                done.published_on,
                done.changes,
                told.join(", ")
            ))?;
            for warning in done.warnings {
                context.out.line(format!("note: {warning}"))?;
            }
            Ok(End::Done)
        }
    }
}

fn publishes(house: &House, by: &str) -> Result<(), Stop> {
    let may = &house.config.prices.publishes;
    let user = house.config.user(by).filter(|user| user.roles.iter().any(|role| may.contains(role)));
    let roles: Vec<&str> = may.iter().map(|role| role.as_str()).collect();
    user.map(drop).ok_or_else(|| {
        Stop::Refused(format!(
            "`{by}` is no user who may publish (prices.publishes: {}): name one with --as",
            roles.join(", ")
        ))
    })
}

fn stop(error: PublishError) -> Stop {
    match error {
        PublishError::Unknown { .. } => Stop::NotFound(error.to_string()),
        PublishError::Refused(why) => Stop::Refused(why),
        PublishError::Import(error) => super::import::stop(error),
    }
}

async fn list(house: &House, context: &mut Context) -> Result<End, Stop> {
    let mut all = tables(house.store.as_ref(), &versions::TABLES).await?;
    let today = house.today(house.store.now().await?);
    let mut prices: HashMap<(&str, &str), usize> = HashMap::new();
    for row in &all.list_prices {
        *prices.entry((&row.list, &row.version)).or_default() += 1;
    }
    all.price_lists.sort_by(|a, b| (&a.list, a.valid_from).cmp(&(&b.list, b.valid_from)));
    let state = |row: &PriceList| match row.published_on {
        None => "draft",
        Some(day) if day > today || row.valid_from > today => "planned",
        Some(_) if in_force(&all.price_lists, &row.list, today) == Some(row) => "in force",
        Some(_) => "over",
    };
    let count =
        |row: &PriceList| prices.get(&(row.list.as_str(), row.version.as_str())).copied().unwrap_or(0);
    let data = |row: &PriceList| json!({"version": row, "state": state(row), "prices": count(row)});
    let data: Vec<Value> = all.price_lists.iter().map(data).collect();
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let line = |row: &PriceList| {
        vec![
            row.list.clone(),
            row.version.clone(),
            state(row).to_owned(),
            row.currency.to_string(),
            row.valid_from.to_string(),
            day(row.valid_to),
            day(row.published_on),
            count(row).to_string(),
            row.told.join(", "),
        ]
    };
    let heads = ["list", "version", "state", "currency", "from", "to", "published", "prices", "told"];
    context.out.rows(&data, &heads, all.price_lists.iter().map(line).collect())?;
    Ok(End::Done)
}

async fn show(house: &House, list: &str, on: Option<NaiveDate>, context: &mut Context) -> Result<End, Stop> {
    let all: Tables = tables(house.store.as_ref(), &versions::TABLES).await?;
    let on = match on {
        Some(on) => on,
        None => house.today(house.store.now().await?),
    };
    let version = in_force(&all.price_lists, list, on).ok_or_else(|| {
        Stop::NotFound(format!(
            "no version of the price list {list} is in force on {on}: see `gendan prices list`"
        ))
    })?;
    let master = house.shelf.get().await?;
    let mut rows: Vec<_> = all
        .list_prices
        .iter()
        .filter(|row| row.list == version.list && row.version == version.version)
        .collect();
    rows.sort_by(|a, b| (&a.sku, a.min_qty).cmp(&(&b.sku, b.min_qty)));
    let name = |sku: &str| master.product(sku).map(|it| it.name.clone()).unwrap_or_default();
    let lines = rows
        .iter()
        .map(|row| vec![row.sku.clone(), name(&row.sku), row.min_qty.to_string(), row.price.to_string()]);
    let lines = lines.collect();
    if !context.out.json {
        context
            .out
            .line(format!("{list}, version {}, {}, in force on {on}", version.version, version.currency))?;
    }
    context.out.rows(
        &json!({"version": version, "prices": rows}),
        &["sku", "name", "from quantity", "price"],
        lines,
    )?;
    Ok(End::Done)
}

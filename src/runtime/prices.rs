//! Publishing a version of a price list: it counts from then on, is never edited again, and the departments are told.

use super::house::House;
use super::import::ImportError;
use super::master::tables;
use super::register::{Register, chain_of};
use super::work::Stamp;
use crate::master::record::Source;
use crate::master::tables::{ListPrice, PriceList, Tables};
use crate::master::versions::{self, Move};
use crate::order::department::Department;
use crate::order::ids::from_name;
use crate::release::price_list::{Published, published};
use crate::store::{Answer, Commit};
use chrono::{DateTime, NaiveDate, TimeZone as _, Utc};
use serde::Serialize;
use serde_json::Value;

/// What a publishing came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    pub list: String,
    pub version: String,
    pub published_on: NaiveDate,
    pub told: Vec<Department>,
    pub changes: usize,
    /// What whoever published it should know.
    pub warnings: Vec<String>,
}

/// Why a version is not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error(
        "there is no version {version} of the price list {list}: `gendan prices list` shows those that are"
    )]
    Unknown { list: String, version: String },
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Import(#[from] ImportError),
}

/// Publishes a version on `on`, without it on the next day of the month that the settings name.
pub async fn publish(
    house: &House,
    (list, version): (&str, &str),
    on: Option<NaiveDate>,
    stamp: &Stamp,
) -> Result<Outcome, PublishError> {
    let store = house.store.as_ref();
    let all = tables(store, &versions::TABLES).await.map_err(ImportError::from)?;
    let today = house.today(stamp.at);
    let settings = &house.config.prices;
    let on = on.unwrap_or_else(|| versions::next_day(settings.published_on_day, today));
    let row = ready(&all, (list, version), on, today)?;
    let after = PriceList { published_on: Some(on), ..row.clone() };
    let before = versions::version_before(&all.price_lists, &after);
    let master = house.shelf.get().await.map_err(ImportError::from)?;
    let moves: Vec<(Move, Option<String>)> = versions::moves(&all.list_prices, before, &after)
        .into_iter()
        .map(|it| {
            let name = master.product(&it.sku).map(|product| product.name.clone());
            (it, name)
        })
        .collect();
    let what = Published { list: &after, before, moves: &moves, not_before: not_before(house, on, stamp.at) };
    let people = house.books.house(&master);
    let about = from_name(stamp.at, chain_of(versions::TABLES[0]).as_bytes(), &format!("{list}/{version}"));
    let told = published(&what, settings, &house.books.office(&people), (about, stamp.at))
        .map_err(|e| PublishError::Refused(e.to_string()))?;
    let names: Vec<Department> = told.iter().map(|(department, _)| *department).collect();
    let told = told.into_iter().map(|(_, message)| message).collect();
    let mut commit = Commit { messages: told, ..Commit::default() };
    let register = Register::load(store, &versions::TABLES, &house.config.master).await;
    let mut register = register.map_err(ImportError::from)?;
    let lists = marked(register.body(versions::TABLES[0]), &after, &names);
    let source = Source { name: format!("prices publish {list} {version}"), sha256: None };
    register.change(versions::TABLES[0], &lists, (&source, 0), stamp);
    register.write(&mut commit);
    match store.commit(vec![commit]).await.map_err(ImportError::from)?.as_slice() {
        [Answer::Done] => {}
        _ => return Err(ImportError::Lost.into()),
    }
    Ok(Outcome {
        list: list.to_owned(),
        version: version.to_owned(),
        published_on: on,
        warnings: warnings(&after, &names, (settings.published_on_day, on)),
        told: names,
        changes: moves.len(),
    })
}

/// The version, when it can be published.
fn ready<'t>(
    all: &'t Tables,
    (list, version): (&str, &str),
    on: NaiveDate,
    today: NaiveDate,
) -> Result<&'t PriceList, PublishError> {
    let is = |it: &&PriceList| it.list == list && it.version == version;
    let unknown = || PublishError::Unknown { list: list.to_owned(), version: version.to_owned() };
    let row = all.price_lists.iter().find(is).ok_or_else(unknown)?;
    let refused = |why: String| Err(PublishError::Refused(why));
    if let Some(day) = row.published_on.filter(|day| *day <= today || !row.told.is_empty()) {
        return refused(format!("version {version} of {list} is published already, on {day}"));
    }
    if on < today {
        return refused(format!("{on} is over: publish it today, or on a later day"));
    }
    let own = |it: &ListPrice| it.list == list && it.version == version;
    if !all.list_prices.iter().any(own) {
        return refused(format!("version {version} of {list} has no prices: import list_prices first"));
    }
    Ok(row)
}

/// The table with the version as it is now published.
fn marked(body: Option<&Value>, after: &PriceList, told: &[Department]) -> Value {
    let mut body = body.cloned().unwrap_or_default();
    let told: Vec<&str> = told.iter().map(|department| department.as_str()).collect();
    for row in body.get_mut("rows").and_then(Value::as_array_mut).into_iter().flatten() {
        if row["list"] == after.list.as_str() && row["version"] == after.version.as_str() {
            row["published_on"] = serde_json::json!(after.published_on);
            row["told"] = serde_json::json!(told);
        }
    }
    body
}

/// On a later day they are told when the house begins to send.
fn not_before(house: &House, on: NaiveDate, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let local = on.and_time(house.config.release.ship_at);
    let at = house.config.firm.zone.from_local_datetime(&local).earliest()?.with_timezone(&Utc);
    (at > now && on > house.today(now)).then_some(at)
}

fn warnings(after: &PriceList, told: &[Department], (day, on): (u32, NaiveDate)) -> Vec<String> {
    use chrono::Datelike as _;
    let mut warnings = Vec::new();
    if on.day() != day {
        warnings.push(format!("versions are published on the {day}th of a month (prices.published_on_day)"));
    }
    if after.valid_from < on {
        warnings.push(format!("it is valid from {}, and counts from {on} on", after.valid_from));
    }
    if told.is_empty() {
        warnings.push("nobody was told: no department of prices.tell has an address".to_owned());
    }
    warnings
}

//! A price list that was published is never edited, only followed by a new version.

use super::difference::rows;
use super::tables::{ListPrice, PriceList};
use chrono::{Datelike as _, Months, NaiveDate};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// The two tables of price lists: versions and their prices.
pub const TABLES: [&str; 2] = ["price_lists", "list_prices"];

/// Versions of lists, by list and version, with the day on which they were published.
type Published = BTreeMap<(String, String), String>;

/// Refuses what changes a version that was published, or that somebody was told of. `before` and `after` are the bodies of
/// [`TABLES`]. A published version that has no prices yet may be given them: its files may come one by one.
///
/// # Errors
/// What is wrong and what to do, for people.
pub fn unpublished(
    before: [Option<&Value>; 2],
    after: [Option<&Value>; 2],
    today: NaiveDate,
) -> Result<(), String> {
    let published = published(before[0], today);
    if published.is_empty() {
        return Ok(());
    }
    let mut wrong: BTreeMap<&(String, String), usize> = BTreeMap::new();
    for at in [0, 1] {
        let (old, new) = (keyed(before[at], at, &published), keyed(after[at], at, &published));
        for (key, row) in &old {
            if !new.get(key).is_some_and(|new| same(TABLES[at], row, new)) {
                count(&mut wrong, &published, row);
            }
        }
        let filled: std::collections::HashSet<_> = old.values().map(|row| version_of(row)).collect();
        // A version that comes with a day on which it had been published would change what held on past days.
        let late = rows(after[at]).iter().find(|row| at == 0 && backdated(row, before[0], today));
        if let Some((list, version)) = late.map(version_of) {
            return Err(format!(
                "version {version} of the price list {list} is new, and published_on is over: leave that empty, and publish it"
            ));
        }
        for (_, row) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
            if filled.contains(&version_of(row)) {
                count(&mut wrong, &published, row);
            }
        }
    }
    let said = wrong.iter().map(|(version, rows)| {
        let on = published.get(*version).map_or("", String::as_str);
        let (list, version) = version;
        format!(
            "version {version} of the price list {list} was published on {on} and is never edited ({rows} rows differ): \
             leave its rows as they are, and publish the new prices as a new version"
        )
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() { Ok(()) } else { Err(said.join("; ")) }
}

/// Whether two rows say the same, however their figures are written.
fn same(table: &str, old: &Value, new: &Value) -> bool {
    let plain = |row: &Value| -> Vec<(String, String)> {
        let fields = super::difference::shown(table, row).into_iter();
        fields
            .map(|(field, text)| {
                let figure = text.parse::<Decimal>().map(|it| it.normalize().to_string());
                (field, figure.unwrap_or(text))
            })
            .collect()
    };
    plain(old) == plain(new)
}

/// A version that was not there, of a list that was published before, said to have been published on a day that is over.
fn backdated(row: &Value, lists: Option<&Value>, today: NaiveDate) -> bool {
    let day = row.get("published_on").and_then(Value::as_str).and_then(|day| day.parse::<NaiveDate>().ok());
    let (list, version) = version_of(row);
    let known = rows(lists).iter().any(|it| version_of(it) == (list, version));
    let begun = published(lists, today).keys().any(|(of, _)| of == list);
    !known && begun && day.is_some_and(|day| day < today)
}

fn published(lists: Option<&Value>, today: NaiveDate) -> Published {
    let is = |row: &&Value| {
        let on =
            row.get("published_on").and_then(Value::as_str).and_then(|day| day.parse::<NaiveDate>().ok());
        let told = row.get("told").and_then(Value::as_array).is_some_and(|told| !told.is_empty());
        on.is_some_and(|on| on <= today || told)
    };
    let on = |row: &Value| row.get("published_on").and_then(Value::as_str).unwrap_or_default().to_owned();
    rows(lists).iter().filter(is).map(|row| (owned(version_of(row)), on(row))).collect()
}

/// Rows of published versions by their key.
fn keyed<'v>(body: Option<&'v Value>, at: usize, published: &Published) -> HashMap<String, &'v Value> {
    let shape = super::rows::shape(TABLES[at]);
    let mine = rows(body).iter().filter(|row| published.contains_key(&owned(version_of(row))));
    mine.filter_map(|row| Some((shape?.key_of(row), row))).collect()
}

fn count<'p>(wrong: &mut BTreeMap<&'p (String, String), usize>, published: &'p Published, row: &Value) {
    if let Some((version, _)) = published.get_key_value(&owned(version_of(row))) {
        *wrong.entry(version).or_default() += 1;
    }
}

fn version_of(row: &Value) -> (&str, &str) {
    let part = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    (part("list"), part("version"))
}

fn owned((list, version): (&str, &str)) -> (String, String) {
    (list.to_owned(), version.to_owned())
}

/// A price that is not as it was in the version before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Move {
    pub sku: String,
    pub min_qty: Decimal,
    pub from: Option<Decimal>,
    pub to: Option<Decimal>,
}

/// What a version changes in the prices of the one before, by SKU and quantity.
#[must_use]
pub fn moves(prices: &[ListPrice], before: Option<&PriceList>, after: &PriceList) -> Vec<Move> {
    let mut all: BTreeMap<(&str, Decimal), [Option<Decimal>; 2]> = BTreeMap::new();
    for (at, version) in [(0, before), (1, Some(after))] {
        let own =
            |row: &&ListPrice| version.is_some_and(|it| it.list == row.list && it.version == row.version);
        for row in prices.iter().filter(own) {
            all.entry((&row.sku, row.min_qty)).or_default()[at] = Some(row.price);
        }
    }
    let moved = all.into_iter().filter(|(_, [from, to])| from != to);
    moved.map(|((sku, min_qty), [from, to])| Move { sku: sku.to_owned(), min_qty, from, to }).collect()
}

/// The published version of the same list that this one follows.
#[must_use]
pub fn version_before<'l>(lists: &'l [PriceList], after: &PriceList) -> Option<&'l PriceList> {
    let earlier = |it: &&PriceList| {
        it.list == after.list
            && it.version != after.version
            && it.published_on.is_some()
            && it.valid_from <= after.valid_from
    };
    lists.iter().filter(earlier).max_by_key(|it| (it.valid_from, it.published_on))
}

/// The next day of a month that has this number, today included. Days after the 28th are not in every month.
#[must_use]
pub fn next_day(day: u32, today: NaiveDate) -> NaiveDate {
    let this = today.with_day(day.clamp(1, 28)).unwrap_or(today);
    if this >= today { this } else { this.checked_add_months(Months::new(1)).unwrap_or(today) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::master::import::import;

    fn lists(rows: &str) -> Value {
        let text = format!("list,version,currency,valid_from,valid_to,published_on,told\n{rows}");
        import("price_lists", "l", text.as_bytes()).unwrap().body
    }

    fn prices(rows: &str) -> Value {
        let text = format!("list,version,sku,min_qty,price\n{rows}");
        import("list_prices", "p", text.as_bytes()).unwrap().body
    }

    #[test]
    fn a_version_is_told_by_what_it_changes() {
        let mut tables = crate::master::Tables::default();
        let versions =
            "D,1,CNY,2026-01-01,,2025-12-25,\nD,2,CNY,2026-04-01,,,\nE,1,CNY,2026-02-01,,2026-01-25,\n";
        tables.put("price_lists", lists(versions)).unwrap();
        let rows = "D,1,A,0,0.50\nD,1,A,1000,0.45\nD,1,C,0,3\nD,2,A,0,0.55\nD,2,A,1000,0.450\nD,2,B,0,2\nE,1,A,0,9\n";
        tables.put("list_prices", prices(rows)).unwrap();
        let after = &tables.price_lists[1];
        let before = version_before(&tables.price_lists, after);
        assert_eq!(before.map(|it| it.version.as_str()), Some("1"));
        let said = |it: &Move| format!("{} {} {:?}→{:?}", it.sku, it.min_qty, it.from, it.to);
        let found: Vec<String> = moves(&tables.list_prices, before, after).iter().map(said).collect();
        assert_eq!(found, ["A 0 Some(0.50)→Some(0.55)", "B 0 None→Some(2)", "C 0 Some(3)→None"]);
        assert_eq!(moves(&tables.list_prices, None, after).len(), 3);
        assert_eq!(version_before(&tables.price_lists, &tables.price_lists[0]), None);
    }

    #[test]
    fn the_next_25th_is_today_or_later() {
        for (today, next) in
            [("2026-02-25", "2026-02-25"), ("2026-02-26", "2026-03-25"), ("2026-12-31", "2027-01-25")]
        {
            assert_eq!(next_day(25, today.parse().unwrap()).to_string(), next);
        }
    }

    #[test]
    fn what_was_published_is_followed_and_never_edited() {
        const ONE: &str = "D,1,CNY,2026-01-01,,2025-12-25,\n";
        const ROWS: &str = "D,1,A,0,0.50\nD,1,A,1000,0.45\n";
        let today = "2026-03-01".parse().unwrap();
        for (was, had, is, has, fits) in [
            (ONE, ROWS, ONE, ROWS, true),
            // A new version beside it.
            (
                ONE,
                ROWS,
                "D,1,CNY,2026-01-01,,2025-12-25,\nD,2,CNY,2026-04-01,,,\n",
                "D,1,A,0,0.50\nD,1,A,1000,0.45\nD,2,A,0,0.6\n",
                true,
            ),
            (ONE, ROWS, ONE, "D,1,A,0,0.51\nD,1,A,1000,0.45\n", false),
            (ONE, ROWS, ONE, "D,1,A,0,0.50\n", false),
            (ONE, ROWS, ONE, "D,1,A,0,0.50\nD,1,A,1000,0.45\nD,1,B,0,1\n", false),
            (ONE, ROWS, "D,1,CNY,2026-01-02,,2025-12-25,\n", ROWS, false),
            (ONE, ROWS, "", ROWS, false),
            // Its prices come in a file of their own.
            (ONE, "", ONE, ROWS, true),
            // Not published yet, or on a day that has not come.
            ("D,1,CNY,2026-01-01,,,\n", ROWS, "", "", true),
            ("D,1,CNY,2026-01-01,,2026-03-25,\n", ROWS, "", "", true),
            // Those who were told of it rely on it.
            ("D,1,CNY,2026-01-01,,2026-03-25,sales\n", ROWS, "", "", false),
            ("D,1,CNY,2026-01-01,,2026-03-01,\n", ROWS, "", "", false),
        ] {
            let bodies = [lists(was), prices(had), lists(is), prices(has)];
            let [old, old_rows, new, new_rows] = &bodies;
            let found = unpublished([Some(old), Some(old_rows)], [Some(new), Some(new_rows)], today);
            assert_eq!(found.is_ok(), fits, "{was}{had}→{is}{has}: {found:?}");
        }
        let (old, rows) = (lists(ONE), prices(ROWS));
        let said = unpublished([Some(&old), Some(&rows)], [Some(&old), None], today).unwrap_err();
        assert!(said.starts_with("version 1 of the price list D was published on 2025-12-25"), "{said}");
        assert!(said.contains("(2 rows differ)"), "{said}");
    }
}

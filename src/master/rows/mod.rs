//! How each table's columns become a row: names, key, and one `parse` per table.

mod customers;
mod partners;
mod prices;
mod products;

use super::cells::Cells;
use super::tables;
use serde::Serialize;
use serde_json::Value;

/// A row of a table of master data.
pub(super) trait Row: Serialize + Sized {
    /// Every column that has to be there, in the order of the shipped files.
    const COLUMNS: &'static [&'static str];
    /// Columns that may be left out; then what stands there stays.
    const OPTIONAL: &'static [&'static str] = &[];
    /// The beginning, up to a dot, of columns that a firm names itself; they are kept under it.
    const OPEN: Option<&'static str> = None;
    /// The columns that tell two rows apart.
    const KEY: &'static [&'static str];
    /// Columns that hold what belongs to people: records of changes say only that they changed.
    const PERSONAL: &'static [&'static str] = &[];
    fn parse(cells: &mut Cells<'_>) -> Self;
}

/// What is known of a table without its rows.
pub(super) struct Shape {
    pub(super) table: &'static str,
    pub(super) columns: &'static [&'static str],
    pub(super) optional: &'static [&'static str],
    pub(super) open: Option<&'static str>,
    pub(super) key: &'static [&'static str],
    pub(super) personal: &'static [&'static str],
    pub(super) parse: fn(&mut Cells<'_>) -> Value,
}

const fn shape_of<R: Row>(table: &'static str) -> Shape {
    Shape {
        table,
        columns: R::COLUMNS,
        optional: R::OPTIONAL,
        open: R::OPEN,
        key: R::KEY,
        personal: R::PERSONAL,
        parse: |cells| serde_json::to_value(R::parse(cells)).unwrap_or(Value::Null),
    }
}

static SHAPES: [Shape; tables::NAMES.len()] = [
    shape_of::<tables::Customer>("customers"),
    shape_of::<tables::Product>("products"),
    shape_of::<tables::Price>("prices"),
    shape_of::<tables::Alias>("aliases"),
    shape_of::<tables::Stock>("stock"),
    shape_of::<tables::Balance>("balances"),
    shape_of::<tables::Bom>("boms"),
    shape_of::<tables::Carrier>("carriers"),
    shape_of::<tables::Department>("departments"),
    shape_of::<tables::Word>("words"),
    shape_of::<tables::Address>("addresses"),
    shape_of::<tables::PriceList>("price_lists"),
    shape_of::<tables::ListPrice>("list_prices"),
    shape_of::<tables::Supplier>("suppliers"),
    shape_of::<tables::Certificate>("certificates"),
    shape_of::<tables::Promotion>("promotions"),
];

/// The table of this name.
pub(super) fn shape(table: &str) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.table == table)
}

impl Shape {
    /// Whether a file may have this column.
    pub(super) fn has(&self, column: &str) -> bool {
        let open = |begins: &str| {
            column
                .strip_prefix(begins)
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|it| !it.is_empty())
        };
        self.columns.contains(&column) || self.optional.contains(&column) || self.open.is_some_and(open)
    }

    /// All columns, for those who named a wrong one.
    pub(super) fn known(&self) -> String {
        let open = self.open.map(|begins| format!("{begins}.NAME"));
        let named = self.columns.iter().chain(self.optional).map(|it| (*it).to_owned());
        named.chain(open).collect::<Vec<_>>().join(", ")
    }

    /// The key of a stored row.
    pub(super) fn key_of(&self, row: &Value) -> String {
        let part = |column: &&str| {
            let text = row.get(*column).and_then(Value::as_str).unwrap_or("");
            // A quantity is the same however it is written: 1000 and 1000.0.
            let figure = (*column == "min_qty").then(|| text.parse::<rust_decimal::Decimal>().ok()).flatten();
            figure.map_or_else(|| text.to_owned(), |it| it.normalize().to_string())
        };
        self.key.iter().map(part).collect::<Vec<_>>().join(" / ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_its_shape() {
        for table in tables::NAMES {
            assert_eq!(shape(table).map(|shape| shape.table), Some(table));
        }
    }
}

//! What a category's schema is told of a line beside what its patterns find in the texts: figures and facts.
//!
//! `schemas/category/README.md` lists them for those who write a schema.

use super::{Case, amounts, resolve};
use crate::master::Product;
use crate::order::line::Line;
use crate::order::money::Currency;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The names of all of them: no pattern of a schema may use one.
pub(super) const GIVEN: [&str; 16] = [
    "barcode",
    "barcode_quantity",
    "category",
    "category_amount",
    "currency",
    "customer_grade",
    "customer_region",
    "customer_type",
    "description",
    "line_amount",
    "new_market",
    "order_amount",
    "pack_quantity",
    "quantity",
    "sku",
    "unit",
];

/// Sums over the whole order, which each of its lines is told.
pub(super) struct Sums<'a> {
    /// Quantity by what the goods are counted under, in the product's unit; none where a line says none.
    counted: HashMap<&'a str, Option<Decimal>>,
    /// Amount by category, in the order's currency.
    categories: HashMap<&'a str, Decimal>,
    order: Decimal,
}

impl<'a> Sums<'a> {
    pub(super) fn new(case: &Case<'a>) -> Self {
        let mut sums = Self { counted: HashMap::new(), categories: HashMap::new(), order: Decimal::ZERO };
        for line in &case.content.lines {
            let amount = amount(line).unwrap_or_default();
            sums.order = sums.order.saturating_add(amount);
            let Some(product) = line.sku.as_deref().and_then(|sku| case.facts.master.product(sku)) else {
                continue;
            };
            let category = sums.categories.entry(&product.category).or_default();
            *category = category.saturating_add(amount);
            let quantity = amounts::quantity(line, product);
            let counted = sums.counted.entry(counted_under(product)).or_insert(Some(Decimal::ZERO));
            *counted = counted.zip(quantity).and_then(|(sum, more)| sum.checked_add(more));
        }
        sums
    }
}

/// What cartons are counted by: their barcode, or the SKU of goods without one.
fn counted_under(product: &Product) -> &str {
    product.barcode.as_deref().unwrap_or(&product.sku)
}

/// Quantity × price, as far as both are known.
fn amount(line: &Line) -> Option<Decimal> {
    line.quantity?.checked_mul(line.unit_price?)
}

/// What is known of the line; what is not known is left out.
pub(super) fn given(case: &Case<'_>, line: &Line, product: &Product, sums: &Sums<'_>) -> Map<String, Value> {
    let book = |amount: Decimal| in_book(case, amount);
    let counted = sums.counted.get(counted_under(product)).copied().flatten();
    let customer = case.content.customer.as_deref().and_then(|code| case.facts.master.customer(code));
    let new_markets = &case.facts.settings.new_market_regions;
    let given: [(&str, Option<Value>); GIVEN.len()] = [
        ("barcode", barcode(line, product).map(|code| json!(code))),
        ("barcode_quantity", counted.map(number)),
        ("category", Some(json!(product.category))),
        ("category_amount", sums.categories.get(product.category.as_str()).map(|sum| book(*sum))),
        ("currency", case.content.currency.map(|currency| json!(currency))),
        ("customer_grade", customer.map(|customer| json!(customer.grade))),
        ("customer_region", customer.map(|customer| json!(customer.region))),
        ("customer_type", customer.map(|customer| json!(customer.kind))),
        ("description", Some(json!(line.description))),
        ("line_amount", amount(line).map(book)),
        (
            "new_market",
            customer.map(|customer| json!(customer.new_market || new_markets.contains(&customer.region))),
        ),
        ("order_amount", Some(book(sums.order))),
        ("pack_quantity", Some(number(product.pack_qty))),
        ("quantity", amounts::quantity(line, product).map(number)),
        ("sku", Some(json!(product.sku))),
        ("unit", Some(json!(product.unit))),
    ];
    given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// In the book currency, as limits are; an amount of a currency without a rate is over every limit.
fn in_book(case: &Case<'_>, amount: Decimal) -> Value {
    let currency = case.content.currency.unwrap_or(Currency::CNY);
    let money = crate::order::money::Money::new(amount, currency);
    let book = case.facts.exchange.in_book(money);
    number(book.unwrap_or(if amount.is_zero() { amount } else { Decimal::MAX }))
}

/// The product's barcode, or the one that the line names.
fn barcode(line: &Line, product: &Product) -> Option<String> {
    let texts =
        [line.customer_part.as_deref(), Some(&line.description), line.spec.as_deref(), line.note.as_deref()];
    let words = texts.into_iter().flatten().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let named = || words.clone().find(|word| resolve::is_barcode(word)).map(str::to_owned);
    product.barcode.clone().or_else(named)
}

fn number(value: Decimal) -> Value {
    let value = value.normalize();
    match value.to_i64().filter(|_| value.fract().is_zero()) {
        Some(whole) => json!(whole),
        None => json!(value.to_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::{GIVEN, Sums, given};
    use crate::check::desk::{Desk, text};
    use serde_json::{Value, json};

    fn of_first(desk: &Desk, name: &str) -> Value {
        desk.with(&[], |case| {
            let line = &case.content.lines[0];
            let product = case.facts.master.product(line.sku.as_deref().unwrap()).unwrap();
            given(case, line, product, &Sums::new(case)).get(name).cloned().unwrap_or_default()
        })
    }

    #[test]
    fn figures_are_in_the_products_unit_and_the_book_currency() {
        let lines = ["A18||100|打|6|", "A18||500|条|0.5", "A20||1000|条|0.6"];
        let mut desk = Desk::new(&lines);
        desk.settings.new_market_regions = vec!["South".to_owned()];
        for (name, value) in [
            ("quantity", json!(1200)),
            ("barcode_quantity", json!(1700)),
            ("line_amount", json!(600)),
            ("category_amount", json!(1450)),
            ("order_amount", json!(1450)),
            ("customer_grade", json!("key")),
            ("new_market", json!(true)),
            ("unit", json!("条")),
        ] {
            assert_eq!(of_first(&desk, name), value, "{name}");
        }
        desk.order().currency = text("USD");
        assert_eq!(of_first(&desk, "line_amount"), json!(4260));
        desk.order().currency = text("EUR");
        assert!(of_first(&desk, "line_amount").as_f64().unwrap() > 1e28, "a currency without a rate");
    }

    #[test]
    fn what_is_listed_is_what_is_given_and_what_the_page_says() {
        let page = include_str!("../../schemas/category/README.md");
        assert!(GIVEN.is_sorted());
        for name in GIVEN {
            assert!(page.contains(&format!("| `{name}` |")), "{name}");
        }
        let desk = Desk::new(&["A18|6970000010795|100|条|0.5"]);
        let named = GIVEN.into_iter().filter(|name| !of_first(&desk, name).is_null()).count();
        assert_eq!(named, GIVEN.len());
    }
}

//! Bills of material: what the making of goods takes through all levels, less what is free, in exact decimals.

use super::tables::{Bom, Product, Supplier};
use super::{difference, text, units};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// Levels of components below a product. Deeper ones are taken for a mistake.
pub const MOST_LEVELS: usize = 10;

/// One component of one unit of a product, waste included, in the component's unit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    component: String,
    per: Decimal,
}

/// What is known of a component or product.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// Its name, where it is a product.
    pub name: Option<String>,
    pub unit: Option<String>,
    /// Days that it takes to make; 0 for what is no product.
    pub lead_days: u32,
    pub source: Option<Source>,
}

/// Who delivers something, and within how many days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub code: String,
    pub lead_days: u32,
}

impl Item {
    /// Days until it is there when it is asked for today, as far as the tables say; 0 where they don't.
    #[must_use]
    pub fn days(&self) -> u32 {
        self.source.as_ref().map_or(self.lead_days, |source| source.lead_days)
    }
}

/// Why a product's bill can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// From a product down to itself.
    Cycle(Vec<String>),
    TooDeep(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cycle(round) => f.write_str(&round.join(" → ")),
            Self::TooDeep(sku) => write!(f, "{sku} → … (> {MOST_LEVELS})"),
        }
    }
}

/// All bills of a firm.
#[derive(Debug, Default)]
pub(super) struct Boms {
    parts: HashMap<String, Vec<Part>>,
    items: HashMap<String, Item>,
}

impl Boms {
    pub(super) fn new(rows: &[Bom], products: &[Product], suppliers: &[Supplier]) -> Self {
        let mut names = Names::new(products);
        let mut boms = Self::default();
        let mut sources: HashMap<String, Source> = HashMap::new();
        for (supplier, item) in suppliers.iter().flat_map(|it| it.items.iter().map(move |item| (it, item))) {
            let source = Source { code: supplier.code.clone(), lead_days: supplier.lead_days };
            let known = sources.entry(text::squeezed(item)).or_insert_with(|| source.clone());
            // Of several the one who delivers soonest.
            if (source.lead_days, &source.code) < (known.lead_days, &known.code) {
                *known = source;
            }
        }
        for product in products {
            let item = Item {
                name: Some(product.name.clone()),
                unit: Some(product.unit.clone()),
                lead_days: product.lead_days,
                source: sources.get(&text::squeezed(&product.sku)).cloned(),
            };
            boms.items.insert(product.sku.clone(), item);
        }
        for row in rows {
            let (sku, component) = (names.of(&row.sku), names.of(&row.component));
            let item = boms.items.entry(component.clone()).or_insert_with(|| Item {
                source: sources.get(&text::squeezed(&component)).cloned(),
                ..Item::default()
            });
            item.unit = item.unit.take().or_else(|| row.unit.clone());
            let per = per(row, item.unit.as_deref());
            let parts = boms.parts.entry(sku).or_default();
            match parts.iter_mut().find(|part| part.component == component) {
                Some(part) => part.per = part.per.saturating_add(per),
                None => parts.push(Part { component, per }),
            }
        }
        boms
    }

    /// The part of it that these products need.
    pub(super) fn bills(&self, skus: &[String]) -> Bills {
        let mut bills = Bills::default();
        let mut heights = BTreeMap::new();
        for sku in skus {
            if let Err(fault) = self.walk(sku, &mut Vec::new(), &mut heights, &mut bills.upward) {
                bills.faults.insert(sku.clone(), fault);
            }
        }
        for sku in &bills.upward {
            bills.items.insert(sku.clone(), self.items.get(sku).cloned().unwrap_or_default());
            if let Some(parts) = self.parts.get(sku) {
                bills.parts.insert(sku.clone(), parts.clone());
            }
        }
        bills
    }

    /// Adds the product to `upward`, behind everything that it is made of; answers how many levels stand below it. Each is
    /// walked through once, however often it is used.
    fn walk<'a>(
        &'a self,
        sku: &'a str,
        path: &mut Vec<&'a str>,
        heights: &mut BTreeMap<&'a str, usize>,
        upward: &mut Vec<String>,
    ) -> Result<usize, Fault> {
        if let Some(height) = heights.get(sku) {
            return Ok(*height);
        }
        if let Some(at) = path.iter().position(|it| *it == sku) {
            return Err(Fault::Cycle(path[at..].iter().chain([&sku]).map(|it| (*it).to_owned()).collect()));
        }
        let too_deep = |path: &[&str]| Fault::TooDeep(path.first().copied().unwrap_or(sku).to_owned());
        if path.len() > MOST_LEVELS {
            return Err(too_deep(path));
        }
        path.push(sku);
        let mut height = 0;
        for part in self.parts.get(sku).into_iter().flatten() {
            height = height.max(1 + self.walk(&part.component, path, heights, upward)?);
        }
        if height > MOST_LEVELS {
            return Err(too_deep(path));
        }
        path.pop();
        heights.insert(sku, height);
        upward.push(sku.to_owned());
        Ok(height)
    }
}

/// How many of the component's unit one of the product takes.
fn per(row: &Bom, unit: Option<&str>) -> Decimal {
    let counted = unit.map_or(row.qty_per, |into| units::counted(row.qty_per, row.unit.as_deref(), into));
    let waste = row.scrap.and_then(|scrap| counted.checked_mul(scrap)?.checked_div(Decimal::ONE_HUNDRED));
    counted.saturating_add(waste.unwrap_or_default())
}

/// One spelling of each name: that of the products' table, else the first that was seen.
struct Names(HashMap<String, String>);

impl Names {
    fn new(products: &[Product]) -> Self {
        Self(products.iter().map(|it| (text::squeezed(&it.sku), it.sku.clone())).collect())
    }

    fn of(&mut self, name: &str) -> String {
        self.0.entry(text::squeezed(name)).or_insert_with(|| name.to_owned()).clone()
    }
}

/// Whether a table of bills can be used: none has itself among its components or is too deep, and each component is counted
/// in units that measure the same. Both are bodies as they are stored; else what is wrong and what to do.
pub fn usable(boms: &Value, products: Option<&Value>) -> Result<(), String> {
    let (rows, products): (Vec<Bom>, Vec<Product>) = (rows(Some(boms)), rows(products));
    let boms = Boms::new(&rows, &products, &[]);
    let mut skus: Vec<String> = boms.parts.keys().cloned().collect();
    skus.sort();
    let bills = boms.bills(&skus);
    match bills.faults.values().next() {
        Some(Fault::Cycle(round)) => {
            return Err(format!("boms: {}: take one of these rows out", round.join(" is made of ")));
        }
        Some(Fault::TooDeep(sku)) => {
            return Err(format!(
                "boms: {sku} has more than {MOST_LEVELS} levels of components: leave out what is no part of it"
            ));
        }
        None => {}
    }
    let mut names = Names::new(&products);
    for row in &rows {
        let component = names.of(&row.component);
        let kept = boms.items.get(&component).and_then(|item| item.unit.as_deref());
        if let (Some(unit), Some(kept)) = (row.unit.as_deref(), kept)
            && units::factor(unit, kept).is_none()
        {
            let sku = &row.sku;
            return Err(format!(
                "boms: {sku} takes {component} in {unit}, and it is counted in {kept}: write the quantity in {kept}"
            ));
        }
    }
    Ok(())
}

fn rows<R: DeserializeOwned>(body: Option<&Value>) -> Vec<R> {
    difference::rows(body).iter().filter_map(|row| serde_json::from_value(row.clone()).ok()).collect()
}

/// What some products are made of, through all levels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bills {
    parts: BTreeMap<String, Vec<Part>>,
    items: BTreeMap<String, Item>,
    /// Every product and component once, behind everything that it is made of.
    upward: Vec<String>,
    faults: BTreeMap<String, Fault>,
}

/// What of one component a position takes, in the component's unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need<'a> {
    pub component: &'a str,
    pub item: &'a Item,
    pub quantity: Decimal,
    pub from_stock: Decimal,
    /// What has no bill itself and is not in stock.
    pub to_buy: Decimal,
    /// Days that are worked on the goods once it is there.
    pub ahead: u32,
}

/// What the making of a position takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Making<'a> {
    /// By component.
    pub needs: Vec<Need<'a>>,
    /// Days that it takes when all that has to be bought is there.
    pub days: u32,
}

impl Bills {
    /// The bills of these products, of tables that are not indexed.
    #[must_use]
    pub fn of(skus: &[String], (boms, products, suppliers): (&[Bom], &[Product], &[Supplier])) -> Self {
        Boms::new(boms, products, suppliers).bills(skus)
    }

    /// Whatever may be taken of the stock for them, themselves among it.
    pub fn skus(&self) -> impl Iterator<Item = &String> {
        self.upward.iter()
    }

    /// Why this product's bill can't be used.
    #[must_use]
    pub fn fault(&self, sku: &str) -> Option<&Fault> {
        self.faults.get(sku)
    }

    /// What `quantity` of a product takes, of which none comes from stock, and takes that out of what is `free`. Each level
    /// takes what is free of it before it is made. A product without a bill that a supplier delivers is bought itself; of one
    /// that nobody delivers nothing is known.
    pub fn make<'a>(
        &'a self,
        sku: &'a str,
        quantity: Decimal,
        free: &mut BTreeMap<String, Decimal>,
    ) -> Making<'a> {
        let Some((sku, item)) = self.items.get_key_value(sku) else { return Making::default() };
        let mut making = Making { needs: Vec::new(), days: item.lead_days };
        if !self.parts.contains_key(sku) {
            let whole = Need {
                component: sku,
                item,
                quantity,
                from_stock: Decimal::ZERO,
                to_buy: quantity,
                ahead: 0,
            };
            making.needs.extend(item.source.is_some().then_some(whole));
            return making;
        }
        let mut wanted: BTreeMap<&str, (Decimal, u32)> = [(sku.as_str(), (quantity, 0))].into();
        for (part, item) in self.upward.iter().rev().filter_map(|it| self.items.get_key_value(it)) {
            let Some((quantity, ahead)) = wanted.get(part.as_str()).copied() else { continue };
            let from_stock = if part == sku { Decimal::ZERO } else { take(free, part, quantity) };
            let rest = quantity.saturating_sub(from_stock);
            let parts = self.parts.get(part).map_or(&[][..], Vec::as_slice);
            if part != sku {
                let to_buy = if parts.is_empty() { rest } else { Decimal::ZERO };
                making.needs.push(Need { component: part, item, quantity, from_stock, to_buy, ahead });
            }
            if rest > Decimal::ZERO && !parts.is_empty() {
                let days = ahead.saturating_add(item.lead_days);
                making.days = making.days.max(days);
                for below in parts {
                    let want = wanted.entry(&below.component).or_default();
                    want.0 = want.0.saturating_add(rest.saturating_mul(below.per));
                    want.1 = want.1.max(days);
                }
            }
        }
        making.needs.sort_by_key(|need| need.component);
        making
    }
}

/// Takes as much of what is free as there is, up to `most`.
fn take(free: &mut BTreeMap<String, Decimal>, sku: &str, most: Decimal) -> Decimal {
    let Some(free) = free.get_mut(sku) else { return Decimal::ZERO };
    let taken = most.min(*free).max(Decimal::ZERO);
    *free = free.saturating_sub(taken);
    taken
}

#[cfg(test)]
mod tests;

//! Rules of the product category: each line's attributes against the JSON Schema of its product's category.

use super::Case;
use super::schemas::{Category, Place, Text};
use crate::master::Product;
use crate::master::text::simple;
use crate::order::line::Line;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value, json};

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let notes = case.draft.order.as_ref().and_then(|order| order.notes.as_ref());
    let notes = notes.map_or(String::new(), |notes| simple(&notes.value));
    // Most orders are of one category: its view of the notes is kept from line to line.
    let mut kept: Option<(&Category, Text)> = None;
    let mut problems: Vec<Problem> = Vec::new();
    for (at, line) in case.content.lines.iter().enumerate() {
        let product = line.sku.as_deref().and_then(|sku| case.facts.master.product(sku));
        let schema = product.and_then(|product| case.facts.categories.of(&product.category));
        let (Some(product), Some(schema)) = (product, schema) else { continue };
        let (_, notes) = match kept.take() {
            Some((of, text)) if std::ptr::eq(of, schema) => kept.insert((of, text)),
            Some(_) | None => kept.insert((schema, schema.text(Place::Order, &notes))),
        };
        for problem in (Position { case, at, line, product, schema, notes }).problems() {
            let known = |other: &Problem| other.path == problem.path && other.expected == problem.expected;
            if !problems.iter().any(known) {
                problems.push(problem);
            }
        }
    }
    problems
}

/// One line to be held against its schema.
struct Position<'a> {
    case: &'a Case<'a>,
    at: usize,
    line: &'a Line,
    product: &'a Product,
    schema: &'a Category,
    notes: &'a Text,
}

impl Position<'_> {
    fn problems(&self) -> Vec<Problem> {
        let (line, product) = (self.line, self.product);
        let joined =
            |texts: &[Option<&str>]| simple(&texts.iter().flatten().copied().collect::<Vec<_>>().join(" "));
        let said = [
            Some(line.description.as_str()),
            line.spec.as_deref(),
            line.color.as_deref(),
            line.note.as_deref(),
        ];
        let own = [Some(product.name.as_str()), product.name_en.as_deref(), product.spec.as_deref()];
        let said = self.schema.text(Place::Line, &joined(&said));
        let own = self.schema.text(Place::Product, &joined(&own));
        let (mut attributes, mut from_notes) = self.schema.attributes([&said, &own, self.notes]);
        let given = self.given(&mut attributes, &said);
        from_notes.retain(|name| !product.attr.contains_key(*name));
        attributes.insert("category".to_owned(), json!(product.category));
        attributes.insert("description".to_owned(), json!(line.description));
        let customer = self.case.content.customer.as_deref();
        if let Some(customer) = customer.and_then(|code| self.case.facts.master.customer(code)) {
            attributes.insert("customer_grade".to_owned(), json!(customer.grade));
            attributes.insert("customer_type".to_owned(), json!(customer.kind));
        }
        let attributes = Value::Object(attributes);
        let broken = self.schema.broken(&attributes);
        let broken = broken.iter().map(|error| problem(self.schema, error, self.at, &from_notes));
        broken.chain(given).collect()
    }

    /// What the products' table says of an attribute counts more than what a text says; that the order says something else is
    /// for a person to see.
    fn given(&self, attributes: &mut Map<String, Value>, said: &Text) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, text) in &self.product.attr {
            let value = self.schema.typed(name, text);
            for (said, path) in [(said, format!("lines.{}", self.at)), (self.notes, "notes".to_owned())] {
                if let Some(other) = self.schema.said(said, name).filter(|other| **other != value) {
                    let path = format!("{path}.{name}");
                    let problem = Problem::new(Code::CategoryRule, path, Severity::Review, Queue::Technical);
                    problems.push(problem.found(other).expected(&value));
                }
            }
            attributes.insert(name.clone(), value);
        }
        problems
    }
}

fn problem(
    schema: &Category,
    error: &jsonschema::ValidationError<'_>,
    at: usize,
    from_notes: &[&str],
) -> Problem {
    let rule = error.schema_path().to_string();
    let mut field = error.instance_path().to_string().trim_matches('/').replace('/', ".");
    if let ValidationErrorKind::Required { property } = error.kind() {
        field = property.as_str().unwrap_or_default().to_owned();
    }
    let name = schema.beside(&rule, "x-rule").map_or_else(|| rule.clone(), str::to_owned);
    let about = schema.beside(&rule, "x-about").unwrap_or(&field);
    let path =
        if from_notes.contains(&about) { format!("notes.{field}") } else { format!("lines.{at}.{field}") };
    let severity = match schema.beside(&rule, "x-severity") {
        Some("note") => Severity::Note,
        Some("blocks") => Severity::Blocks,
        Some(_) | None => Severity::Review,
    };
    let queue = schema.beside(&rule, "x-queue").unwrap_or("technical");
    let clears = Queue::ALL.into_iter().find(|known| known.as_str() == queue).unwrap_or(Queue::Technical);
    let found = (!error.instance().is_object()).then(|| error.instance().to_string());
    Problem { found, ..Problem::new(Code::CategoryRule, path, severity, clears).expected(name) }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::{Desk, text};

    #[test]
    fn zippers_follow_their_rules() {
        for (line, notes, expected) in [
            ("A18||1000|条|0.47", "", &[][..]),
            ("A18||1000|条|0.47", "OEKO-TEX 100 一类，全部过检针机", &[]),
            (
                "A18||1000|条|0.47",
                "OEKO-TEX certificate required",
                &["category_rule notes.eco_class eco_class"],
            ),
            (
                "A18|18cm 检针9级|1000|条|0.47",
                "",
                &["category_rule lines.0.needle_grade 9.0 needle_grade_of_size"],
            ),
            ("A18|18cm 检针8级|1000|条|0.47", "", &[]),
            ("A18|18cm 拉片刻字|1000|条|0.47", "", &[]),
            ("A18|18cm LOGO|1000|条|0.47", "", &["category_rule lines.0.brand_position brand_position"]),
            ("A18|18cm 不打标|1000|条|0.47", "", &["category_rule lines.0.no_house_mark true no_house_mark"]),
            (
                "A18|18cm|1000|条|0.47",
                "色卡后补",
                &["category_rule notes.swatch_to_follow true swatch_to_follow"],
            ),
            ("A18|18cm|1000|条|0.47", "色牢度要好", &["category_rule notes.test_named test_named"]),
            ("A18|18cm|1000|条|0.47", "色牢度≥4级", &[]),
            (
                "A18|18cm|1000|条|0.47",
                "免费开模",
                &[
                    "category_rule notes.free_tooling true free_tooling",
                    "category_rule notes.tooling true tooling",
                ],
            ),
            (
                "TAG|5×9cm|3000|张|0.11",
                "设计稿后补",
                &["category_rule notes.artwork_to_follow true artwork_to_follow"],
            ),
        ] {
            let mut desk = Desk::new(&[line, line]);
            desk.order().lines.truncate(if notes.is_empty() { 1 } else { 2 });
            desk.order().notes = text(notes);
            let mut said = desk.says(check);
            said.sort();
            assert_eq!(said, expected, "{line} {notes}");
        }
    }

    #[test]
    fn what_the_table_says_of_a_product_counts_more_than_texts() {
        let mut desk = Desk::new(&["A18|18cm 检针9级|1000|条|0.47"]);
        desk.give("N18", "needle_grade", "8");
        assert_eq!(desk.says(check), ["category_rule lines.0.needle_grade 9.0 8.0"]);
        desk.order().lines[0].description = text("18cm");
        assert!(desk.says(check).is_empty());
        desk.give("N18", "needle_grade", "9");
        assert_eq!(desk.says(check), ["category_rule lines.0.needle_grade 9.0 needle_grade_of_size"]);
    }

    #[test]
    fn a_new_customers_washed_metal_zipper_needs_a_trial() {
        let line = "|5#金属闭尾 古铜 18cm|1000|条|1.10";
        let mut desk = Desk::new(&[line]).from("石狮市蓝豚泳装有限公司", "cai@lantun.example");
        desk.order().lines[0].note = text("成衣水洗");
        assert_eq!(desk.says(check), ["category_rule lines.0.trial_sample trial_sample"]);
        desk.order().lines[0].note = text("成衣水洗，先试洗");
        assert!(desk.says(check).is_empty());
    }
}

//! Rules of the product category: each line's attributes against the JSON Schema of its product's category.
//!
//! A schema names the categories that it is for (`x-categories`, `*` for all that no other names), how attributes are
//! found in the texts (`x-attributes`), and beside a rule its name (`x-rule`), who clears it (`x-queue`) and how bad
//! it is (`x-severity`).

use super::Case;
use crate::master::text::simple;
use crate::order::line::Line;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;
use jsonschema::error::ValidationErrorKind;
use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use thiserror::Error;

#[derive(rust_embed::RustEmbed)]
#[folder = "schemas/category"]
struct Shipped;

/// The categories' schemas, compiled. Built once.
#[derive(Debug)]
pub struct Categories(Vec<Category>);

#[derive(Debug)]
struct Category {
    covers: Vec<String>,
    attributes: Vec<(Attribute, Regex)>,
    schema: Value,
    validator: jsonschema::Validator,
}

/// How an attribute is found: the first match of a regular expression, in lower-case simplified text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attribute {
    name: String,
    pattern: String,
    /// `string` (first group that took part, or all), `number` (the same as a number) or `boolean` (whether it is there).
    #[serde(rename = "type")]
    kind: Kind,
    /// Where to look: `line`, `product`, `order`; the first that has it counts.
    #[serde(rename = "in")]
    places: Vec<Place>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    String,
    Number,
    Boolean,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    Line,
    Product,
    Order,
}

/// A schema file that can't be used.
#[derive(Debug, Error)]
#[error("category schema {file}: {what}")]
pub struct CategoryError {
    pub file: String,
    pub what: String,
}

/// Bytes that one compiled expression may take: patterns come from files that a firm edits.
const PATTERN_SIZE: usize = 1 << 20;

impl Categories {
    /// The schemas that ship, each replaced by the firm's own file of that name; files with new names are added.
    pub fn new(own: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self, CategoryError> {
        let shipped = Shipped::iter().filter(|name| name.ends_with(".json"));
        let shipped =
            shipped.filter_map(|name| Some((name.to_string(), Shipped::get(&name)?.data.into_owned())));
        let files: BTreeMap<String, Vec<u8>> = shipped.chain(own).collect();
        files.iter().map(|(file, bytes)| Category::new(file, bytes)).collect::<Result<_, _>>().map(Self)
    }

    fn of(&self, category: &str) -> Option<&Category> {
        let covers =
            |name: &str| self.0.iter().find(|schema| schema.covers.iter().any(|covered| covered == name));
        covers(category).or_else(|| covers("*"))
    }
}

impl Category {
    fn new(file: &str, bytes: &[u8]) -> Result<Self, CategoryError> {
        let wrong = |what: String| CategoryError { file: file.to_owned(), what };
        let schema: Value = serde_json::from_slice(bytes).map_err(|e| wrong(e.to_string()))?;
        let part = |name: &str| schema.get(name).cloned().unwrap_or_else(|| json!([]));
        let covers =
            serde_json::from_value(part("x-categories")).map_err(|e| wrong(format!("x-categories: {e}")))?;
        let attributes: Vec<Attribute> =
            serde_json::from_value(part("x-attributes")).map_err(|e| wrong(format!("x-attributes: {e}")))?;
        let compiled = attributes.into_iter().map(|attribute| {
            let pattern = RegexBuilder::new(&attribute.pattern).size_limit(PATTERN_SIZE).build();
            pattern.map_err(|e| wrong(format!("{}: {e}", attribute.name))).map(|pattern| (attribute, pattern))
        });
        let attributes = compiled.collect::<Result<_, _>>()?;
        let validator = jsonschema::draft202012::new(&schema).map_err(|e| wrong(e.to_string()))?;
        Ok(Self { covers, attributes, schema, validator })
    }

    /// The attributes of a line, and the names of those that only the order's notes say.
    fn attributes(&self, texts: &[(Place, String)]) -> (Map<String, Value>, Vec<&str>) {
        let (mut found, mut from_notes) = (Map::new(), Vec::new());
        for (attribute, pattern) in &self.attributes {
            let texts =
                attribute.places.iter().flat_map(|place| texts.iter().filter(move |(of, _)| of == place));
            let mut hits = texts.filter_map(|(place, text)| Some((*place, pattern.captures(text)?)));
            let Some((place, captures)) = hits.next() else { continue };
            let text = captures
                .iter()
                .skip(1)
                .flatten()
                .next()
                .or_else(|| captures.get(0))
                .map_or("", |m| m.as_str());
            let value = match attribute.kind {
                Kind::String => json!(text),
                Kind::Number => text.parse::<f64>().map_or(Value::Null, |number| json!(number)),
                Kind::Boolean => json!(true),
            };
            found.insert(attribute.name.clone(), value);
            if place == Place::Order {
                from_notes.push(attribute.name.as_str());
            }
        }
        (found, from_notes)
    }

    /// The value of a keyword beside the rule that was broken, or beside the nearest rule around it.
    fn beside(&self, rule: &str, keyword: &str) -> Option<&str> {
        let (mut at, mut found) = (&self.schema, self.schema.get(keyword));
        for step in rule.split('/').filter(|step| !step.is_empty()) {
            let below = match at.as_array() {
                Some(list) => step.parse::<usize>().ok().and_then(|step| list.get(step)),
                None => at.get(step),
            };
            at = below.unwrap_or(at);
            found = at.get(keyword).or(found);
        }
        found.and_then(Value::as_str)
    }
}

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    for (at, line) in case.content.lines.iter().enumerate() {
        for problem in of_line(case, at, line) {
            let known = |other: &Problem| other.path == problem.path && other.expected == problem.expected;
            if !problems.iter().any(known) {
                problems.push(problem);
            }
        }
    }
    problems
}

fn of_line(case: &Case<'_>, at: usize, line: &Line) -> Vec<Problem> {
    let product = line.sku.as_deref().and_then(|sku| case.facts.master.product(sku));
    let schema = product.and_then(|product| case.facts.categories.of(&product.category));
    let (Some(product), Some(schema)) = (product, schema) else { return Vec::new() };
    let said =
        [Some(line.description.as_str()), line.spec.as_deref(), line.color.as_deref(), line.note.as_deref()];
    let said = said.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let own = [Some(product.name.as_str()), product.name_en.as_deref(), product.spec.as_deref()];
    let own = own.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let notes =
        case.draft.order.as_ref().and_then(|order| order.notes.as_ref()).map_or("", |notes| &notes.value);
    let texts = [(Place::Line, simple(&said)), (Place::Product, simple(&own)), (Place::Order, simple(notes))];
    let (mut instance, from_notes) = schema.attributes(&texts);
    instance.insert("category".to_owned(), json!(product.category));
    instance.insert("description".to_owned(), json!(line.description));
    let customer = case.content.customer.as_deref().and_then(|code| case.facts.master.customer(code));
    if let Some(customer) = customer {
        instance.insert("customer_grade".to_owned(), json!(customer.grade));
        instance.insert("customer_type".to_owned(), json!(customer.kind));
    }
    let instance = Value::Object(instance);
    let broken = schema.validator.iter_errors(&instance);
    broken.map(|error| problem(schema, &error, at, &from_notes)).collect()
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
    use super::{Categories, check};
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
    fn a_new_customers_washed_metal_zipper_needs_a_trial() {
        let line = "|5#金属闭尾 古铜 18cm|1000|条|1.10";
        let mut desk = Desk::new(&[line]).from("石狮市蓝豚泳装有限公司", "cai@lantun.example");
        desk.order().lines[0].note = text("成衣水洗");
        assert_eq!(desk.says(check), ["category_rule lines.0.trial_sample trial_sample"]);
        desk.order().lines[0].note = text("成衣水洗，先试洗");
        assert!(desk.says(check).is_empty());
    }

    #[test]
    fn a_broken_schema_of_the_firms_own_is_refused() {
        for (text, what) in [
            ("{", "category schema own.json: EOF"),
            (
                r#"{"x-attributes": [{"name": "a", "pattern": "(", "type": "string", "in": ["line"]}]}"#,
                "own.json: a: ",
            ),
            (r#"{"type": "zip"}"#, "category schema own.json: "),
        ] {
            let error = Categories::new([("own.json".to_owned(), text.as_bytes().to_vec())]).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
        }
    }

    #[test]
    fn the_firms_own_file_replaces_the_shipped_one() {
        let own = br#"{"x-categories": ["x"], "type": "object"}"#.to_vec();
        let categories = Categories::new([("zipper.json".to_owned(), own)]).unwrap();
        assert!(
            categories.of("\u{5c3c}\u{9f99}\u{62c9}\u{94fe}").is_some_and(|schema| schema.covers == ["*"])
        );
    }
}

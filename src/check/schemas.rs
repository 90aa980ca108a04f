//! The JSON Schemas of the product categories, compiled: those that ship, and the firm's own.
//!
//! A schema names the categories that it is for (`x-categories`, `*` for all that no other names), how attributes are
//! found in the texts (`x-attributes`), and beside a rule its name (`x-rule`), what it is about (`x-about`), who clears
//! it (`x-queue`) and how bad it is (`x-severity`). `schemas/category/README.md` says it for those who write one.

use super::attributes::GIVEN;
use crate::master::text::simple;
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

/// One schema with what it looks for.
#[derive(Debug)]
pub(super) struct Category {
    covers: Vec<String>,
    attributes: Vec<(Attribute, Regex)>,
    schema: Value,
    validator: jsonschema::Validator,
    /// What is free of the product's minimum order.
    no_minimum: Option<jsonschema::Validator>,
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

/// Where a text comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
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
    /// The schemas that ship, each replaced by the firm's own file of that name; files with new names are added, and come
    /// first where two are for one category.
    pub fn new(own: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self, CategoryError> {
        let shipped = Shipped::iter().filter(|name| name.ends_with(".json"));
        let shipped =
            shipped.filter_map(|name| Some((name.to_string(), Shipped::get(&name)?.data.into_owned())));
        let own: BTreeMap<String, Vec<u8>> = own.into_iter().collect();
        let shipped: BTreeMap<String, Vec<u8>> =
            shipped.filter(|(name, _)| !own.contains_key(name)).collect();
        let files = own.iter().chain(&shipped);
        files.map(|(file, bytes)| Category::new(file, bytes)).collect::<Result<_, _>>().map(Self)
    }

    /// The schema of a product category.
    pub(super) fn of(&self, category: &str) -> Option<&Category> {
        let covers =
            |name: &str| self.0.iter().find(|schema| schema.covers.iter().any(|covered| covered == name));
        covers(category).or_else(|| covers("*"))
    }
}

/// What one text says: a value for each attribute of the schema that is looked for there and found.
#[derive(Debug, Clone)]
pub(super) struct Text {
    place: Place,
    said: Vec<Option<Value>>,
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
        let attributes: Vec<(Attribute, Regex)> = compiled.collect::<Result<_, _>>()?;
        if let Some((taken, _)) = attributes.iter().find(|(it, _)| GIVEN.contains(&it.name.as_str())) {
            let what = format!("x-attributes: `{}` is given already: take another name", taken.name);
            return Err(wrong(what));
        }
        let compile = |schema| jsonschema::draft202012::new(schema).map_err(|e| wrong(e.to_string()));
        let validator = compile(&schema)?;
        let no_minimum = schema.get("x-no-minimum").map(compile).transpose()?;
        Ok(Self { covers, attributes, schema, validator, no_minimum })
    }

    /// Looks through a text, in lower case and simplified characters.
    pub(super) fn text(&self, place: Place, text: &str) -> Text {
        let wanted = |attribute: &Attribute| attribute.places.contains(&place) && !text.is_empty();
        let said = self
            .attributes
            .iter()
            .map(|(attribute, pattern)| wanted(attribute).then(|| attribute.value(pattern, text)).flatten());
        Text { place, said: said.collect() }
    }

    /// The attributes that the texts say, and the names of those that only the order's notes say.
    pub(super) fn attributes(&self, texts: [&Text; 3]) -> (Map<String, Value>, Vec<&str>) {
        let (mut found, mut from_notes) = (Map::new(), Vec::new());
        for (at, (attribute, _)) in self.attributes.iter().enumerate() {
            let places = attribute.places.iter();
            let mut texts =
                places.flat_map(|place| texts.into_iter().filter(move |text| text.place == *place));
            let said = texts.find_map(|text| Some((text.place, text.said.get(at)?.as_ref()?)));
            let Some((place, value)) = said else { continue };
            found.insert(attribute.name.clone(), value.clone());
            if place == Place::Order {
                from_notes.push(attribute.name.as_str());
            }
        }
        (found, from_notes)
    }

    /// A value of the products' table as this attribute has it; a text where no attribute of that name is looked for.
    pub(super) fn typed(&self, name: &str, text: &str) -> Value {
        let attribute = self.attributes.iter().find(|(attribute, _)| attribute.name == name);
        match attribute.map(|(attribute, _)| attribute.kind) {
            Some(Kind::Number) => text.parse::<f64>().map_or_else(|_| json!(text), |number| json!(number)),
            Some(Kind::Boolean) => match simple(text).as_str() {
                "yes" | "true" | "1" | "是" | "有" => json!(true),
                "no" | "false" | "0" | "否" | "无" => json!(false),
                other => json!(other),
            },
            Some(Kind::String) => json!(simple(text)),
            None => json!(text),
        }
    }

    /// What a text says of an attribute.
    pub(super) fn said<'t>(&self, text: &'t Text, name: &str) -> Option<&'t Value> {
        let at = self.attributes.iter().position(|(attribute, _)| attribute.name == name)?;
        text.said.get(at)?.as_ref()
    }

    /// Everything in which the attributes break the schema.
    pub(super) fn broken<'i>(&'i self, attributes: &'i Value) -> Vec<jsonschema::ValidationError<'i>> {
        self.validator.iter_errors(attributes).collect()
    }

    /// Whether it frees any line of its product's minimum order.
    pub(super) const fn can_free(&self) -> bool {
        self.no_minimum.is_some()
    }

    /// Whether these attributes free a line of its product's minimum order.
    pub(super) fn frees_of_minimum(&self, attributes: &Value) -> bool {
        self.no_minimum.as_ref().is_some_and(|schema| schema.is_valid(attributes))
    }

    /// The value of a keyword beside the rule that was broken, or beside the nearest rule around it.
    pub(super) fn beside(&self, rule: &str, keyword: &str) -> Option<&str> {
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

impl Attribute {
    fn value(&self, pattern: &Regex, text: &str) -> Option<Value> {
        if !pattern.is_match(text) {
            return None;
        }
        let said = || {
            let captures = pattern.captures(text)?;
            let group = captures.iter().skip(1).flatten().next().or_else(|| captures.get(0))?;
            Some(group.as_str())
        };
        Some(match self.kind {
            Kind::Boolean => json!(true),
            Kind::String => json!(said()),
            Kind::Number => json!(said().and_then(|text| text.parse::<f64>().ok())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Categories;

    #[test]
    fn a_broken_schema_of_the_firms_own_is_refused() {
        for (text, what) in [
            ("{", "category schema own.json: EOF"),
            (
                r#"{"x-attributes": [{"name": "a", "pattern": "(", "type": "string", "in": ["line"]}]}"#,
                "own.json: a: ",
            ),
            (
                r#"{"x-attributes": [{"name": "unit", "pattern": "x", "type": "string", "in": ["line"]}]}"#,
                "`unit` is given already: take another name",
            ),
            (r#"{"x-no-minimum": {"type": 1}}"#, "category schema own.json: "),
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
        assert!(categories.of("尼龙拉链").is_some_and(|schema| schema.covers == ["*"]));
    }
}

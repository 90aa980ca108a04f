//! The texts of mails: templates from `config/templates`, which a firm may override by its own.

use super::header;
use crate::order::document::Language;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value, value::Serde};
use rust_embed::Embed;
use serde::Serialize;
use thiserror::Error as ThisError;
use unicode_width::UnicodeWidthStr;

#[derive(Embed)]
#[folder = "config/templates"]
struct Shipped;

/// Every mail that there is a template for.
pub const MAILS: [&str; 14] = [
    "confirmation",
    "cancelled",
    "notification",
    "review_requested",
    "deadline",
    "filed",
    "resend",
    "undelivered",
    "price_list",
    "question",
    "answer",
    "correspondence",
    "guarantee_broken",
    "watching",
];

/// The templates of both languages, read and ready.
#[derive(Debug)]
pub struct Templates(Environment<'static>);

/// A template that can't be used, or that asks for what there is not.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
#[error("template {name}: {what}")]
pub struct TemplateError {
    pub name: String,
    pub what: String,
}

/// Subject and text of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
}

impl Templates {
    /// The templates that ship with the program.
    pub fn shipped() -> Result<Self, TemplateError> {
        Self::with(std::iter::empty())
    }

    /// The shipped templates, with a firm's own in place of those of the same name (`zh/confirmation/body.txt`).
    pub fn with(own: impl IntoIterator<Item = (String, String)>) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_syntax(
            SyntaxConfig::builder()
                .trim_blocks(true)
                .lstrip_blocks(true)
                .build()
                .map_err(|error| failed("syntax", &error))?,
        );
        environment.set_auto_escape_callback(|name| {
            let page = std::path::Path::new(name).extension().is_some_and(|it| it == "html");
            if page { minijinja::AutoEscape::Html } else { minijinja::AutoEscape::None }
        });
        environment.add_function("table", table);
        environment.add_function("pairs", pairs);
        let shipped = Shipped::iter().filter_map(|name| {
            let text = String::from_utf8(Shipped::get(&name)?.data.into_owned()).ok()?;
            Some((name.into_owned(), text))
        });
        for (name, text) in shipped.chain(own) {
            let known = name.clone();
            environment.add_template_owned(name, text).map_err(|error| failed(&known, &error))?;
        }
        Ok(Self(environment))
    }

    /// Writes a page (`form/page.html`), in whatever language its words are. What stands in `context` stands in it as text.
    pub fn page(&self, name: &str, context: serde_json::Value) -> Result<String, TemplateError> {
        let name = format!("{name}/page.html");
        let template = self.0.get_template(&name).map_err(|error| failed(&name, &error))?;
        template.render(Value::from(Serde(safe(context)))).map_err(|error| failed(&name, &error))
    }

    /// Writes a mail. Every text in `context` is made one safe line, so that none can break out of its place.
    pub fn render(
        &self,
        language: Language,
        mail: &str,
        context: serde_json::Value,
    ) -> Result<Rendered, TemplateError> {
        let folder = match language {
            Language::Zh | Language::Mixed => "zh",
            Language::En => "en",
        };
        let context = Value::from(Serde(safe(context)));
        let part = |part: &str| {
            let name = format!("{folder}/{mail}/{part}");
            let template = self.0.get_template(&name).map_err(|error| failed(&name, &error))?;
            template.render(&context).map_err(|error| failed(&name, &error))
        };
        let (subject, text) = (part("subject")?, part("body.txt")?);
        Ok(Rendered { subject: header::subject(&subject), text: format!("{}\n", text.trim_end()) })
    }
}

fn failed(name: &str, error: &Error) -> TemplateError {
    let line = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    TemplateError { name: name.to_owned(), what: format!("{line}{error}") }
}

fn safe(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Json::String(text) => Json::String(header::line(&text)),
        Json::Array(items) => Json::Array(items.into_iter().map(safe).collect()),
        Json::Object(fields) => Json::Object(fields.into_iter().map(|(key, it)| (key, safe(it))).collect()),
        Json::Null | Json::Bool(_) | Json::Number(_) => value,
    }
}

/// `table(lines, [["sku", "Item", "left"], …])`: an aligned table; a column that no line fills is left out.
fn table(lines: Vec<Value>, columns: Vec<Vec<String>>) -> Result<String, Error> {
    let mut filled = Vec::new();
    for column in columns {
        let [field, heading, side] = column.as_slice() else {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "a column is [field, heading, left or right]",
            ));
        };
        let cells = lines.iter().map(|line| cell(line, field)).collect::<Result<Vec<_>, _>>()?;
        if cells.iter().any(|cell| !cell.is_empty()) {
            let width = cells.iter().chain([heading]).map(|cell| cell.width()).max().unwrap_or(0);
            filled.push((heading.clone(), side == "right", cells, width));
        }
    }
    let row = |cell: &dyn Fn(usize) -> String| {
        let cells: Vec<String> = filled
            .iter()
            .enumerate()
            .map(|(at, (_, right, _, width))| pad(&cell(at), *width, *right))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    let mut text = vec![row(&|at| filled[at].0.clone()), row(&|at| "-".repeat(filled[at].3))];
    text.extend((0..lines.len()).map(|line| row(&|at| filled[at].2[line].clone())));
    Ok(text.join("\n"))
}

/// `pairs([["Order", number], …])`: labels and values, aligned; a pair without a value is left out.
fn pairs(pairs: Vec<Vec<Value>>) -> Result<String, Error> {
    let mut filled = Vec::new();
    for pair in &pairs {
        let [label, value] = pair.as_slice() else {
            return Err(Error::new(ErrorKind::InvalidOperation, "a pair is [label, value]"));
        };
        let (label, value) = (label.to_string(), shown(value));
        if !value.is_empty() {
            filled.push((label, value));
        }
    }
    let width = filled.iter().map(|(label, _)| label.width()).max().unwrap_or(0);
    let lines = filled.iter().map(|(label, value)| format!("{}  {value}", pad(label, width, false)));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

fn cell(line: &Value, field: &str) -> Result<String, Error> {
    let value = line.get_attr(field)?;
    if value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, format!("a line has no `{field}`")));
    }
    Ok(shown(&value))
}

fn shown(value: &Value) -> String {
    if value.is_none() || value.is_undefined() { String::new() } else { value.to_string() }
}

/// Fills up to a width in columns of a fixed-width font, in which a Chinese character takes two.
fn pad(text: &str, width: usize, right: bool) -> String {
    let space = " ".repeat(width.saturating_sub(text.width()));
    if right { format!("{space}{text}") } else { format!("{text}{space}") }
}

/// A context for templates from anything that serialises, with more beside it.
#[must_use]
pub fn beside(main: &impl Serialize, more: serde_json::Value) -> serde_json::Value {
    let mut all = serde_json::to_value(main).unwrap_or_default();
    if let (Some(all), serde_json::Value::Object(more)) = (all.as_object_mut(), more) {
        all.extend(more);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_line_up_in_both_scripts() {
        let line = |sku: &str, name: &str| {
            Value::from(Serde(serde_json::json!({"sku": sku, "name": name, "color": null})))
        };
        let columns = [["name", "品名", "left"], ["color", "颜色", "left"], ["sku", "料号", "right"]];
        let columns = columns.map(|column| column.map(str::to_owned).to_vec()).to_vec();
        let text = table(vec![line("A-1", "拉链"), line("B", "zipper")], columns).unwrap();
        assert_eq!(text, "品名    料号\n------  ----\n拉链     A-1\nzipper     B");
    }

    #[test]
    fn a_template_that_asks_for_what_there_is_not_is_an_error() {
        let own = [("zh/deadline/subject".to_owned(), "{{ nothing }}".to_owned())];
        let error = Templates::with(own)
            .unwrap()
            .render(Language::Zh, "deadline", serde_json::Value::Null)
            .unwrap_err();
        assert!(error.to_string().starts_with("template zh/deadline/subject: line 1: "), "{error}");
        let own = [("zh/deadline/subject".to_owned(), "{{ nothing".to_owned())];
        assert!(Templates::with(own).is_err());
    }
}

//! The report as one page that needs nothing beside it: a template in `config/templates`, filled.

use super::report::Report;
use crate::order::document::Language;
use crate::release::templates::TemplateError;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value, context, value::Serde};
use rust_embed::Embed;

#[derive(Embed)]
#[folder = "config/templates"]
#[include = "rehearsal/*"]
#[include = "*/rehearsal/*"]
struct Shipped;

/// What stands around the figures.
pub struct Frame<'a> {
    /// The firm's name in the language of the page.
    pub firm: &'a str,
    /// When it was made, in the firm's time.
    pub made: String,
    /// The firm's own template in place of the shipped page.
    pub own: Option<String>,
}

/// Name of the page's template, below `config/templates` or the firm's own.
#[must_use]
pub const fn template(language: Language) -> &'static str {
    match language {
        Language::Zh | Language::Mixed => "zh/rehearsal/page.html",
        Language::En => "en/rehearsal/page.html",
    }
}

/// The page, in the language of the report. Whatever a customer wrote stands in it as text.
pub fn page(report: &Report, frame: Frame<'_>) -> Result<String, TemplateError> {
    let name = template(report.language);
    let failed = |error: Error| {
        let line = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
        TemplateError { name: error.name().unwrap_or(name).to_owned(), what: format!("{line}{error}") }
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(failed)?;
    environment.set_syntax(syntax);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("thousands", |text: String| thousands(&text));
    let shipped = Shipped::iter().filter_map(|name| {
        Some((name.clone().into_owned(), String::from_utf8(Shipped::get(&name)?.data.into_owned()).ok()?))
    });
    for (name, text) in shipped.chain(frame.own.map(|text| (name.to_owned(), text))) {
        environment.add_template_owned(name, text).map_err(failed)?;
    }
    let filled = context! { report => Value::from(Serde(report)), firm => frame.firm, made => frame.made };
    environment.get_template(name).and_then(|it| it.render(filled)).map_err(failed)
}

/// `1234567.50` as `1,234,567.50`; what is no number as it is.
fn thousands(text: &str) -> String {
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    let mut out = String::new();
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn long_numbers_are_parted() {
        for (text, said) in
            [("1", "1"), ("999", "999"), ("1000.5", "1,000.5"), ("1234567.50", "1,234,567.50"), ("–", "–")]
        {
            assert_eq!(thousands(text), said);
        }
    }
}

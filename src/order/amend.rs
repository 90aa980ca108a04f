//! What an order comes to when its customer changes it (更改单): what he says now, merged into what was agreed.

use super::done::Rates;
use super::draft::{Confidence, DraftLine, DraftOrder, Evidence, Field, Found};
use super::line::{Content, Line};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Amendments and cancellations: section `[changes]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct ChangeSettings {
    pub rates: Rates,
    pub words: Words,
}

/// The words of an amendment's lines that say more than a changed figure does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Words {
    /// The line is not wanted any more.
    pub cancelled: Vec<String>,
    /// The line comes on top of the others, also where the same goods were ordered before.
    pub added: Vec<String>,
}

impl Default for Words {
    fn default() -> Self {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
        Self {
            cancelled: words(&["取消", "删除", "不要", "cancel", "delete", "drop"]),
            added: words(&["新增", "增加", "追加", "加单", "additional", "new line", "added"]),
        }
    }
}

/// The agreed content with everything changed that the amendment says. `said` is what its `draft` means, line by line; what
/// the amendment leaves out stays as agreed, other than where it writes the whole order anew: lines whose amounts come to
/// the total that it states.
///
/// Its lines change those of the same part number of the customer's, else of the same product, else of the same text, else
/// of the same number where it names no goods. All others are new ones: another product is a line cancelled and one ordered
/// anew (DOMAIN: Changes).
#[must_use]
pub fn merged(agreed: &Content, said: &Content, draft: &DraftOrder, words: &Words) -> Content {
    let mut merged = agreed.clone();
    head(&mut merged, said, draft);
    let mut left: Vec<(usize, &Line)> = agreed.lines.iter().enumerate().collect();
    let mut gone: Vec<usize> = Vec::new();
    let mut next = agreed.lines.iter().map(|line| line.position).max().unwrap_or(0);
    for (line, printed) in said.lines.iter().zip(&draft.lines) {
        let says = |list: &[String]| says(printed, list);
        let matched = if says(&words.added) { None } else { matching(&left, line, printed) };
        match matched {
            Some(at) => {
                left.retain(|(is, _)| *is != at);
                if says(&words.cancelled) || line.quantity == Some(Decimal::ZERO) {
                    gone.push(at);
                } else if let Some(target) = merged.lines.get_mut(at) {
                    change(target, line, printed);
                }
            }
            // What was not ordered can't be cancelled: a person sees that nothing changes.
            None if says(&words.cancelled) => {}
            None => {
                next += 1;
                merged.lines.push(Line { position: next, ..line.clone() });
            }
        }
    }
    if is_whole(said, draft) {
        gone.extend(left.into_iter().map(|(at, _)| at));
    }
    let mut at = 0;
    merged.lines.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
    merged
}

/// The draft of an order as its document would say it after an amendment: who corrects the order later starts from there, and
/// its lines are those of the content `now` again. `said` is the amendment's own draft; totals are printed nowhere any more.
#[must_use]
pub fn redrafted(own: &DraftOrder, (before, now): (&Content, &Content), said: &DraftOrder) -> DraftOrder {
    let mut draft = DraftOrder { total: None, total_in_words: None, ..own.clone() };
    let text = |changed: bool, to: &mut Found<String>, now: &Option<String>| {
        if changed {
            *to = now.clone().map(keyed);
        }
    };
    text(before.payment_terms != now.payment_terms, &mut draft.payment_terms, &now.payment_terms);
    text(before.incoterm != now.incoterm, &mut draft.incoterm, &now.incoterm);
    text(before.shipping_method != now.shipping_method, &mut draft.shipping_method, &now.shipping_method);
    text(before.discount_code != now.discount_code, &mut draft.discount_code, &now.discount_code);
    if before.currency != now.currency {
        draft.currency = now.currency.map(|it| keyed(String::from(it)));
    }
    if before.requested != now.requested {
        draft.requested_delivery = now.requested.map(keyed);
    }
    if before.ship_to != now.ship_to {
        draft.ship_to = said.ship_to.clone();
    }
    let was = |line: &Line| before.lines.iter().enumerate().find(|(_, was)| was.position == line.position);
    draft.lines = now
        .lines
        .iter()
        .map(|line| match was(line) {
            Some((at, was)) => redrafted_line(own.lines.get(at), was, line),
            None => redrafted_line(None, &Line { position: line.position, ..Line::default() }, line),
        })
        .collect();
    draft
}

fn redrafted_line(own: Option<&DraftLine>, was: &Line, now: &Line) -> DraftLine {
    let mut draft = own.cloned().unwrap_or_default();
    let text = |changed: bool, to: &mut Found<String>, now: &Option<String>| {
        if changed {
            *to = now.clone().map(keyed);
        }
    };
    if was.sku != now.sku || was.description != now.description {
        // The product by our own number, which no wording can mistake.
        draft.customer_part = now.sku.clone().or_else(|| now.customer_part.clone()).map(keyed);
        draft.description = Some(keyed(now.description.clone()));
    }
    text(was.spec != now.spec, &mut draft.spec, &now.spec);
    text(was.color != now.color, &mut draft.color, &now.color);
    text(was.unit != now.unit, &mut draft.unit, &now.unit);
    text(was.note != now.note, &mut draft.note, &now.note);
    if was.quantity != now.quantity {
        draft.quantity = now.quantity.map(keyed);
    }
    if was.unit_price != now.unit_price || was.price_from_list != now.price_from_list {
        draft.unit_price = now.unit_price.filter(|_| !now.price_from_list).map(keyed);
    }
    if was.required != now.required {
        draft.delivery_date = now.required.map(keyed);
    }
    if was != now {
        draft.amount = None;
    }
    draft.line = Some(now.position.to_string());
    draft
}

fn keyed<T>(value: T) -> Field<T> {
    Field { value, evidence: Evidence::Keyed, confidence: Confidence::FULL }
}

fn head(merged: &mut Content, said: &Content, draft: &DraftOrder) {
    if draft.requested_delivery.is_some() {
        let was = merged.requested;
        merged.requested = said.requested;
        // A line's date that only repeats the order's moves with it.
        for line in merged.lines.iter_mut().filter(|line| line.required == was) {
            line.required = if line.required.is_some() { said.requested } else { None };
        }
    }
    if draft.currency.is_some() {
        merged.currency = said.currency;
    }
    let replace = |is_said: bool, to: &mut Option<String>, by: &Option<String>| {
        if is_said {
            to.clone_from(by);
        }
    };
    replace(draft.payment_terms.is_some(), &mut merged.payment_terms, &said.payment_terms);
    replace(draft.incoterm.is_some(), &mut merged.incoterm, &said.incoterm);
    replace(draft.shipping_method.is_some(), &mut merged.shipping_method, &said.shipping_method);
    replace(draft.discount_code.is_some(), &mut merged.discount_code, &said.discount_code);
    if draft.ship_to.name.is_some() || draft.ship_to.address.is_some() {
        merged.ship_to = said.ship_to;
    }
}

fn matching(left: &[(usize, &Line)], line: &Line, printed: &DraftLine) -> Option<usize> {
    let one = |fits: &dyn Fn(&Line) -> bool| {
        let mut found = left.iter().filter(|(_, it)| fits(it));
        let first = found.next().map(|(at, _)| *at);
        if found.next().is_some() { None } else { first }
    };
    let part = line.customer_part.as_deref().map(plain);
    let text = plain(&line.description);
    let same_part = |it: &Line| {
        part.is_some() && it.customer_part.as_deref().map(plain) == part && part.as_deref() != Some("")
    };
    let same_sku = |it: &Line| line.sku.is_some() && it.sku == line.sku;
    let same_text = |it: &Line| !text.is_empty() && plain(&it.description) == text;
    let names_goods = printed.customer_part.is_some() || printed.description.is_some();
    let number: Option<u32> = printed.line.as_deref().and_then(|line| line.trim().parse().ok());
    let same_number = |it: &Line| !names_goods && number == Some(it.position);
    one(&same_part).or_else(|| one(&same_sku)).or_else(|| one(&same_text)).or_else(|| one(&same_number))
}

/// Puts what the amendment's line says in the place of what was agreed.
fn change(target: &mut Line, line: &Line, printed: &DraftLine) {
    let other_goods = line.sku.is_some() && line.sku != target.sku;
    if other_goods {
        target.sku.clone_from(&line.sku);
        target.description.clone_from(&line.description);
        // Its price was that of the other goods.
        target.unit_price = line.unit_price;
        target.price_from_list = line.price_from_list;
    }
    if printed.unit_price.is_some() {
        target.unit_price = line.unit_price;
        target.price_from_list = false;
    }
    if printed.quantity.is_some() {
        target.quantity = line.quantity;
    }
    if printed.unit.is_some() {
        target.unit.clone_from(&line.unit);
    }
    if printed.spec.is_some() {
        target.spec.clone_from(&line.spec);
    }
    if printed.color.is_some() {
        target.color.clone_from(&line.color);
    }
    if printed.delivery_date.is_some() {
        target.required = line.required;
    }
    if printed.note.is_some() {
        target.note.clone_from(&line.note);
    }
}

/// Whether the amendment writes the whole order anew: it states a total, and its lines come to that.
fn is_whole(said: &Content, draft: &DraftOrder) -> bool {
    let Some(total) = &draft.total else { return false };
    let mut amounts = draft.lines.iter().zip(&said.lines).map(|(printed, line)| {
        let printed = printed.amount.as_ref().map(|amount| amount.value);
        printed.or_else(|| line.quantity?.checked_mul(line.unit_price?))
    });
    let sum = amounts.try_fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount?));
    !draft.lines.is_empty() && sum.is_some_and(|sum| sum.round_dp(2) == total.value.round_dp(2))
}

fn says(printed: &DraftLine, words: &[String]) -> bool {
    let Some(note) = &printed.note else { return false };
    let note = plain(&note.value);
    words.iter().any(|word| note.contains(&plain(word)))
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::change::changes;
    use crate::order::keyed::from_plain;
    use serde_json::{Value, json};

    /// What a draft means where every product's part number is its SKU.
    fn meant(draft: &DraftOrder) -> Content {
        let line = |(at, line): (u32, &DraftLine)| Line {
            position: at,
            customer_part: line.customer_part.as_ref().map(|it| it.value.clone()),
            sku: line.spec.as_ref().map(|it| it.value.clone()),
            description: line.description.as_ref().map(|it| it.value.clone()).unwrap_or_default(),
            spec: None,
            color: line.color.as_ref().map(|it| it.value.clone()),
            quantity: line.quantity.as_ref().map(|it| it.value),
            unit: line.unit.as_ref().map(|it| it.value.clone()),
            unit_price: line.unit_price.as_ref().map(|it| it.value),
            price_from_list: false,
            required: line.delivery_date.as_ref().map(|it| it.value),
            note: None,
        };
        Content {
            requested: draft.requested_delivery.as_ref().map(|it| it.value),
            payment_terms: Some("monthly".to_owned()),
            lines: (1..).zip(&draft.lines).map(line).collect(),
            ..Content::default()
        }
    }

    fn agreed() -> Content {
        let draft = from_plain(&json!({"requested_delivery": "2026-03-18", "lines": [
            {"customer_part": "P-1", "spec": "S1", "description": "black zipper", "color": "black", "quantity": "6000", "unit_price": "0.47", "delivery_date": "2026-03-18"},
            {"spec": "S2", "description": "button", "quantity": "5000", "unit_price": "0.20"},
            {"spec": "S3", "description": "tag", "quantity": "100", "unit_price": "1"},
        ]}));
        Content { payment_terms: Some("prepaid".to_owned()), ..meant(&draft.unwrap()) }
    }

    /// What changes, field by field; lines by their positions.
    fn says(amendment: &Value) -> String {
        let draft = from_plain(amendment).unwrap();
        let merged = merged(&agreed(), &meant(&draft), &draft, &Words::default());
        let keyed = |content: &Content| {
            let mut plain = json!(content);
            let lines: serde_json::Map<String, Value> =
                content.lines.iter().map(|line| (line.position.to_string(), json!(line))).collect();
            plain["lines"] = Value::Object(lines);
            plain
        };
        let said = changes(&keyed(&agreed()), &keyed(&merged)).into_iter().map(|it| match it.to {
            Value::Null => format!("-{}", it.path),
            Value::Object(line) => format!("+{} {}", it.path, line["sku"]),
            to @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                format!("{}={to}", it.path)
            }
        });
        said.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_the_customer_says_changes_and_nothing_else() {
        for (amendment, expected) in [
            (json!({"lines": [{"customer_part": "p-1", "quantity": "7500"}]}), r#"lines.1.quantity="7500""#),
            (json!({"lines": [{"spec": "S2", "quantity": "1"}]}), r#"lines.2.quantity="1""#),
            (
                json!({"lines": [{"description": "Button", "unit_price": "0.3"}]}),
                r#"lines.2.unit_price="0.3""#,
            ),
            (json!({"lines": [{"line": "3", "quantity": "9"}]}), r#"lines.3.quantity="9""#),
            // The number of a row of the amendment is not that of the order's line.
            (json!({"lines": [{"line": "3", "spec": "S1", "quantity": "9"}]}), r#"lines.1.quantity="9""#),
            (
                json!({"requested_delivery": "2026-03-22", "lines": []}),
                r#"lines.1.required="2026-03-22" requested="2026-03-22""#,
            ),
            (json!({"lines": [{"spec": "S2", "note": "取消"}]}), "-lines.2"),
            (json!({"lines": [{"spec": "S2", "quantity": "0"}]}), "-lines.2"),
            (json!({"lines": [{"spec": "S9", "description": "hook", "note": "取消"}]}), ""),
            (json!({"lines": [{"spec": "S2", "quantity": "7", "note": "新增"}]}), r#"+lines.4 "S2""#),
            (json!({"lines": [{"spec": "S9", "description": "hook", "quantity": "7"}]}), r#"+lines.4 "S9""#),
            (json!({"payment_terms": "monthly", "lines": []}), r#"payment_terms="monthly""#),
            // Other goods under his part number: another colour, and a price that is not known.
            (
                json!({"lines": [{"customer_part": "P-1", "spec": "S5", "description": "bronze zipper", "color": "bronze"}]}),
                r#"lines.1.color="bronze" lines.1.description="bronze zipper" lines.1.sku="S5" -lines.1.unit_price"#,
            ),
            // The whole order anew.
            (
                json!({"total": "2820", "lines": [{"spec": "S1", "quantity": "6000", "unit_price": "0.47"}]}),
                "-lines.2 -lines.3",
            ),
            (json!({"total": "9999", "lines": [{"spec": "S1", "quantity": "6000"}]}), ""),
        ] {
            assert_eq!(says(&amendment), expected, "{amendment}");
        }
    }

    #[test]
    fn goods_that_stand_twice_in_the_order_are_not_guessed() {
        let mut twice = agreed();
        twice.lines[2].sku = Some("S2".to_owned());
        let draft = from_plain(&json!({"lines": [{"spec": "S2", "quantity": "7"}]})).unwrap();
        let merged = merged(&twice, &meant(&draft), &draft, &Words::default());
        assert_eq!((merged.lines.len(), merged.lines[1].quantity), (4, twice.lines[1].quantity));
    }
}

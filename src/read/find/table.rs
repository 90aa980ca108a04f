//! Rows under a heading to order lines: totals told from lines, continuations joined, columns chosen by arithmetic.

use super::cells::{self, is_code, is_position};
use super::columns::{self, Heading};
use super::{Context, Doubt, Loose, Piece, field, sure};
use crate::order::draft::{Confidence, DraftLine, Field, Found};
use crate::read::codes::Code;
use crate::read::labels::{Column, Fit, Label, Words};
use crate::read::page::{Grid, Row};
use crate::read::value::text::{plain, squeeze};
use crate::read::value::{date, money};
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// A line with the header values that stand in its row (CSV exports repeat them).
#[derive(Debug, Clone, Default)]
pub struct TakenLine {
    pub line: DraftLine,
    pub po_number: Found<String>,
    pub order_date: Found<NaiveDate>,
    pub currency: Found<String>,
    pub terms: Found<String>,
}

/// What a grid holds, in reading order.
#[derive(Debug, Clone)]
pub enum Event {
    TableStart,
    Line(Box<TakenLine>),
    /// A total; `grand` tells it from subtotals, taxes and freight.
    Total {
        amount: Found<Decimal>,
        words: Found<Decimal>,
        currency: Option<String>,
        grand: bool,
    },
    Loose(Loose),
    Doubt(Doubt),
}

/// Which column of the grid serves as what.
#[derive(Debug, Default, Clone)]
struct Plan {
    line: Option<usize>,
    part: Option<usize>,
    description: Option<usize>,
    spec: Vec<usize>,
    color: Option<usize>,
    quantity: Option<usize>,
    unit: Option<usize>,
    price: Option<usize>,
    amount: Option<usize>,
    date: Option<usize>,
    note: Vec<usize>,
    guessed: Vec<usize>,
}

/// Reads a grid: rows outside tables are loose, rows under headings are lines.
#[must_use]
pub fn events(grid: &Grid, context: &Context<'_>) -> Vec<Event> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < grid.rows.len() {
        match columns::heading(&grid.rows[at], grid.rows.get(at + 1), context) {
            Some(heading) => {
                let start = at + heading.rows;
                let end = table_end(grid, start, &heading, context);
                if end > start {
                    out.push(Event::TableStart);
                    read_rows(grid, &grid.rows[start..end], &heading, context, &mut out);
                }
                at = end.max(start);
            }
            None => {
                out.push(Event::Loose(loose(grid, &grid.rows[at])));
                at += 1;
            }
        }
    }
    out
}

fn loose(grid: &Grid, row: &Row) -> Loose {
    let pieces = row.cells.iter().enumerate().filter(|(_, c)| !c.carried && !c.text.trim().is_empty());
    let piece = |(column, c): (usize, &crate::read::page::Cell)| Piece {
        text: c.text.clone(),
        column,
        evidence: grid.evidence(row.number, column),
    };
    Loose { pieces: pieces.map(piece).collect(), text: grid.sheet.is_none() }
}

/// The rows up to the next heading that differs, to label rows after a total, or to the end.
fn table_end(grid: &Grid, start: usize, heading: &Heading, context: &Context<'_>) -> usize {
    let mut blank = 0;
    for at in start..grid.rows.len() {
        let row = &grid.rows[at];
        if row.filled().next().is_none() {
            blank += 1;
            continue;
        }
        if let Some(other) = columns::heading(row, None, context)
            && other.heads != heading.heads
            && other.heads.iter().flatten().count() >= 3
        {
            return at;
        }
        if blank > 0 && is_label_row(row, heading, context) {
            return at;
        }
        blank = 0;
    }
    grid.rows.len()
}

/// A row of labels and values ("单号 | A1 | 日期 | …"), not of goods.
fn is_label_row(row: &Row, heading: &Heading, context: &Context<'_>) -> bool {
    let labels =
        row.filled().filter(|(_, t)| context.labels.label(t.trim_end_matches([':', '：'])).is_some()).count();
    let quantity = heading
        .first(Column::Quantity)
        .or(heading.first(Column::QuantityElse))
        .and_then(|c| row.cells.get(c))
        .and_then(|c| cells::quantity(&c.text, context));
    labels > 0 && quantity.is_none() && total_label(row, context).is_none()
}

fn read_rows(grid: &Grid, rows: &[Row], heading: &Heading, context: &Context<'_>, out: &mut Vec<Event>) {
    let body: Vec<&Row> = rows.iter().filter(|r| is_goods(r, heading, context)).collect();
    let plan = plan(&body, heading, context, out);
    let asked = body.iter().filter(|r| quantity_text(r, &plan).is_some()).count();
    // A preprinted form lists everything; only rows with a quantity are ordered.
    let form = heading.sizes.is_empty()
        && plan.quantity.is_some()
        && asked > 0
        && asked * 2 < body.len()
        && body.len() > 3;
    let mut count = 0;
    let mut ended = false;
    for row in rows {
        if row.filled().next().is_none() || columns::heading(row, None, context).is_some() {
            continue;
        }
        if let Some(total) = total(grid, row, &plan, context) {
            ended |= matches!(total, Event::Total { grand: true, .. });
            out.push(total);
        } else if ended && !is_goods(row, heading, context) {
            out.push(Event::Loose(loose(grid, row)));
        } else if !is_goods(row, heading, context)
            || !has_line(row, &plan, heading)
            || (ended && !is_solid(row, &plan, heading, context))
        {
            other_row(grid, row, &plan, heading, context, out);
        } else if form && quantity_text(row, &plan).is_none() {
            out.push(Event::Doubt(Doubt::new(
                Code::SkippedLine,
                format!("row {} has no quantity", row.number),
            )));
        } else {
            count += 1;
            lines(grid, row, &plan, heading, count, context, out);
        }
    }
}

fn text_at<'a>(row: &'a Row, column: Option<usize>) -> &'a str {
    column.and_then(|c| row.cells.get(c)).map_or("", |c| c.text.trim())
}

fn quantity_text<'a>(row: &'a Row, plan: &Plan) -> Option<&'a str> {
    Some(text_at(row, plan.quantity)).filter(|t| !t.is_empty() && !matches!(*t, "-" | "/" | "—" | "0"))
}

/// The label with which a total row starts, as printed.
fn total_label(row: &Row, context: &Context<'_>) -> Option<String> {
    for (_, text) in row.filled().take(6) {
        let text = plain(text);
        let head = text.split([':', '\n']).next().unwrap_or("").trim();
        let bare =
            head.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, ',' | '.' | '¥' | '$' | ' '));
        let glued = bare.len() < head.len()
            && bare.ends_with(|c: char| c.is_ascii_alphabetic())
            && head[bare.len()..].starts_with(|c: char| c.is_ascii_digit());
        let head = if glued { head } else { bare };
        let head = head.trim_end_matches("RMB").trim_end_matches("USD").trim();
        let known = |t: &str| context.labels.is(Words::Total, t) || context.labels.is(Words::Subtotal, t);
        if known(head) || (text.chars().count() < 40 && starts_total(&text, context)) {
            return Some(head.to_owned());
        }
    }
    None
}

/// "合计人民币（大写）：柒仟元整", "Total USD 794.00".
fn starts_total(text: &str, context: &Context<'_>) -> bool {
    let len =
        context.labels.starts(Words::Total, text).or_else(|| context.labels.starts(Words::Subtotal, text));
    let Some(rest) = len.and_then(|l| text.get(l..)) else { return false };
    let rest = rest.trim_start_matches([' ', ':', '(', ')']);
    let (_, rest) = context.labels.leading_currency(rest);
    rest.is_empty()
        || rest
            .trim_start()
            .starts_with(|c: char| c.is_ascii_digit() || matches!(c, '大' | '¥' | '$' | ':' | '('))
}

fn total(grid: &Grid, row: &Row, plan: &Plan, context: &Context<'_>) -> Option<Event> {
    let label = total_label(row, context)?;
    let coded = is_code(text_at(row, plan.part)) && quantity_text(row, plan).is_some();
    if coded {
        return None;
    }
    let grand = context.labels.label(&label).is_some_and(|l| matches!(l, Label::Total | Label::Words))
        || context.labels.label(&label).is_none() && !context.labels.is(Words::Subtotal, &label);
    let grand = grand && !context.labels.is(Words::Subtotal, &label);
    let mut amount: Found<Decimal> = None;
    let mut words: Found<Decimal> = None;
    let mut currency = None;
    for (column, text) in row.filled() {
        let evidence = grid.evidence(row.number, column);
        if let Some(value) = in_words(text) {
            words = Some(field(value, evidence.clone(), sure::LABELLED));
        }
        let counted = Some(column) == plan.quantity || Some(column) == plan.price;
        let after = text.rsplit([':', '：']).next().unwrap_or(text);
        let Some(money) = money_in(after, context)
            .filter(|_| !counted || row.filled().count() == 2 && plan.amount.is_none())
        else {
            continue;
        };
        let better = amount.is_none()
            || Some(column) == plan.amount
            || (plan.amount.is_none_or(|a| column > a) && money.currency.is_some());
        if better {
            currency = money.currency.clone().or(currency);
            let confidence = if money.ambiguous { sure::AMBIGUOUS } else { sure::LABELLED };
            amount = Some(field(money.value, evidence, confidence));
        }
    }
    Some(Event::Total { amount, words, currency, grand })
}

/// An amount in words, Chinese or English.
#[must_use]
pub fn in_words(text: &str) -> Option<Decimal> {
    let formal = text.chars().filter(|c| "壹贰貳叁參肆伍陆陸柒捌玖拾佰仟".contains(*c)).count();
    if formal >= 2 || (formal == 1 && text.contains(['元', '圆', '圓'])) {
        return crate::read::value::hanzi::amount(
            text.trim_start_matches(|c: char| !"零壹贰貳叁參肆伍陆陸柒捌玖拾".contains(c)),
        );
    }
    let lower = text.to_lowercase();
    (lower.contains("only") || lower.trim_start().starts_with("say"))
        .then(|| crate::read::value::english::amount(text))
        .flatten()
}

/// The last amount in a text.
fn money_in(text: &str, context: &Context<'_>) -> Option<money::Money> {
    let text = plain(text);
    let start = text.find(|c: char| c.is_ascii_digit() || matches!(c, '¥' | '$' | '€'))?;
    let (currency, _) = context.labels.leading_currency(text.trim_start());
    let mut found = cells::money(&text[start..], context)?;
    found.currency = found.currency.or(currency).or_else(|| context.labels.currency_in(&text[..start]));
    Some(found)
}

/// Neither empty nor total nor heading: has content in the columns of goods.
fn is_goods(row: &Row, heading: &Heading, context: &Context<'_>) -> bool {
    if total_label(row, context).is_some() || columns::heading(row, None, context).is_some() {
        return false;
    }
    let labelled = row.filled().any(|(_, t)| {
        t.ends_with([':', '：'])
            || t.split_once(['：', ':'])
                .is_some_and(|(l, _)| l.chars().count() <= 12 && context.labels.label(l).is_some())
    });
    if labelled {
        return false;
    }
    let own = |c: &usize| row.cells.get(*c).is_some_and(|x| !x.text.trim().is_empty() && !x.carried);
    let goods =
        [Column::Description, Column::Part, Column::PartElse, Column::Spec, Column::Item, Column::Color];
    let named = goods
        .iter()
        .flat_map(|c| heading.all(*c))
        .any(|c| row.cells.get(c).is_some_and(|x| !x.text.trim().is_empty()));
    let figures = [Column::Quantity, Column::QuantityElse, Column::Price, Column::Amount];
    let counted = figures.iter().flat_map(|c| heading.all(*c)).any(|c| own(&c))
        || heading.sizes.iter().any(|(c, _)| own(c));
    named && (counted || row.filled().count() > 1)
}

/// A row that can be an order line: a figure of its own, or (a forgotten quantity) a named product with price, unit or position.
fn has_line(row: &Row, plan: &Plan, heading: &Heading) -> bool {
    let own = |c: Option<usize>| {
        c.and_then(|c| row.cells.get(c)).is_some_and(|x| !x.text.trim().is_empty() && !x.carried)
    };
    let sized = heading.sizes.iter().any(|(c, _)| own(Some(*c)));
    let named = own(plan.description) || own(plan.part);
    let told = named
        || own(plan.color)
        || plan.spec.iter().any(|c| own(Some(*c)))
        || (plan.description.is_some() && !text_at(row, plan.description).is_empty());
    let placed = own(plan.price)
        || own(plan.unit)
        || (own(plan.line) && is_position(text_at(row, plan.line)))
        || (own(plan.part) && own(plan.description));
    let figured = own(plan.quantity)
        && text_at(row, plan.quantity)
            .contains(|c: char| c.is_numeric() || crate::read::value::hanzi::is_numeral(c));
    (told && (sized || figured)) || (named && placed)
}

/// Behind the total only a row with a clean quantity and a price or amount still is a line.
fn is_solid(row: &Row, plan: &Plan, heading: &Heading, context: &Context<'_>) -> bool {
    let clean = quantity_text(row, plan)
        .and_then(|t| cells::quantity(t, context))
        .is_some_and(|q| !q.rest.contains(|c: char| c.is_ascii_digit()));
    let priced = [plan.price, plan.amount].into_iter().flatten().next().is_none_or(|_| {
        [plan.price, plan.amount].into_iter().any(|c| cells::money(text_at(row, c), context).is_some())
    });
    !heading.sizes.is_empty() || (clean && priced)
}

/// A row without figures: a continuation of the line above in text tables, else a note or section title.
fn other_row(
    grid: &Grid,
    row: &Row,
    plan: &Plan,
    heading: &Heading,
    context: &Context<'_>,
    out: &mut Vec<Event>,
) {
    let filled: Vec<(usize, &str)> = row.filled().filter(|(c, _)| !row.cells[*c].carried).collect();
    let previous = out.iter_mut().rev().find_map(|e| if let Event::Line(l) = e { Some(l) } else { None });
    let continues =
        |c: usize| Some(c) == plan.description || plan.spec.contains(&c) || plan.note.contains(&c);
    if let (Some(line), [(column, text)]) = (previous, filled.as_slice())
        && continues(*column)
        && (grid.sheet.is_none() || *column > 0)
        && context
            .labels
            .label_in(text.split([':', '：']).next().unwrap_or(""))
            .is_none_or(|_| !text.contains([':', '：']))
    {
        let spot = if Some(*column) == plan.description {
            &mut line.line.description
        } else if plan.note.contains(column) {
            &mut line.line.note
        } else {
            &mut line.line.spec
        };
        if let Some(found) = spot {
            found.value = squeeze(&format!("{} {text}", found.value));
            found.confidence = found.confidence.min(sure::LOOSE);
            return;
        }
    }
    let figures = [plan.quantity, plan.amount]
        .into_iter()
        .any(|c| text_at(row, c).contains(|x: char| x.is_ascii_digit()));
    if figures && !heading.has(Column::Line) {
        out.push(Event::Doubt(Doubt::new(Code::SkippedLine, format!("row {}", row.number))));
    }
    out.push(Event::Loose(loose(grid, row)));
}

/// Chooses the columns; where several can be the quantity, price or amount, arithmetic decides.
fn plan(body: &[&Row], heading: &Heading, context: &Context<'_>, out: &mut Vec<Event>) -> Plan {
    let mut plan = Plan {
        line: heading.first(Column::Line),
        part: part_column(body, heading),
        description: heading.first(Column::Description),
        spec: heading.all(Column::Spec),
        color: heading.first(Column::Color),
        unit: heading.first(Column::Unit),
        date: heading.first(Column::Date),
        note: heading.all(Column::Note),
        ..Plan::default()
    };
    items(body, heading, &mut plan);
    names(body, heading, &mut plan);
    figures(body, heading, context, &mut plan, out);
    if !plan.guessed.is_empty() {
        out.push(Event::Doubt(Doubt::new(Code::GuessedColumn, format!("{} column(s)", plan.guessed.len()))));
    }
    plan
}

/// Of several columns of codes the one that differs from row to row.
fn part_column(body: &[&Row], heading: &Heading) -> Option<usize> {
    let distinct =
        |c: usize| column_texts(body, c).into_iter().collect::<std::collections::BTreeSet<_>>().len();
    heading.all(Column::Part).into_iter().rev().max_by_key(|c| distinct(*c))
}

fn column_texts<'a>(body: &[&'a Row], column: usize) -> Vec<&'a str> {
    body.iter().filter_map(|r| r.cells.get(column)).map(|c| c.text.trim()).filter(|t| !t.is_empty()).collect()
}

/// "Item" or "No." is a position, a part number or a name: the cells tell.
fn items(body: &[&Row], heading: &Heading, plan: &mut Plan) {
    for column in heading.all(Column::Item) {
        let texts = column_texts(body, column);
        if texts.is_empty() || (texts.iter().all(|t| is_position(t)) && plan.line.is_none()) {
            plan.line = plan.line.or(Some(column));
        } else if plan.part.is_none() && texts.iter().filter(|t| is_code(t)).count() * 2 >= texts.len() {
            plan.part = Some(column);
        } else if plan.description.is_none() {
            plan.description = Some(column);
        }
    }
}

/// Part number and description where their usual headings are missing.
fn names(body: &[&Row], heading: &Heading, plan: &mut Plan) {
    for column in heading.all(Column::PartElse) {
        let texts = column_texts(body, column);
        let codes = texts.iter().filter(|t| is_code(t)).count() * 2 >= texts.len();
        if plan.part.is_none() && (codes || plan.description.is_some()) && !texts.is_empty() {
            plan.part = Some(column);
        } else if plan.description.is_none() && !codes {
            plan.description = Some(column);
        }
    }
    let wordy = |c: usize| {
        column_texts(body, c).iter().filter(|t| !is_code(t)).count() * 2 > column_texts(body, c).len()
    };
    // Two columns can both be called "product": the one with codes is the part number.
    if plan.part.is_none() {
        let all = heading.all(Column::Description);
        if let [first, second, ..] = all[..] {
            match (wordy(first), wordy(second)) {
                (false, true) => (plan.part, plan.description) = (Some(first), Some(second)),
                (true, false) => plan.part = Some(second),
                _ => {}
            }
        }
    }
    if plan.description.is_none()
        && let Some(part) = plan.part.filter(|p| wordy(*p))
    {
        (plan.description, plan.part) = (Some(part), None);
    }
    if plan.description.is_none() && !plan.spec.is_empty() && plan.part.is_none() {
        plan.description = Some(plan.spec.remove(0));
    }
    if plan.description.is_none() && plan.part.is_none() {
        let longest = |c: &usize| column_texts(body, *c).iter().map(|t| t.chars().count()).sum::<usize>();
        plan.description = heading.unknown.iter().copied().filter(|c| wordy(*c)).max_by_key(longest);
        plan.guessed.extend(plan.description);
    }
}

/// Quantity, price and amount: the choice under which most rows multiply out.
fn figures(body: &[&Row], heading: &Heading, context: &Context<'_>, plan: &mut Plan, out: &mut Vec<Event>) {
    let numeric = |c: &usize| {
        column_texts(body, *c).iter().filter(|t| cells::bare_number(t, context).is_some()).count() * 2
            > body.len().max(1)
    };
    let mut quantities = heading.all(Column::Quantity);
    let prices: Vec<usize> = [heading.all(Column::Price), heading.all(Column::PriceNet)].concat();
    let amounts: Vec<usize> = [heading.all(Column::Amount), heading.all(Column::AmountNet)].concat();
    if quantities.is_empty() && heading.sizes.is_empty() {
        quantities = heading.all(Column::QuantityElse);
    }
    if quantities.is_empty() && heading.sizes.is_empty() {
        quantities = heading.unknown.iter().copied().filter(numeric).collect();
        plan.guessed.extend(quantities.first());
    }
    let named_tax = |c: usize| {
        heading.heads.get(c).and_then(Option::as_ref).is_some_and(|h| {
            ["含税", "价税", "含稅", "價稅"]
                .iter()
                .any(|w| h.text.contains(w) && !h.text.contains('不') && !h.text.contains('未'))
        })
    };
    let some =
        |list: &[usize]| if list.is_empty() { vec![None] } else { list.iter().copied().map(Some).collect() };
    let mut best: Option<(usize, (Option<usize>, Option<usize>, Option<usize>))> = None;
    let mut rank = 0;
    for q in some(&quantities) {
        for p in some(&prices) {
            for a in some(&amounts) {
                rank += 1;
                let fits = body.iter().filter(|r| multiplies(r, q, p, a, context)).count();
                let taxed = usize::from(p.is_some_and(named_tax)) + usize::from(a.is_some_and(named_tax));
                let score = fits * 1000 + taxed * 50 + 40usize.saturating_sub(rank);
                if best.as_ref().is_none_or(|(s, _)| score > *s) {
                    best = Some((score, (q, p, a)));
                }
            }
        }
    }
    let Some((score, (q, p, a))) = best else { return };
    (plan.quantity, plan.price, plan.amount) = (q, p, a);
    // Several quantities that say different things, and no arithmetic that decides.
    if quantities.len() > 1
        && score < 1000
        && body.iter().any(|r| {
            quantities.iter().map(|c| text_at(r, Some(*c))).collect::<std::collections::BTreeSet<_>>().len()
                > 1
        })
    {
        out.push(Event::Doubt(Doubt::new(Code::Ambiguous, "several quantity columns")));
    }
    if prices.len() > 1 && score < 1000 {
        out.push(Event::Doubt(Doubt::new(Code::Ambiguous, "several price columns")));
    }
}

fn multiplies(
    row: &Row,
    q: Option<usize>,
    p: Option<usize>,
    a: Option<usize>,
    context: &Context<'_>,
) -> bool {
    let number = |c: Option<usize>| cells::money(text_at(row, c), context).map(|m| m.value);
    let (Some(q), Some(p), Some(a)) = (number(q), number(p), number(a)) else { return false };
    let Some(product) = q.checked_mul(p) else { return false };
    !a.is_zero() && (product - a).abs() <= Decimal::new(6, 3).max(a.abs() * Decimal::new(1, 4))
}

/// The line of a row; with size columns one line for each size.
fn lines(
    grid: &Grid,
    row: &Row,
    plan: &Plan,
    heading: &Heading,
    count: usize,
    context: &Context<'_>,
    out: &mut Vec<Event>,
) {
    let mut taken = TakenLine::default();
    let line = &mut taken.line;
    let printed = text_at(row, plan.line);
    line.line = Some(if is_position(printed) {
        plain(printed).trim().trim_end_matches(['.', ')', '、']).to_owned()
    } else {
        count.to_string()
    });
    line.customer_part = text_field(grid, row, plan.part, heading, plan);
    line.description = text_field(grid, row, plan.description, heading, plan);
    line.color = text_field(grid, row, plan.color, heading, plan);
    line.spec = joined(grid, row, &plan.spec, heading, plan);
    line.note = joined(grid, row, &plan.note, heading, plan);
    line.unit = text_field(grid, row, plan.unit, heading, plan);
    figures_of(grid, row, plan, heading, context, line, out);
    if let Some(column) = plan.date {
        date_of(grid, row, column, context, line, out);
    }
    header_values(grid, row, heading, context, &mut taken);
    if heading.sizes.is_empty() {
        out.push(Event::Line(Box::new(taken)));
    } else {
        by_size(grid, row, heading, &taken, context, out);
    }
}

fn confidence(heading: &Heading, column: usize, plan: &Plan) -> Confidence {
    match heading.heads.get(column).and_then(Option::as_ref) {
        _ if plan.guessed.contains(&column) => sure::GUESSED,
        Some(head) if head.fit == Fit::Exact => sure::LABELLED,
        Some(_) => sure::LIKELY,
        None => sure::GUESSED,
    }
}

fn text_field(
    grid: &Grid,
    row: &Row,
    column: Option<usize>,
    heading: &Heading,
    plan: &Plan,
) -> Found<String> {
    let column = column?;
    let text = squeeze_lines(text_at(row, Some(column)));
    let blank = text.is_empty() || matches!(text.as_str(), "-" | "/" | "—" | "--" | "N/A" | "n/a" | "无");
    (!blank).then(|| field(text, grid.evidence(row.number, column), confidence(heading, column, plan)))
}

/// Line breaks inside a cell: between Chinese words they are nothing, else a blank.
fn squeeze_lines(text: &str) -> String {
    text.split('\n').map(squeeze).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("\n")
}

fn joined(grid: &Grid, row: &Row, columns: &[usize], heading: &Heading, plan: &Plan) -> Found<String> {
    let mut out: Found<String> = None;
    for found in columns.iter().filter_map(|c| text_field(grid, row, Some(*c), heading, plan)) {
        match &mut out {
            Some(first) => first.value = format!("{} {}", first.value, found.value),
            None => out = Some(found),
        }
    }
    out
}

fn figures_of(
    grid: &Grid,
    row: &Row,
    plan: &Plan,
    heading: &Heading,
    context: &Context<'_>,
    line: &mut DraftLine,
    out: &mut Vec<Event>,
) {
    let at = |c: usize| grid.evidence(row.number, c);
    let mut bad = |what: &str| {
        out.push(Event::Doubt(Doubt::new(Code::BadValue, format!("{what} in row {}", row.number))))
    };
    let mut per_many = false;
    if let Some((column, text)) = plan.quantity.and_then(|c| Some((c, quantity_text(row, plan)?))) {
        match cells::quantity(text, context) {
            Some(found) => {
                let clean = found.rest.is_empty() || !found.rest.contains(|c: char| c.is_ascii_digit());
                if !clean {
                    bad("quantity");
                }
                if found.ambiguous {
                    bad("ambiguous quantity");
                }
                let confidence = confidence(heading, column, plan);
                let confidence = if found.ambiguous || !clean { sure::AMBIGUOUS } else { confidence };
                line.quantity = Some(field(found.value, at(column), confidence));
                let head_unit =
                    heading.heads.get(column).and_then(Option::as_ref).and_then(|h| h.unit.clone());
                line.unit = line
                    .unit
                    .take()
                    .or_else(|| Some(field(found.unit.or(head_unit)?, at(column), sure::LIKELY)));
            }
            None => bad("quantity"),
        }
    }
    for (column, is_price) in [(plan.price, true), (plan.amount, false)] {
        let Some(column) = column else { continue };
        let text = text_at(row, Some(column));
        if text.is_empty() || matches!(text, "-" | "/" | "—") {
            continue;
        }
        let Some(found) = cells::money(text, context) else {
            bad(if is_price { "price" } else { "amount" });
            continue;
        };
        let strange = found.rest.contains(|c: char| c.is_ascii_digit());
        if strange || found.ambiguous {
            bad(if is_price { "price" } else { "amount" });
        }
        let confidence =
            if strange || found.ambiguous { sure::AMBIGUOUS } else { confidence(heading, column, plan) };
        let value = Some(field(found.value, at(column), confidence));
        if is_price {
            line.unit_price = value
        } else {
            line.amount = value
        }
        let heading_text = heading.heads.get(column).and_then(Option::as_ref).map_or("", |h| h.text.as_str());
        per_many |= is_price && (money::per_many(heading_text) || money::per_many(text));
    }
    if per_many {
        out.push(Event::Doubt(Doubt::new(Code::PricePerMany, format!("row {}", row.number))));
    }
}

fn date_of(
    grid: &Grid,
    row: &Row,
    column: usize,
    context: &Context<'_>,
    line: &mut DraftLine,
    out: &mut Vec<Event>,
) {
    let text = text_at(row, Some(column));
    if text.is_empty() || matches!(text, "-" | "/" | "—") {
        return;
    }
    let serial = cells::bare_number(text, context)
        .and_then(date::serial)
        .filter(|_| text.len() <= 7 && !text.contains('/'));
    let found = date::find(text, &context.dates, true);
    if date::all(text, &context.dates).len() > 1 {
        out.push(Event::Doubt(Doubt::new(Code::BadValue, format!("several dates in row {}", row.number))));
    }
    let value = serial.map(|d| (d, false)).or(found.map(|d| (d.value, d.ambiguous)));
    match value {
        Some((value, ambiguous)) => {
            let confidence = if ambiguous { sure::AMBIGUOUS } else { sure::LABELLED };
            line.delivery_date = Some(field(value, grid.evidence(row.number, column), confidence));
        }
        None => out.push(Event::Doubt(Doubt::new(Code::BadValue, format!("date in row {}", row.number)))),
    }
}

/// PO number, date, currency and terms that stand in the row.
fn header_values(grid: &Grid, row: &Row, heading: &Heading, context: &Context<'_>, taken: &mut TakenLine) {
    let found = |column: Column| -> Option<Field<String>> {
        let column = heading.first(column)?;
        let text = squeeze(text_at(row, Some(column)));
        (!text.is_empty()).then(|| field(text, grid.evidence(row.number, column), sure::LABELLED))
    };
    taken.po_number = found(Column::PoNumber).filter(|f| f.value.contains(|c: char| c.is_ascii_digit()));
    taken.order_date = found(Column::OrderDate).and_then(|f| {
        let date = date::find(&f.value, &context.dates, true)?;
        Some(field(date.value, f.evidence, if date.ambiguous { sure::AMBIGUOUS } else { f.confidence }))
    });
    taken.terms = found(Column::Terms);
    let named = found(Column::Currency)
        .and_then(|f| Some(field(context.labels.currency_in(&f.value)?, f.evidence, f.confidence)));
    let price = [Column::Price, Column::Amount].into_iter().filter_map(|c| heading.first(c));
    let printed = price.clone().find_map(|c| {
        let code = context.labels.currency_in(text_at(row, Some(c)))?;
        Some(field(code, grid.evidence(row.number, c), sure::LIKELY))
    });
    let headed = price.clone().find_map(|c| {
        let head = heading.heads.get(c)?.as_ref()?;
        Some(field(head.currency.clone()?, grid.evidence(row.number, c), sure::LIKELY))
    });
    taken.currency = named.or(printed).or(headed);
}

fn by_size(
    grid: &Grid,
    row: &Row,
    heading: &Heading,
    taken: &TakenLine,
    context: &Context<'_>,
    out: &mut Vec<Event>,
) {
    for (column, size) in &heading.sizes {
        let text = text_at(row, Some(*column));
        let Some(found) = cells::quantity(text, context).filter(|q| !q.value.is_zero()) else { continue };
        let mut one = taken.clone();
        let at = grid.evidence(row.number, *column);
        let spec = one.line.spec.take().map_or_else(|| size.clone(), |s| format!("{} {size}", s.value));
        one.line.spec = Some(field(spec, at.clone(), sure::LIKELY));
        one.line.quantity = Some(field(found.value, at, sure::LIKELY));
        one.line.amount = None;
        one.line.line = None;
        out.push(Event::Line(Box::new(one)));
    }
    out.push(Event::Doubt(Doubt::new(Code::Matrix, format!("row {}", row.number))));
}

//! The report as a workbook: summary, orders, differences, why.

use super::report::{Report, Share};
use super::why::Words;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};

/// Widest column, in characters.
const WIDEST: f64 = 48.0;
const INK: u32 = 0x001F_3A5F;
const PAPER: u32 = 0x00E8_EEF5;

/// One cell.
enum Cell {
    Text(String),
    Count(u64),
    Amount(Option<Decimal>),
    Percent(Option<Decimal>),
    Day(chrono::NaiveDate),
}
use Cell::{Amount, Count, Day, Percent, Text};

struct Formats {
    head: Format,
    title: Format,
    text: Format,
    count: Format,
    amount: Format,
    percent: Format,
    day: Format,
}

/// The bytes of an `.xlsx` file.
pub fn book(report: &Report, words: Words<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let formats = Formats::new();
    let say = |key: &str| words.say(&format!("rehearsal.{key}"));
    summary(book.add_worksheet().set_name(say("summary"))?, report, words, &formats)?;
    let heads = [
        "date",
        "file",
        "customer",
        "po_number",
        "kind",
        "format",
        "lines",
        "total",
        "currency",
        "outcome",
        "queue",
        "reason",
        "compared",
    ];
    table(book.add_worksheet().set_name(say("orders"))?, &heads.map(say), orders(report, words), &formats)?;
    let heads = ["outcome", "customer", "po_number", "file", "line", "field", "read", "keyed"];
    let rows = differences(report, words);
    table(book.add_worksheet().set_name(say("differences"))?, &heads.map(say), rows, &formats)?;
    let heads = ["queue", "reason", "orders", "alone", "examples", "detail"];
    table(book.add_worksheet().set_name(say("why"))?, &heads.map(say), why(report), &formats)?;
    book.save_to_buffer()
}

impl Formats {
    fn new() -> Self {
        let cell = || Format::new().set_align(FormatAlign::Top);
        Self {
            head: Format::new()
                .set_bold()
                .set_font_color(Color::White)
                .set_background_color(Color::RGB(INK))
                .set_border_bottom(FormatBorder::Thin),
            title: Format::new().set_bold().set_background_color(Color::RGB(PAPER)),
            text: cell().set_text_wrap(),
            count: cell().set_num_format("#,##0"),
            amount: cell().set_num_format("#,##0.00"),
            percent: cell().set_num_format("0.0%"),
            day: cell().set_num_format("yyyy-mm-dd"),
        }
    }
}

fn summary(
    sheet: &mut Worksheet,
    report: &Report,
    words: Words<'_>,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let say = |key: &str| words.say(&format!("rehearsal.{key}"));
    let count = |key: &str, count: u64| (say(key), Count(count), None);
    let share = |key: &str, share: &Share| {
        (say(key), Percent(share.percent), Some(format!("{} / {}", share.count, share.of)))
    };
    let totals = &report.totals;
    let period = [report.from, report.to].map(|day| day.map_or_else(String::new, |day| day.to_string()));
    let mut rows = vec![
        (say("source"), Text(report.source.clone()), None),
        (say("period"), Text(period.join(" – ")), None),
        (say("profile"), Text(report.profile.clone()), None),
        share("touchless_rate", &report.touchless),
        match &report.keyed {
            Some(keyed) => share("wrong_rate", &keyed.wrong_releases),
            None => (say("wrong_rate"), Text(say("not_measured")), None),
        },
        count("documents", totals.documents),
        count("same_documents", totals.same_documents),
        count("unreadable_documents", totals.unreadable_documents),
        count("parts", totals.parts),
        count("orders", totals.orders),
        count("passed", totals.passed),
        count("waited", totals.waited),
        count("unread", totals.unread),
        count("changes", totals.changes),
        count("repeated", totals.repeated),
        count("filed", totals.filed),
    ];
    if let Some(keyed) = &report.keyed {
        rows.extend([
            count("keyed_orders", keyed.keyed_orders),
            count("compared", keyed.compared),
            count("same", keyed.same),
            count("changed_later", keyed.passed_changed_later),
            count("passed_not_compared", keyed.passed_not_compared),
            count("missing", keyed.missing.len() as u64),
        ]);
    }
    sheet.set_column_width(0, 34)?.set_column_width(1, 26)?.set_column_width(2, 14)?;
    for (at, (label, cell, beside)) in (0..).zip(rows) {
        sheet.write_with_format(at, 0, label, &formats.title)?;
        write(sheet, at, 1, &cell, formats)?;
        if let Some(beside) = beside {
            sheet.write_with_format(at, 2, beside, &formats.text)?;
        }
    }
    Ok(())
}

fn orders(report: &Report, words: Words<'_>) -> Vec<Vec<Cell>> {
    let row = |order: &super::report::OrderRow| {
        let each = |of: fn(&super::report::Wait) -> &String| {
            let mut said: Vec<&str> = order.waits.iter().map(|wait| of(wait).as_str()).collect();
            said.dedup();
            said.join("; ")
        };
        vec![
            Day(order.day),
            Text(order.file.clone()),
            Text(customer(order.customer.as_deref(), order.customer_name.as_deref())),
            Text(order.po_number.clone().unwrap_or_default()),
            Text(words.say(&format!("kind.{}", order.kind))),
            Text(order.format.clone()),
            Count(order.lines),
            Amount(order.total),
            Text(order.currency.clone().unwrap_or_default()),
            Text(order.outcome_said.clone()),
            Text(each(|wait| &wait.queue_said)),
            Text(each(|wait| &wait.said)),
            Text(
                order.verdict.map_or_else(String::new, |it| words.say(&format!("rehearsal.{}", it.as_str()))),
            ),
        ]
    };
    report.orders.iter().map(row).collect()
}

fn differences(report: &Report, words: Words<'_>) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for order in report.keyed.iter().flat_map(|keyed| &keyed.differences) {
        let verdict = words.say(&format!("rehearsal.{}", order.verdict.as_str()));
        let row = |line: String, field: String, read: String, keyed: String| {
            vec![
                Text(verdict.clone()),
                Text(customer(order.customer.as_deref(), order.customer_name.as_deref())),
                Text(order.po_number.clone().unwrap_or_default()),
                Text(order.file.clone()),
                Text(line),
                Text(field),
                Text(read),
                Text(keyed),
            ]
        };
        if order.fields.is_empty() {
            let po = order.po_number.clone().unwrap_or_default();
            rows.push(row(String::new(), words.say("field.order"), po, words.say("rehearsal.not_keyed")));
        }
        for field in &order.fields {
            let text = |it: &Option<String>| it.clone().unwrap_or_default();
            let name = words.say(&format!("field.{}", field.field));
            rows.push(row(text(&field.line), name, text(&field.read), text(&field.keyed)));
        }
    }
    rows
}

fn why(report: &Report) -> Vec<Vec<Cell>> {
    let row = |reason: &super::report::ReasonRow| {
        let examples: Vec<String> = reason
            .examples
            .iter()
            .map(|it| it.po_number.clone().unwrap_or_else(|| it.file.clone()))
            .collect();
        let detail = reason.examples.first().map(|it| it.detail.clone()).unwrap_or_default();
        vec![
            Text(reason.queue_said.clone()),
            Text(reason.said.clone()),
            Count(reason.orders),
            Count(reason.alone),
            Text(examples.join(", ")),
            Text(detail),
        ]
    };
    report.reasons.iter().map(row).collect()
}

/// Code and name.
fn customer(code: Option<&str>, name: Option<&str>) -> String {
    [code, name].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// A sheet with its head frozen and a filter over all of it.
fn table(
    sheet: &mut Worksheet,
    heads: &[String],
    rows: Vec<Vec<Cell>>,
    formats: &Formats,
) -> Result<(), XlsxError> {
    for (at, head) in (0..).zip(heads) {
        sheet.write_with_format(0, at, head, &formats.head)?;
    }
    let count = u32::try_from(rows.len()).unwrap_or(u32::MAX - 1);
    for (at, row) in (1..).zip(&rows) {
        for (column, cell) in (0..).zip(row) {
            write(sheet, at, column, cell, formats)?;
        }
    }
    for (at, head) in (0u16..).zip(heads) {
        let cells = rows.iter().filter_map(|row| row.get(usize::from(at))).map(width);
        let widest = cells.fold(wide(head) + 3.0, f64::max);
        sheet.set_column_width(at, widest.clamp(8.0, WIDEST))?;
    }
    let last = u16::try_from(heads.len().saturating_sub(1)).unwrap_or(0);
    sheet.set_freeze_panes(1, 0)?.autofilter(0, 0, count, last)?.set_landscape().set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    Ok(())
}

fn write(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match cell {
        Text(text) => sheet.write_with_format(
            row,
            column,
            text.chars().take(30_000).collect::<String>(),
            &formats.text,
        )?,
        Count(count) => sheet.write_with_format(row, column, *count, &formats.count)?,
        Amount(Some(amount)) => sheet.write_with_format(row, column, *amount, &formats.amount)?,
        Percent(Some(percent)) => {
            let share = percent.to_f64().unwrap_or(0.0) / 100.0;
            sheet.write_with_format(row, column, share, &formats.percent)?
        }
        Amount(None) | Percent(None) => sheet.write_with_format(row, column, "–", &formats.text)?,
        Day(day) => sheet.write_with_format(row, column, day, &formats.day)?,
    };
    Ok(())
}

fn width(cell: &Cell) -> f64 {
    match cell {
        Text(text) => wide(text) + 1.0,
        Count(_) | Amount(_) | Percent(_) | Day(_) => 12.0,
    }
}

/// A Chinese character takes the width of two.
fn wide(text: &str) -> f64 {
    use unicode_width::UnicodeWidthStr as _;
    f64::from(u32::try_from(text.width()).unwrap_or(u32::MAX))
}

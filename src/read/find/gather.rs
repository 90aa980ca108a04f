//! Pages to orders: rows and lines in reading order, a new order where a new number begins, gaps filled at the end.

use super::fields::Filler;
use super::order_number::po_token;
use super::table::{self, Event, TakenLine};
use super::{
    Context, Doubt, Found, Ground, Loose, Piece, aligned, cells, company, field, labelled, prose, record,
    sides, sure, terms,
};
use crate::order::draft::Evidence;
use crate::read::codes::Code;
use crate::read::labels::{Label, Words};
use crate::read::page::{Block, Page};
use crate::read::value::date;
use crate::read::value::text::{plain, squeeze};

/// An order in the making.
#[derive(Default)]
struct Builder {
    found: Found,
    filler: Filler,
    /// Rows outside tables that no header label took, for records, sentences and terms.
    loose: Vec<Loose>,
    /// The number in the rows of a table, where it has such a column.
    row_po: Option<String>,
    before_table: Vec<Loose>,
    /// Rows below the head of a table that no table took.
    below_table: Vec<Loose>,
    /// What stands behind labels of the seller: never the customer.
    sellers: Vec<String>,
    tables: usize,
}

/// All orders of pages that belong together (the sheets of a workbook, or one body).
#[must_use]
pub fn orders(pages: &[Page], context: &Context<'_>) -> Vec<Found> {
    let events: Vec<Event> = pages.iter().flat_map(|p| page_events(p, context)).collect();
    let rows: Vec<Loose> =
        events.iter().filter_map(|e| if let Event::Loose(l) = e { Some(l.clone()) } else { None }).collect();
    let mut done: Vec<Builder> = Vec::new();
    let mut open = Builder::default();
    let mut seen = 0;
    for event in events {
        match event {
            Event::Loose(row) => {
                seen += 1;
                loose(row, &rows[seen..], &mut open, &mut done, context);
            }
            Event::TableStart => {
                open.filler.gap();
                open.tables += 1;
            }
            Event::Line(line) => take_line(*line, &mut open, &mut done, context),
            Event::Total { amount, words, currency, grand } => {
                let order = &mut open.found.order;
                if grand && amount.is_some() {
                    order.total = amount;
                }
                order.total_in_words = order.total_in_words.take().or(words);
                order.currency = order.currency.take().or_else(|| {
                    let evidence = order.total.as_ref()?.evidence.clone();
                    Some(field(currency?, evidence, sure::LIKELY))
                });
            }
            Event::Doubt(doubt) => open.found.doubts.push(doubt),
        }
    }
    done.push(open);
    finish(done, context)
}

fn page_events(page: &Page, context: &Context<'_>) -> Vec<Event> {
    let mut out = Vec::new();
    for block in &page.blocks {
        match block {
            Block::Grid(grid) => out.extend(table::events(grid, context)),
            Block::Text(lines) => {
                for part in aligned::blocks(lines, context) {
                    match part {
                        Block::Grid(grid) => out.extend(table::events(&grid, context)),
                        Block::Text(lines) => out.extend(sides::split(lines, context).into_iter().map(|l| {
                            let l = match l {
                                sides::Line::Text(l) => l,
                                sides::Line::Row(row) => return Event::Loose(row),
                            };
                            let piece = Piece {
                                text: l.text,
                                column: 0,
                                evidence: Evidence::Line { line: l.number },
                            };
                            let pieces = if piece.text.trim().is_empty() { Vec::new() } else { vec![piece] };
                            Event::Loose(Loose { pieces, text: true })
                        })),
                    }
                }
            }
        }
    }
    out
}

fn loose(row: Loose, next: &[Loose], open: &mut Builder, done: &mut Vec<Builder>, context: &Context<'_>) {
    if row.pieces.is_empty() {
        open.filler.gap();
        open.loose.push(row);
        return;
    }
    let pairs = labelled::pairs(&row, next, context);
    let number = pairs
        .iter()
        .filter(|p| p.label == Some(Label::PoNumber) && p.strong)
        .find_map(|p| po_token(&p.value));
    let other =
        number.as_ref().zip(open.found.order.po_number.as_ref()).is_some_and(|(new, old)| *new != old.value);
    if other
        && (!open.found.order.lines.is_empty()
            || open.loose.iter().any(|r| prose::speaks_of_goods(&r.joined(), context)))
    {
        done.push(std::mem::take(open));
    }
    open.filler.row(&pairs, &mut open.found.order, context);
    let sellers = pairs.iter().filter(|p| p.label == Some(Label::Seller) && !p.value.is_empty());
    open.sellers.extend(sellers.map(|p| p.value.clone()));
    open.found.words.push_str(&row.joined());
    open.found.words.push('\n');
    if open.tables == 0 {
        let free = |p: &&Piece| pairs.iter().all(|pair| pair.label.is_none() || pair.evidence != p.evidence);
        let pieces = row.pieces.iter().filter(free).cloned().collect();
        open.before_table.push(Loose { pieces, text: row.text });
    }
    if open.tables > 0 && pairs.iter().all(|pair| pair.label.is_none()) {
        open.below_table.push(row.clone());
    }
    let header = |l: Label| !matches!(l, Label::Other | Label::Seller | Label::Total);
    let taken = pairs.iter().any(|p| p.label.is_some_and(header) && !p.value.is_empty());
    // A line whose label has been taken may still hold goods ("单号 A1：5#拉链 500条"): only its tail is looked at.
    if taken {
        open.loose.push(Loose {
            pieces: row.pieces.iter().filter_map(|p| rest_of(p, &pairs)).collect(),
            text: row.text,
        });
    } else {
        open.loose.push(row);
    }
}

/// What follows the value of the last label of a line, if goods could stand there.
fn rest_of(piece: &Piece, pairs: &[labelled::Pair]) -> Option<Piece> {
    let number = pairs.iter().find(|p| p.label == Some(Label::PoNumber))?;
    let token = po_token(&number.value)?;
    let at = piece.text.find(&token)? + token.len();
    let rest = piece.text[at..]
        .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '：' | '，' | ','));
    (pairs.len() == 1 && rest.chars().count() > 6).then(|| Piece { text: rest.to_owned(), ..piece.clone() })
}

fn take_line(taken: TakenLine, open: &mut Builder, done: &mut Vec<Builder>, context: &Context<'_>) {
    let number = taken.po_number.as_ref().map(|f| f.value.clone());
    if let (Some(new), Some(old)) = (&number, &open.row_po)
        && new != old
    {
        let known = done.iter().position(|b| b.row_po.as_ref() == Some(new));
        let next = known.map_or_else(Builder::default, |at| done.remove(at));
        done.push(std::mem::replace(open, next));
    }
    open.row_po = number.or(open.row_po.take());
    let order = &mut open.found.order;
    order.po_number = order.po_number.take().or(taken.po_number);
    order.order_date = order.order_date.take().or(taken.order_date);
    order.currency = order.currency.take().or(taken.currency);
    if let Some(terms) = taken.terms {
        let incoterm = terms::incoterm(&terms.value, context)
            .map(|v| field(v, terms.evidence.clone(), terms.confidence));
        match incoterm {
            Some(term) => order.incoterm = order.incoterm.take().or(Some(term)),
            None => order.payment_terms = order.payment_terms.take().or(Some(terms)),
        }
    }
    open.found.ground = Ground::Table;
    order.lines.push(taken.line);
}

fn finish(builders: Vec<Builder>, context: &Context<'_>) -> Vec<Found> {
    let mut out: Vec<Found> = Vec::new();
    for mut builder in builders {
        lines_outside_tables(&mut builder, context);
        free_terms(&mut builder, context);
        letterhead(&mut builder, context);
        uniform_date(&mut builder.found);
        prose::number_lines(&mut builder.found.order.lines);
        builder.found.refers_to = builder.filler.refers_to.take();
        // A second order on the same paper is from the same customer.
        if let Some(first) = out.first() {
            let (mine, theirs) = (&mut builder.found.order.customer, &first.order.customer);
            mine.name = mine.name.take().or_else(|| theirs.name.clone());
            mine.contact = mine.contact.take().or_else(|| theirs.contact.clone());
            mine.phone = mine.phone.take().or_else(|| theirs.phone.clone());
            mine.email = mine.email.take().or_else(|| theirs.email.clone());
        }
        let useful = !builder.found.order.lines.is_empty() || out.is_empty();
        if useful {
            out.push(builder.found);
        }
    }
    let any = out.iter().any(|f| !f.order.lines.is_empty());
    out.retain(|f| !any || !f.order.lines.is_empty());
    out
}

/// Records and sentences where no table was found; beside a table, goods in sentences are doubtful.
fn lines_outside_tables(builder: &mut Builder, context: &Context<'_>) {
    let texts: Vec<(String, Evidence)> = builder
        .loose
        .iter()
        .filter(|r| !r.pieces.is_empty())
        .map(|r| (r.joined(), r.pieces[0].evidence.clone()))
        .collect();
    if !builder.found.order.lines.is_empty() {
        let outside = prose::read(&texts, context);
        let count = outside.lines.iter().filter(|l| l.quantity.is_some()).count();
        let left = builder.below_table.iter().filter(|row| is_left_over(row, context)).count();
        let doubts = &mut builder.found.doubts;
        if count > 0 {
            doubts.push(Doubt::new(Code::SkippedLine, format!("{count} quantities outside the table")));
        } else if left > 0 {
            doubts.push(Doubt::new(Code::SkippedLine, format!("{left} rows of figures below the table")));
        }
        return;
    }
    let records = record::lines(&builder.loose, context);
    let prose = prose::read(&texts, context);
    let order = &mut builder.found.order;
    if !records.is_empty() && records.len() >= prose.lines.len() {
        order.lines = records;
        builder.found.ground = Ground::Record;
    } else if !prose.lines.is_empty() {
        order.lines = prose.lines;
        builder.found.doubts.extend(prose.doubts);
        builder.found.ground = Ground::Prose;
        let at = texts.first().map(|t| t.1.clone()).unwrap_or(Evidence::Line { line: 1 });
        order.currency = order.currency.take().or_else(|| Some(field(prose.currency?, at, sure::PROSE)));
    }
}

/// Whether a row that no table took holds two figures side by side, as a row of goods does.
fn is_left_over(row: &Loose, context: &Context<'_>) -> bool {
    let joined = row.joined();
    let parts = joined.split(['\t', '|']).flat_map(|part| part.split("  ")).map(str::trim);
    let is_figure = |part: &&str| {
        let digits = part.chars().filter(char::is_ascii_digit).count();
        (1..12).contains(&digits) && !part.contains(['-', '/']) && cells::bare_number(part, context).is_some()
    };
    parts.filter(is_figure).count() > 1
}

/// Terms, dates, places and remarks that stand in sentences.
fn free_terms(builder: &mut Builder, context: &Context<'_>) {
    let order = &mut builder.found.order;
    let all = std::mem::take(&mut builder.found.words);
    let place = |text: &str| {
        builder
            .loose
            .iter()
            .find(|l| l.joined().contains(text))
            .and_then(|l| l.pieces.first())
            .map_or(Evidence::Line { line: 1 }, |p| p.evidence.clone())
    };
    if order.incoterm.is_none() {
        order.incoterm =
            all.lines().find_map(|l| terms::incoterm(l, context).map(|v| field(v, place(l), sure::PROSE)));
    }
    if order.payment_terms.is_none() {
        order.payment_terms =
            all.lines().find_map(|l| terms::payment(l).map(|v| field(v, place(l), sure::PROSE)));
    }
    for row in builder.loose.iter().filter(|r| !r.pieces.is_empty()) {
        let (text, at) = (row.joined(), &row.pieces[0].evidence);
        if order.requested_delivery.is_none() {
            order.requested_delivery = terms::wanted_date(&text, context)
                .map(|d| field(d.value, at.clone(), if d.ambiguous { sure::AMBIGUOUS } else { sure::PROSE }));
        }
        if row.text && order.ship_to.address.is_none() && order.ship_to.name.is_none() {
            order.ship_to.address = terms::place(&text, context).map(|v| field(v, at.clone(), sure::PROSE));
        }
        if order.discount_code.is_none() {
            order.discount_code =
                terms::discount_code(&text, context).map(|v| field(v, at.clone(), sure::PROSE));
        }
        if row.text && order.shipping_method.is_none() {
            order.shipping_method =
                terms::shipping(&text, context).map(|v| field(v, at.clone(), sure::PROSE));
        }
    }
    if order.notes.is_none() {
        remark(builder, &all, context);
    }
    builder.found.words = all;
}

/// The one sentence that demands something; where there are several, none is "the" remark.
fn remark(builder: &mut Builder, all: &str, context: &Context<'_>) {
    let goods = |t: &str| prose::speaks_of_goods(t, context);
    let found: Vec<String> =
        all.lines().filter(|l| !goods(l)).filter_map(|l| terms::remark(l, context)).collect();
    if let [one] = found.as_slice() {
        let at = builder
            .loose
            .iter()
            .find(|l| l.joined().contains(one.as_str()))
            .and_then(|l| l.pieces.first())
            .map_or(Evidence::Line { line: 1 }, |p| p.evidence.clone());
        builder.found.order.notes = Some(field(one.clone(), at, sure::GUESSED));
    }
}

/// The company at the head of the document, unless a label names the customer.
fn letterhead(builder: &mut Builder, context: &Context<'_>) {
    if builder.found.order.customer.name.is_some() {
        return;
    }
    for row in builder.before_table.iter().take(6) {
        for piece in &row.pieces {
            let text = squeeze(&plain(&piece.text));
            let greeting =
                text.trim_end().ends_with([':', ',', '，']) || context.labels.has(Words::Greeting, &text);
            if greeting
                || text.contains(':')
                || (row.text && text.chars().count() > 60)
                || piece.text.contains('@')
            {
                continue;
            }
            if let Some(name) = company::company_in(&piece.text, context)
                .filter(|n| !builder.sellers.iter().any(|s| s.contains(n.as_str())))
            {
                builder.found.order.customer.name =
                    Some(field(name, piece.evidence.clone(), sure::SIGNATURE));
                return;
            }
        }
    }
}

/// One date for all lines is the date of the order.
fn uniform_date(found: &mut Found) {
    let lines = &found.order.lines;
    let first = lines.first().and_then(|l| l.delivery_date.clone());
    if let Some(first) = first
        && found.order.requested_delivery.is_none()
        && lines.iter().all(|l| l.delivery_date.as_ref().is_some_and(|d| d.value == first.value))
    {
        found.order.requested_delivery = Some(first);
    }
}

/// The habits of the pages: how numbers and dates are written.
#[must_use]
pub fn context<'a>(
    pages: &[Page],
    labels: &'a crate::read::labels::Labels,
    (dates, printed): (date::Context, bool),
) -> Context<'a> {
    let texts = || pages.iter().flat_map(Page::texts).take(20_000);
    let order = match date::habit(texts(), dates.base) {
        date::DayOrder::Unknown => dates.order,
        told @ (date::DayOrder::DayFirst | date::DayOrder::MonthFirst) => told,
    };
    let hinted = dates.hinted && date::habit(texts(), dates.base) == date::DayOrder::Unknown;
    let european =
        texts().any(|t| t.contains(['ä', 'ö', 'ü', 'ß', 'é', 'è', 'ç', 'ñ', 'ã', 'ó', 'í', 'Ä', 'Ö', 'Ü']));
    Context {
        labels,
        printed,
        style: crate::read::value::number::style(texts(), european),
        dates: date::Context { order, hinted, ..dates },
    }
}

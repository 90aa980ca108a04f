//! Labels and their values in rows and lines: "单号：A1  日期：2026/3/2", label cell then value cell, value below.

use super::{Context, Loose, sides};
use crate::order::draft::Evidence;
use crate::read::labels::{Label, Words};
use crate::read::value::date;
use crate::read::value::text::{has_han, key, width};

/// A label with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// None for a label that is not known: it only ends the value before it.
    pub label: Option<Label>,
    pub value: String,
    pub evidence: Evidence,
    /// A colon or a cell border parts label and value.
    pub strong: bool,
    /// The place of the label in its row, to tell two sides of a form.
    pub column: usize,
}

/// A label inside a text.
#[derive(Debug, Clone, Copy)]
struct Spot {
    label: Option<Label>,
    start: usize,
    value: usize,
    strong: bool,
}

/// The pairs of a row; `next` are the rows below it, for values that stand under their label.
#[must_use]
pub fn pairs(row: &Loose, next: &[Loose], context: &Context<'_>) -> Vec<Pair> {
    let mut out = Vec::new();
    let mut skip = None;
    for (at, piece) in row.pieces.iter().enumerate() {
        if skip == Some(at) {
            continue;
        }
        let heading = |l: Label| {
            !row.text
                || row.pieces.len() > 1
                || piece.text.trim_end().ends_with([':', '：'])
                || matches!(l, Label::ShipTo | Label::ShipAddress)
        };
        if let Some(label) = bare(&piece.text, context).filter(|l| heading(*l)) {
            let right = row
                .pieces
                .get(at + 1)
                .filter(|p| bare(&p.text, context).is_none() && !starts_labelled(&p.text, context));
            let (value, evidence) = match right {
                Some(right) => {
                    skip = Some(at + 1);
                    (right.text.clone(), right.evidence.clone())
                }
                None => (below(next, piece.column, row.text, context), piece.evidence.clone()),
            };
            out.push(Pair { label: Some(label), value, evidence, strong: true, column: piece.column });
            continue;
        }
        for (line, text) in piece.text.split('\n').enumerate() {
            let spots = spots(text, context);
            for (n, spot) in spots.iter().enumerate() {
                let end = spots.get(n + 1).map_or(text.len(), |s| s.start);
                let value = value_of(&text[spot.value.min(end)..end]).to_owned();
                let last = n + 1 == spots.len() && line + 1 == piece.text.split('\n').count();
                let value = match (value.is_empty() && last && spot.strong, row.pieces.get(at + 1)) {
                    (true, Some(right))
                        if bare(&right.text, context).is_none() && !starts_labelled(&right.text, context) =>
                    {
                        skip = Some(at + 1);
                        right.text.clone()
                    }
                    (true, None) => below(next, piece.column, row.text, context),
                    _ => value,
                };
                let value = match spot.label {
                    Some(Label::ShipAddress | Label::ShipTo | Label::Address) if context.printed => {
                        continued(value, text, (spot, end), next, context)
                    }
                    Some(_) | None => value,
                };
                let (evidence, column) = (piece.evidence.clone(), piece.column + n);
                out.push(Pair { label: spot.label, value, evidence, strong: spot.strong, column });
            }
        }
    }
    out
}

/// Whether a line is made of labels and their values, each of which has its field.
pub(super) fn is_labelled(text: &str, context: &Context<'_>) -> bool {
    let has_field = |label: Label| !matches!(label, Label::Notes | Label::Other);
    spots(text, context).iter().any(|spot| spot.strong && spot.label.is_some_and(has_field))
}

/// Letters that a printed address has to fill before it is thought to go on in the next line.
const FULL: usize = 24;

/// A printed address with the lines below it in which it goes on: they begin under it or under its label, and have none.
fn continued(
    value: String,
    text: &str,
    (spot, end): (&Spot, usize),
    next: &[Loose],
    context: &Context<'_>,
) -> String {
    let columns = |text: &str| text.chars().map(width).sum::<usize>();
    // It may have been taken from below or beside, and be whole already.
    let inside = text.get(spot.value..end).and_then(|text| text.find(value.as_str()));
    let Some(first) = inside.map(|at| spot.value + at).filter(|_| columns(&value) >= FULL) else {
        return value;
    };
    let starts = [columns(&text[..spot.start]), columns(&text[..first])];
    // What parts the two may have been left at the end of the line.
    let comma = text[first + value.len()..end].trim_start().starts_with([',', '，']);
    let mut whole = value;
    if comma {
        whole.push(',');
    }
    let most = columns(&whole) + columns(&text[spot.start..first]);
    for row in next.iter().take(2).filter(|row| row.text) {
        let Some(line) = row.pieces.first().map(|piece| piece.text.as_str()) else { break };
        let under = sides::chunks(line).into_iter().find(|(at, _)| {
            let at = columns(&line.chars().take(*at).collect::<String>());
            starts.iter().any(|start| start.abs_diff(at) < 2)
        });
        let Some((_, more)) = under else { break };
        let labelled = !spots(&more, context).is_empty() || context.labels.leading_label(&more).is_some();
        let sentence = more.contains(['。', '！', '!']) || context.labels.has(Words::Remark, &more);
        if sentence || columns(&more) > most || labelled {
            break;
        }
        let parted = if has_han(&whole) && has_han(&more) { "" } else { " " };
        whole = format!("{whole}{parted}{}", more.trim());
    }
    whole.truncate(whole.trim_end_matches(',').len());
    whole
}

/// A value without what parts it from its neighbours; a full stop stays, for remarks keep theirs.
fn value_of(text: &str) -> &str {
    let loose = |c: char| c.is_whitespace() || matches!(c, ',' | '，' | ';' | '；' | '、' | '|');
    text.trim_start_matches(|c: char| loose(c) || matches!(c, ':' | '：' | '.')).trim_end_matches(loose)
}

/// A piece that is nothing but a label.
fn bare(text: &str, context: &Context<'_>) -> Option<Label> {
    let text = text.trim();
    let text = text.trim_end_matches([':', '：']).trim();
    (text.chars().count() <= 30).then(|| context.labels.label(text)).flatten()
}

fn starts_labelled(text: &str, context: &Context<'_>) -> bool {
    let head = text.split(['\n']).next().unwrap_or("");
    spots(head, context)
        .first()
        .is_some_and(|s| s.strong && s.label.is_some() && text[..s.start].trim().is_empty())
}

/// Up to six lines under a label, to the next empty place or label.
fn below(next: &[Loose], column: usize, text: bool, context: &Context<'_>) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for row in next.iter().take(6) {
        let piece = if text { row.pieces.first() } else { row.pieces.iter().find(|p| p.column == column) };
        let Some(piece) = piece.map(|p| p.text.trim()).filter(|t| !t.is_empty()) else { break };
        if bare(piece, context).is_some() || starts_labelled(piece, context) {
            break;
        }
        lines.push(piece);
    }
    lines.join("\n")
}

/// All labels of a line, in order.
fn spots(text: &str, context: &Context<'_>) -> Vec<Spot> {
    let mut out: Vec<Spot> = Vec::new();
    let mut from = 0;
    for (at, c) in text.char_indices() {
        if !matches!(c, ':' | '：') || !parts(text, at, c) {
            continue;
        }
        let value = at + c.len_utf8();
        if let Some(spot) = with_colon(text, from, at, value, context) {
            from = value;
            out.push(spot);
        }
    }
    let gaps = without_colon(text, &out, context);
    out.extend(gaps);
    out.sort_by_key(|s| s.start);
    out
}

/// A colon that parts label and value: not in a time, a ratio or an address.
fn parts(text: &str, at: usize, c: char) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + c.len_utf8()..].chars().next();
    let digits = before.is_some_and(|b| b.is_ascii_digit()) && after.is_some_and(|a| a.is_ascii_digit());
    !digits && !text[at + c.len_utf8()..].starts_with("//") && at > 0
}

fn with_colon(text: &str, from: usize, colon: usize, value: usize, context: &Context<'_>) -> Option<Spot> {
    let hard = |c: char| matches!(c, '\t' | '，' | ',' | ';' | '；' | '。' | '|' | '、' | '【');
    let zone = &text[from..colon];
    let zone_start =
        zone.rfind(hard).map_or(from, |i| from + i + zone[i..].chars().next().map_or(1, char::len_utf8));
    let zone = &text[zone_start..colon];
    let wide = zone.trim_end().rfind("  ").map_or(zone_start, |i| zone_start + i + 2);
    let candidate = &text[wide..colon];
    let lead = candidate.len() - candidate.trim_start().len();
    let start = wide + lead;
    let candidate = candidate.trim();
    if candidate.is_empty() || candidate.chars().count() > 60 {
        return None;
    }
    for (offset, tail) in tails(candidate) {
        if let Some(label) = context.labels.label(tail) {
            return Some(Spot { label: Some(label), start: start + offset, value, strong: true });
        }
    }
    let last = tails(candidate).into_iter().last().map_or((0, candidate), |t| t);
    let (offset, short) = if candidate.chars().count() <= 16 { (0, candidate) } else { last };
    let likely = (short.chars().count() <= 16).then(|| context.labels.label_in(short)).flatten();
    let known = likely.is_some()
        || short.chars().count() <= 10
            && (from == 0 && start == text.len() - text.trim_start().len() || wide > zone_start);
    known.then_some(Spot { label: likely, start: start + offset, value, strong: likely.is_none() })
}

/// The text, the text without its numbering, and its ends from each blank on, longest first.
fn tails(text: &str) -> Vec<(usize, &str)> {
    let mut out = vec![(0, text)];
    let numbering = text.trim_start_matches(|c: char| {
        c.is_ascii_digit()
            || matches!(
                c,
                '.' | '、'
                    | ')'
                    | '）'
                    | '('
                    | '（'
                    | ' '
                    | '*'
                    | '•'
                    | '-'
                    | '一'
                    | '二'
                    | '三'
                    | '四'
                    | '五'
                    | '六'
                    | '七'
                    | '八'
                    | '九'
                    | '十'
                    | '】'
                    | '■'
                    | '●'
                    | '◆'
            )
    });
    if numbering.len() < text.len() && !numbering.is_empty() {
        out.push((text.len() - numbering.len(), numbering));
    }
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_whitespace() || *c == ')' || *c == '）') {
        let rest = text[at + c.len_utf8()..].trim_start();
        if !rest.is_empty() {
            out.push((text.len() - rest.len(), rest));
        }
    }
    out
}

/// Labels parted from their values by blanks only, at the start of the line or behind a wide gap or a comma.
fn without_colon(text: &str, taken: &[Spot], context: &Context<'_>) -> Vec<Spot> {
    let mut out: Vec<Spot> = Vec::new();
    for start in starts(text) {
        let inside = taken.iter().any(|s| s.start <= start && start < s.value);
        let Some((label, len)) = context.labels.leading_label(&text[start..]).filter(|_| !inside) else {
            continue;
        };
        let rest = &text[start + len..];
        let word = key(&text[start..start + len]);
        let long = if has_han(&word) {
            word.chars().count() >= 2
        } else {
            word.len() >= 4 || label == Label::PoNumber
        };
        let colon = rest.trim_start().starts_with([':', '：']);
        if long && !colon && plausible(label, rest, has_han(&word), context) {
            out.push(Spot { label: Some(label), start, value: start + len, strong: false });
        }
    }
    out
}

fn starts(text: &str) -> Vec<usize> {
    let mut out = Vec::new();
    let mut gap = 2;
    for (at, c) in text.char_indices() {
        match c {
            ' ' => gap += 1,
            '\t' | '\u{3000}' | '，' | ',' | ';' | '；' | '。' | '【' | '|' => gap = 2,
            _ => {
                if gap >= 2 {
                    out.push(at);
                }
                gap = 0;
            }
        }
    }
    out
}

/// Whether what follows a label without a colon is a value of its kind.
fn plausible(label: Label, rest: &str, han: bool, context: &Context<'_>) -> bool {
    let spaced = rest.starts_with([' ', '\t', '\u{3000}']);
    let wide = rest.starts_with("  ") || rest.starts_with('\t');
    let value = rest.trim();
    let token = value.split_whitespace().next().unwrap_or("").trim_start_matches(['#', '.', '(']);
    match label {
        Label::PoNumber | Label::RefersTo => {
            let latin = token.starts_with(|c: char| c.is_ascii_alphanumeric());
            latin
                && token.contains(|c: char| c.is_ascii_digit())
                && token.chars().count() >= 4
                && (spaced || rest.starts_with('#') || han)
        }
        Label::OrderDate | Label::Delivery => {
            let near = crate::read::value::text::head(value, 14);
            (spaced || han) && date::find(near, &context.dates, false).is_some_and(|d| d.start <= 4)
        }
        Label::Phone | Label::ShipPhone => {
            spaced && value.trim_start_matches('+').starts_with(|c: char| c.is_ascii_digit())
        }
        Label::DiscountCode => {
            let coded = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
            (spaced || han) && token.is_ascii() && token.contains(coded)
        }
        Label::Email => value.contains('@') && spaced,
        Label::Total => super::cells::money(value, context).is_some() && (spaced || han),
        Label::Currency => context.labels.currency_in(value).is_some() && value.chars().count() < 8,
        Label::Words => super::totals::in_words(value).is_some(),
        Label::Customer | Label::Seller => wide || (spaced && context.labels.has(Words::Company, value)),
        Label::Contact | Label::ShipContact => wide || (spaced && han && token.chars().count() <= 4),
        Label::Payment
        | Label::Shipping
        | Label::ShipAddress
        | Label::ShipTo
        | Label::ShipName
        | Label::Incoterm
        | Label::Address => wide || (spaced && han),
        Label::Notes | Label::Other => wide,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::find::Piece;
    use crate::read::labels::Labels;
    use chrono::NaiveDate;

    fn found(cells: &[&str]) -> Vec<(Label, String)> {
        let labels = Labels::built_in();
        let dates = date::Context { base: NaiveDate::from_ymd_opt(2026, 3, 10), ..Default::default() };
        let context = Context { labels: &labels, printed: false, style: Default::default(), dates };
        let piece = |(column, text): (usize, &&str)| Piece {
            text: (*text).to_owned(),
            column,
            evidence: Evidence::Line { line: 1 },
        };
        let row = Loose { pieces: cells.iter().enumerate().map(piece).collect(), text: cells.len() == 1 };
        pairs(&row, &[], &context).into_iter().filter_map(|p| Some((p.label?, p.value))).collect()
    }

    #[test]
    fn several_pairs_in_a_line() {
        for (line, want) in [
            (
                "采购单号：LL-1  下单日期：2026.03.02",
                vec![(Label::PoNumber, "LL-1"), (Label::OrderDate, "2026.03.02")],
            ),
            ("单号 JX-0316", vec![(Label::PoNumber, "JX-0316")]),
            (
                "订单号 HTML-0316，交期 2026-04-20",
                vec![(Label::PoNumber, "HTML-0316"), (Label::Delivery, "2026-04-20")],
            ),
            (
                "PO No.: 4500123 Date: 3/4/2026 Ship Via: UPS",
                vec![(Label::PoNumber, "4500123"), (Label::OrderDate, "3/4/2026"), (Label::Shipping, "UPS")],
            ),
            ("物流 安途专线", vec![(Label::Shipping, "安途专线")]),
            ("二、交货地点：东莞市", vec![(Label::ShipAddress, "东莞市")]),
            ("Please order the following goods", vec![]),
            ("时间 10:30 见面", vec![]),
        ] {
            let want: Vec<(Label, String)> = want.into_iter().map(|(l, v)| (l, v.to_owned())).collect();
            assert_eq!(found(&[line]), want, "{line}");
        }
    }

    #[test]
    fn label_cell_then_value_cell() {
        let got = found(&["单号", "A1", "日期：", "2026-03-07", "联系人：姚思远"]);
        assert_eq!(
            got,
            [
                (Label::PoNumber, "A1".to_owned()),
                (Label::OrderDate, "2026-03-07".to_owned()),
                (Label::Contact, "姚思远".to_owned())
            ]
        );
    }

    #[test]
    fn a_printed_address_goes_on_below() {
        let labels = Labels::built_in();
        let dates = date::Context::default();
        let context = Context { labels: &labels, printed: true, style: Default::default(), dates };
        let line = |text: &str| Loose {
            pieces: vec![Piece { text: text.to_owned(), column: 0, evidence: Evidence::Line { line: 1 } }],
            text: true,
        };
        for (lines, want) in [
            (
                ["  Ship to: Unit 6, Harbour Mill, Canal Street, ", "  Leeds LS2 0AA       Phone: 12345678"],
                "Unit 6, Harbour Mill, Canal Street, Leeds LS2 0AA",
            ),
            (["Deliver to: Kai 5, Hamburg", "Germany"], "Kai 5, Hamburg"),
            (
                ["Ship to: Unit 6, Harbour Mill, Canal Street", "Payment terms 30 days"],
                "Unit 6, Harbour Mill, Canal Street",
            ),
            (
                ["送货地址：广东省东莞市虎门镇龙眼工业区", "云锦路18号"],
                "广东省东莞市虎门镇龙眼工业区云锦路18号",
            ),
            (["送货地址：广东省东莞市虎门镇龙眼工业区", "请尽快安排。"], "广东省东莞市虎门镇龙眼工业区"),
            (["三、交货地点：", "广东省东莞市虎门镇龙眼工业区云锦路"], "广东省东莞市虎门镇龙眼工业区云锦路"),
        ] {
            let [first, next] = lines.map(line);
            let found = pairs(&first, &[next], &context);
            assert_eq!(found[0].value, want, "{lines:?}");
        }
    }
}

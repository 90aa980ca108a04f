//! HTML to lines and grids: nothing is rendered or fetched, scripts and styles are dropped, layout tables are unpacked.

use super::text::clean;
use crate::read::limits::Limits;
use crate::read::page::{Block, Cell, Grid, Page, Row, TextLine};
use crate::read::value::text::squeeze;
use scraper::node::Node;
use scraper::{ElementRef, Html};

const DROPPED: [&str; 12] = [
    "script", "style", "head", "title", "iframe", "object", "noscript", "template", "svg", "select",
    "textarea", "audio",
];
const BREAKING: [&str; 18] = [
    "p", "div", "br", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "section", "article",
    "pre", "dl", "dt",
];
/// Deeper elements than this are taken as text only.
const DEPTH: usize = 150;

struct Walker<'l> {
    limits: &'l Limits,
    blocks: Vec<Block>,
    lines: Vec<TextLine>,
    current: String,
    line: u32,
    tables: u32,
    quote: usize,
    pre: usize,
    bytes: usize,
}

/// Reads an HTML text.
#[must_use]
pub fn read(html: &str, limits: &Limits) -> Page {
    let document =
        Html::parse_document(&html[..crate::read::value::text::floor(html, limits.text_bytes * 4)]);
    let mut walker = Walker {
        limits,
        blocks: Vec::new(),
        lines: Vec::new(),
        current: String::new(),
        line: 1,
        tables: 0,
        quote: 0,
        pre: 0,
        bytes: 0,
    };
    walker.element(document.root_element(), 0);
    walker.flush_text();
    Page { blocks: walker.blocks }
}

impl Walker<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "comments and doctypes are not text")]
    fn element(&mut self, element: ElementRef<'_>, depth: usize) {
        if depth > DEPTH {
            let text: String = element.text().take(10_000).collect();
            self.text(&text);
            return;
        }
        for child in element.children() {
            if self.bytes > self.limits.text_bytes {
                return;
            }
            match child.value() {
                Node::Text(text) => self.text(text),
                Node::Element(inner) => {
                    let name = inner.name();
                    let Some(inner) = ElementRef::wrap(child).filter(|_| !DROPPED.contains(&name)) else {
                        continue;
                    };
                    self.child(inner, name, depth);
                }
                _ => {}
            }
        }
    }

    fn child(&mut self, element: ElementRef<'_>, name: &str, depth: usize) {
        if hidden(element) {
            return;
        }
        if name == "table" && is_data_table(element) {
            self.table(element);
            return;
        }
        let breaking = BREAKING.contains(&name) || name == "blockquote" || name == "table" || name == "tr";
        if breaking {
            self.new_line();
        }
        let quote = usize::from(
            name == "blockquote"
                && element.attr("type").is_none_or(|t| t == "cite")
                && !plain_indent(element),
        );
        let pre = usize::from(name == "pre");
        self.quote += quote;
        self.pre += pre;
        self.element(element, depth + 1);
        self.quote -= quote;
        self.pre -= pre;
        if name == "td" || name == "th" {
            self.current.push_str("   ");
        }
        if breaking {
            self.new_line();
            if name == "p" && !self.lines.last().is_none_or(|l| l.text.is_empty()) {
                self.line += 1;
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes += text.len();
        if self.pre > 0 {
            for (at, line) in text.split('\n').enumerate() {
                if at > 0 {
                    self.new_line();
                }
                self.current.push_str(&clean(line));
            }
            return;
        }
        let spaced = text.replace(['\n', '\r', '\t'], " ");
        // A run of ordinary blanks is one blank; no-break blanks are what writers align with.
        let mut blank = self.current.is_empty() || self.current.ends_with(' ');
        for c in spaced.chars() {
            if c == ' ' {
                if !blank {
                    self.current.push(' ');
                }
                blank = true;
            } else {
                self.current.push(if c == '\u{a0}' || c == '\u{3000}' { ' ' } else { c });
                blank = false;
            }
        }
    }

    fn new_line(&mut self) {
        let text = clean(&std::mem::take(&mut self.current));
        let text = if self.quote > 0 && !text.is_empty() { format!("> {text}") } else { text };
        let blank_twice = text.is_empty() && self.lines.last().is_none_or(|l| l.text.is_empty());
        if !blank_twice {
            self.lines.push(TextLine { number: self.line, text });
            self.line += 1;
        }
    }

    fn flush_text(&mut self) {
        self.new_line();
        if !self.lines.is_empty() {
            self.blocks.push(Block::Text(std::mem::take(&mut self.lines)));
        }
    }

    fn table(&mut self, table: ElementRef<'_>) {
        self.flush_text();
        self.tables += 1;
        let mut grid = Grid { sheet: Some(format!("table {}", self.tables)), rows: Vec::new() };
        let mut open: Vec<(usize, String)> = Vec::new();
        for row in rows(table).take(self.limits.rows as usize) {
            let (cells, still_open) = self.row(row, &open);
            open = still_open;
            let number = u32::try_from(grid.rows.len() + 1).unwrap_or(u32::MAX);
            grid.rows.push(Row { number, cells });
        }
        self.line += 1;
        if self.quote > 0 {
            let rows = grid
                .rows
                .iter()
                .map(|r| r.cells.iter().map(|c| squeeze(&c.text)).collect::<Vec<_>>().join("   "));
            let lines = rows.map(|text| TextLine { number: self.line, text: format!("> {text}") }).collect();
            self.blocks.push(Block::Text(lines));
        } else {
            self.blocks.push(Block::Grid(grid));
        }
    }

    /// The cells of a row; `open` are row spans from above (rows left, text) by column.
    fn row(&mut self, row: ElementRef<'_>, open: &[(usize, String)]) -> (Vec<Cell>, Vec<(usize, String)>) {
        let most = self.limits.columns as usize;
        let (mut cells, mut next) = (Vec::new(), Vec::new());
        let carry = |cells: &mut Vec<Cell>, next: &mut Vec<(usize, String)>| {
            while let Some((left, text)) = open.get(cells.len()).filter(|(left, _)| *left > 0) {
                next.push((left - 1, text.clone()));
                cells.push(Cell { text: text.clone(), carried: true });
            }
        };
        for cell in row.child_elements().filter(|c| matches!(c.value().name(), "td" | "th")).take(most) {
            carry(&mut cells, &mut next);
            let text = cell_text(cell);
            self.bytes += text.len();
            let span = |name: &str| {
                cell.attr(name).and_then(|s| s.trim().parse::<usize>().ok()).unwrap_or(1).clamp(1, most)
            };
            let (columns, down) = (span("colspan"), span("rowspan"));
            for at in 0..columns.min(most.saturating_sub(cells.len())) {
                let text = if at == 0 { text.clone() } else { String::new() };
                next.push((down - 1, text.clone()));
                cells.push(Cell::new(text));
            }
        }
        carry(&mut cells, &mut next);
        (cells, next)
    }
}

/// Mail programs indent with blockquote too (`margin`, no cite): that is not a quotation.
fn plain_indent(element: ElementRef<'_>) -> bool {
    let style = element.attr("style").unwrap_or("").to_ascii_lowercase();
    let class = element.attr("class").unwrap_or("");
    style.contains("border:none")
        || style.contains("border: none")
        || (style.contains("margin")
            && !style.contains("border-left")
            && !class.contains("quote")
            && element.attr("type").is_none())
}

/// Text that a person would not see.
fn hidden(element: ElementRef<'_>) -> bool {
    let style = element.attr("style").unwrap_or("").to_ascii_lowercase().replace(' ', "");
    element.attr("hidden").is_some()
        || ["display:none", "visibility:hidden", "font-size:0"]
            .iter()
            .any(|s| style.split(';').any(|p| p == *s || p == format!("{s}px")))
}

/// A table without tables inside, with a row of two cells or more: the others are layout.
fn is_data_table(table: ElementRef<'_>) -> bool {
    let inner = table.descendent_elements().skip(1).any(|e| e.value().name() == "table");
    !inner
        && rows(table)
            .any(|r| r.child_elements().filter(|c| matches!(c.value().name(), "td" | "th")).count() > 1)
}

fn rows<'a>(table: ElementRef<'a>) -> impl Iterator<Item = ElementRef<'a>> {
    table.descendent_elements().filter(|e| e.value().name() == "tr")
}

#[expect(clippy::wildcard_enum_match_arm, reason = "comments and doctypes are not text")]
fn cell_text(cell: ElementRef<'_>) -> String {
    let mut out = String::new();
    for edge in cell.descendants().take(20_000) {
        match edge.value() {
            Node::Text(text) => {
                let dropped = edge
                    .ancestors()
                    .take(40)
                    .any(|a| a.value().as_element().is_some_and(|e| DROPPED.contains(&e.name())));
                if !dropped {
                    out.push_str(&text.replace(['\n', '\r', '\t'], " "));
                }
            }
            Node::Element(e) if BREAKING.contains(&e.name()) => out.push('\n'),
            _ => {}
        }
    }
    let lines: Vec<String> = out.split('\n').map(|l| squeeze(&clean(l))).filter(|l| !l.is_empty()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grids(html: &str) -> Vec<Vec<Vec<String>>> {
        let page = read(html, &Limits::default());
        let grid =
            |g: &Grid| g.rows.iter().map(|r| r.cells.iter().map(|c| c.text.clone()).collect()).collect();
        page.blocks.iter().filter_map(|b| if let Block::Grid(g) = b { Some(grid(g)) } else { None }).collect()
    }

    #[test]
    fn spans_and_nesting() {
        let html = "<table><tr><td>x<table><tr><td rowspan=2>a</td><td>b</td></tr><tr><td>c</td></tr></table></td></tr></table>";
        assert_eq!(grids(html), vec![vec![vec!["a", "b"], vec!["a", "c"]]]);
        let html = "<table><tr><td colspan=2>t</td><td>u</td></tr></table>";
        assert_eq!(grids(html), vec![vec![vec!["t", "", "u"]]]);
    }

    #[test]
    fn scripts_and_hidden_text_are_dropped() {
        let html = "<p>订单号 A1<script>x()</script></p><div style='display:none'>secret</div><p>b<br>c</p>";
        let page = read(html, &Limits::default());
        let text: Vec<&str> = page.texts().filter(|t| !t.is_empty()).collect();
        assert_eq!(text, ["订单号 A1", "b", "c"]);
    }
}

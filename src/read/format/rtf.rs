//! Rich Text Format (1.9.1) to a page: paragraphs to lines, rows of tables to grids. Also HTML that stands in RTF as Outlook
//! keeps it (MS-OXRTFEX).

use super::html;
use crate::read::limits::Limits;
use crate::read::mail::charset::code_page;
use crate::read::page::{Block, Cell, Grid, Page, Row, TextLine};
use encoding_rs::{Encoding, WINDOWS_1252};
use std::collections::BTreeMap;

/// Groups in groups.
const DEPTH: usize = 200;

/// A line or a cell counts as so many letters, that none are without end.
const LINE: usize = 8;

/// Groups that hold no text of the document.
const SILENT: [&str; 14] = [
    "fonttbl",
    "colortbl",
    "stylesheet",
    "info",
    "pict",
    "object",
    "listtable",
    "listoverridetable",
    "rsidtbl",
    "themedata",
    "datastore",
    "latentstyles",
    "xmlnstbl",
    "fldinst",
];

/// Reads a document; with whether all of it was read.
#[must_use]
pub fn read(bytes: &[u8], limits: &Limits) -> (Page, bool) {
    let mut text = Text { limits: *limits, groups: vec![Group::default()], ..Text::default() };
    let whole = text.document(bytes);
    text.end_line();
    text.flush();
    let page = match text.html {
        Some(html) => html::read(&html, limits),
        None => Page { blocks: text.blocks },
    };
    (page, whole)
}

/// What holds in a group and ends with it.
#[derive(Clone, Default)]
struct Group {
    silent: bool,
    /// Deleted or hidden.
    hidden: bool,
    /// In HTML: a piece of markup.
    markup: bool,
    /// In HTML: RTF that stands for markup.
    double: bool,
    /// Letters that follow a letter by number, for those who don't know numbers; one where nothing is said.
    skip: Option<usize>,
    encoding: Option<&'static Encoding>,
}

#[derive(Default)]
struct Text {
    limits: Limits,
    groups: Vec<Group>,
    /// Bytes of a code page that wait for the rest of their letter.
    bytes: Vec<u8>,
    /// The first half of a letter that has two numbers.
    half: Option<u16>,
    /// Letters to be passed over.
    skipped: usize,
    /// The next word decides about its group.
    optional: bool,
    page: Option<&'static Encoding>,
    fonts: BTreeMap<i32, &'static Encoding>,
    font: i32,
    line: String,
    size: usize,
    number: u32,
    in_table: bool,
    cells: Vec<Cell>,
    rows: Vec<Row>,
    lines: Vec<TextLine>,
    blocks: Vec<Block>,
    tables: usize,
    html: Option<String>,
}

impl Text {
    /// Whether it came to the end within the limits.
    fn document(&mut self, bytes: &[u8]) -> bool {
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            at += 1;
            match byte {
                b'{' => self.open(),
                b'}' => self.close(),
                b'\\' => at = self.control(bytes, at),
                b'\r' | b'\n' => {}
                _ => self.byte(byte),
            }
            if self.size > self.limits.text_bytes || self.groups.len() > DEPTH {
                return false;
            }
        }
        true
    }

    fn group(&mut self) -> &mut Group {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    fn open(&mut self) {
        self.flush_bytes();
        let group = self.group().clone();
        self.groups.push(group);
    }

    fn close(&mut self) {
        self.flush_bytes();
        self.groups.pop();
    }

    /// A word, a symbol or a byte behind a backslash; gives where to go on.
    fn control(&mut self, bytes: &[u8], at: usize) -> usize {
        let letters = bytes[at..].iter().take_while(|it| it.is_ascii_alphabetic()).take(32).count();
        if letters == 0 {
            return self.symbol(bytes, at);
        }
        let word = String::from_utf8_lossy(&bytes[at..at + letters]).into_owned();
        let mut end = at + letters;
        let minus = bytes.get(end) == Some(&b'-');
        let digits = bytes[end + usize::from(minus)..].iter().take_while(|it| it.is_ascii_digit()).take(10);
        let length = digits.count();
        let number = (length > 0).then(|| {
            let text = String::from_utf8_lossy(&bytes[end..end + usize::from(minus) + length]).into_owned();
            text.parse::<i32>().unwrap_or(0)
        });
        if length > 0 {
            end += usize::from(minus) + length;
        }
        if bytes.get(end) == Some(&b' ') {
            end += 1;
        }
        if word == "bin" {
            return end.saturating_add(usize::try_from(number.unwrap_or(0)).unwrap_or(0));
        }
        self.word(&word, number);
        end
    }

    fn symbol(&mut self, bytes: &[u8], at: usize) -> usize {
        match bytes.get(at) {
            Some(b'\'') => {
                let digits = bytes.get(at + 1..at + 3).map(|it| String::from_utf8_lossy(it).into_owned());
                if let Some(byte) = digits.and_then(|it| u8::from_str_radix(&it, 16).ok()) {
                    self.byte(byte);
                }
                (at + 3).min(bytes.len())
            }
            Some(b'*') => {
                self.optional = true;
                at + 1
            }
            Some(b'~') => self.letters(" ", at),
            Some(b'_') => self.letters("-", at),
            Some(sign @ (b'\\' | b'{' | b'}')) => {
                self.byte(*sign);
                at + 1
            }
            Some(b'\r' | b'\n') => {
                self.word("par", None);
                at + 1
            }
            Some(_) => at + 1,
            None => at,
        }
    }

    fn letters(&mut self, text: &str, at: usize) -> usize {
        self.write(text);
        at + 1
    }

    fn word(&mut self, word: &str, number: Option<i32>) {
        let optional = std::mem::take(&mut self.optional);
        if word == "u" {
            return self.unicode(number.unwrap_or(0));
        }
        self.flush_bytes();
        match word {
            "htmltag" if self.html.is_some() => {
                let group = self.group();
                (group.markup, group.silent) = (true, false);
            }
            _ if optional || SILENT.contains(&word) => self.group().silent = true,
            "fromhtml" => self.html = Some(String::new()),
            "htmlrtf" => self.group().double = number != Some(0),
            "deleted" | "v" => self.group().hidden = number != Some(0),
            "plain" => self.group().hidden = false,
            "uc" => self.group().skip = number.and_then(|it| usize::try_from(it).ok()),
            "ansicpg" => self.page = number.and_then(|it| code_page(it.unsigned_abs())),
            "f" => self.font(number.unwrap_or(0)),
            "fcharset" => {
                if let Some(encoding) = number.and_then(of_charset) {
                    self.fonts.insert(self.font, encoding);
                }
            }
            "par" | "line" | "sect" | "page" => self.end_paragraph(),
            "tab" => self.write("\t"),
            "emdash" | "endash" => self.write("-"),
            "bullet" => self.write("•"),
            "lquote" | "rquote" => self.write("'"),
            "ldblquote" | "rdblquote" => self.write("\""),
            "intbl" => self.in_table = true,
            "pard" => self.in_table = false,
            "cell" | "nestcell" => self.end_cell(),
            "row" | "nestrow" => self.end_row(),
            _ => {}
        }
    }

    /// Fonts tell the code page of the bytes that are set in them.
    fn font(&mut self, font: i32) {
        self.font = font;
        let encoding = self.fonts.get(&font).copied();
        self.group().encoding = encoding;
    }

    /// A letter by its number, of which bytes for others follow.
    fn unicode(&mut self, number: i32) {
        self.flush_bytes();
        let unit = u16::try_from(number & 0xffff).unwrap_or(0);
        let units: Vec<u16> = self.half.take().into_iter().chain([unit]).collect();
        if (0xd800..0xdc00).contains(&unit) {
            self.half = Some(unit);
        } else {
            self.write(&String::from_utf16_lossy(&units));
        }
        self.skipped = self.group().skip.unwrap_or(1);
    }

    fn byte(&mut self, byte: u8) {
        self.optional = false;
        if self.skipped > 0 {
            self.skipped -= 1;
        } else {
            self.bytes.push(byte);
        }
    }

    fn flush_bytes(&mut self) {
        self.skipped = 0;
        if self.bytes.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        let encoding = self.group().encoding.or(self.page).unwrap_or(WINDOWS_1252);
        let text = encoding.decode_without_bom_handling(&bytes).0.into_owned();
        self.write(&text);
    }

    fn write(&mut self, text: &str) {
        self.flush_bytes_before(text);
        let Group { silent, hidden, markup, double, .. } = *self.group();
        if silent || hidden || (double && !markup) {
            return;
        }
        self.size += text.len();
        match &mut self.html {
            Some(html) => html.push_str(text),
            None => self.line.push_str(text),
        }
    }

    /// Bytes that came before letters by number come first.
    fn flush_bytes_before(&mut self, text: &str) {
        if !self.bytes.is_empty() && !text.is_empty() {
            self.flush_bytes();
        }
    }

    fn end_paragraph(&mut self) {
        let Group { silent, double, .. } = *self.group();
        if silent || double {
            return;
        }
        if let Some(html) = &mut self.html {
            html.push('\n');
        } else if self.in_table {
            self.line.push('\n');
        } else {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        if !self.rows.is_empty() {
            self.flush();
        }
        self.number += 1;
        self.size += LINE;
        let text = std::mem::take(&mut self.line).trim_end().to_owned();
        self.lines.push(TextLine { number: self.number, text });
    }

    fn end_cell(&mut self) {
        if self.html.is_none() && !self.group().silent {
            self.size += LINE;
            let text = std::mem::take(&mut self.line);
            if self.cells.len() < self.limits.columns as usize {
                self.cells.push(Cell::new(text.trim()));
            }
        }
    }

    fn end_row(&mut self) {
        if self.rows.len() >= self.limits.rows as usize {
            // As at any other limit, the rest is not read, and that is said.
            self.size = self.limits.text_bytes.saturating_add(1);
        }
        if self.cells.is_empty() {
            return;
        }
        if !self.lines.is_empty() {
            self.blocks.push(Block::Text(std::mem::take(&mut self.lines)));
        }
        let number = u32::try_from(self.rows.len() + 1).unwrap_or(u32::MAX);
        self.rows.push(Row { number, cells: std::mem::take(&mut self.cells) });
    }

    fn flush(&mut self) {
        if !self.rows.is_empty() {
            self.tables += 1;
            let sheet = Some(format!("table {}", self.tables));
            self.blocks.push(Block::Grid(Grid { sheet, rows: std::mem::take(&mut self.rows) }));
        }
        if !self.lines.is_empty() {
            self.blocks.push(Block::Text(std::mem::take(&mut self.lines)));
        }
    }
}

/// The encoding of a charset of fonts.
fn of_charset(charset: i32) -> Option<&'static Encoding> {
    code_page(match charset {
        128 => 932,
        129 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        204 => 1251,
        238 => 1250,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(rtf: &[u8]) -> Vec<String> {
        let (page, _) = read(rtf, &Limits::default());
        page.texts().map(str::to_owned).collect()
    }

    #[test]
    fn letters_of_every_kind() {
        for (rtf, want) in [
            (
                &br"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\pard caf\'e9 \{a\}\par b\tab c}"[..],
                &["café {a}", "b\tc"][..],
            ),
            (br"{\rtf1\ansi\ansicpg936 \'b6\'a9\'b5\'a5 A\par}", &["订单 A", ""]),
            (br"{\rtf1{\fonttbl{\f0\fcharset134 SimSun;}}\f0 \'b6\'a9\f1 x}", &["订x"]),
            (br"{\rtf1\uc1\u35746?\u21333?{\uc0\u-25886\u-10179\u-8704}!}", &["订单髢\u{1f600}!"]),
            (br"{\rtf1\uc2\u35746\'b6\'a9{\*\generator x;}{\info{\title t}}ok}", &["订ok"]),
            (br"{\rtf1 a\bin3 }}}b}", &["ab"]),
            (br"{\rtf1 {\deleted 500}{\revised 800}\v hidden\v0  pcs}", &["800 pcs"]),
        ] {
            assert_eq!(lines(rtf), want, "{}", String::from_utf8_lossy(rtf));
        }
    }

    #[test]
    fn tables_are_grids() {
        let row = |a: &str, b: &str| format!("\\trowd\\pard\\intbl {a}\\cell {b}\\par c\\cell\\row");
        let rtf = format!("{{\\rtf1 Order\\par {}{}\\pard End\\par}}", row("No", "Qty"), row("A1", "5"));
        let (page, whole) = read(rtf.as_bytes(), &Limits::default());
        assert!(whole);
        let [Block::Text(_), Block::Grid(grid), Block::Text(end)] = page.blocks.as_slice() else {
            panic!("{:?}", page.blocks)
        };
        let cells: Vec<&str> =
            grid.rows.iter().flat_map(|row| &row.cells).map(|it| it.text.as_str()).collect();
        assert_eq!(cells, ["No", "Qty\nc", "A1", "5\nc"]);
        assert_eq!(end[0].text, "End");
    }

    #[test]
    fn html_in_rtf_is_html() {
        let rtf = br"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}Total{\*\htmltag84 &nbsp;}\htmlrtf {\b double}\htmlrtf0 5\par{\*\htmltag72 </p>}}";
        let text = lines(rtf).join(" ");
        assert!(text.contains("Total") && text.contains('5') && !text.contains("double"), "{text}");
    }

    #[test]
    fn damage_ends_by_itself() {
        for rtf in [
            &b"{\\rtf1 {{{{\\'"[..],
            b"\\",
            b"{\\rtf1\\u",
            b"}}}}}x",
            b"{\\rtf1\\bin99999999 x",
            b"\\'zz\\u99999999999 ",
        ] {
            let _ = read(rtf, &Limits::default());
        }
        let deep = [b"{\\rtf1 ".as_slice(), &b"{".repeat(100_000)].concat();
        assert_eq!(lines(&deep), [""]);
        let many = [b"{\\rtf1 ".as_slice(), &b"\\cell\\row\\par ".repeat(200_000)].concat();
        assert!(!read(&many, &Limits::default()).1, "it is not read to the end");
    }
}

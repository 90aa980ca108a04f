//! Word documents (OOXML, ECMA-376 part 1 §17) to pages: paragraphs to lines, tables to grids, letterheads first and
//! footers last. Deleted and moved-away text of tracked changes is left out.

use super::archive;
use crate::read::codes::Code;
use crate::read::limits::Limits;
use crate::read::mail::charset;
use crate::read::page::{Block, Cell, Grid, Page, Row, TextLine};
use crate::read::value::text::floor;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Reads a document. `budget` is what may still be unpacked for this message; it is lowered.
pub fn read(bytes: &[u8], limits: &Limits, budget: &mut u64) -> Result<Page, Code> {
    let wanted = |path: &str| {
        path.strip_prefix("word/").is_some_and(|name| {
            name.ends_with(".xml") && ["header", "document", "footer"].iter().any(|it| name.starts_with(it))
        })
    };
    let mut parts = archive::pick(bytes, wanted, limits, budget)?;
    let turn = |path: &str| {
        if path.contains("/header") {
            0
        } else if path.contains("/document") {
            1
        } else {
            2
        }
    };
    parts.sort_by_key(|part| turn(&part.path));
    let mut text = Text { limits: *limits, ..Text::default() };
    for part in &parts {
        text.part(&part.bytes)?;
    }
    if parts.is_empty() { Err(Code::DamagedArchive) } else { Ok(Page { blocks: text.blocks }) }
}

/// What was read so far.
#[derive(Default)]
struct Text {
    limits: Limits,
    blocks: Vec<Block>,
    lines: Vec<TextLine>,
    line: u32,
    tables: u32,
    /// Open paragraphs: one may stand in a text box of another.
    paragraphs: Vec<String>,
    /// Open tables, each in a cell of the one before.
    open: Vec<Table>,
    /// Depth of what is not to be read.
    hidden: u32,
    letters: bool,
    size: usize,
}

#[derive(Default)]
struct Table {
    rows: Vec<Vec<Cell>>,
    row: Vec<Cell>,
    cell: String,
    /// Columns that the open cell takes.
    columns: usize,
    /// The open cell goes on from the row above.
    carried: bool,
}

impl Text {
    fn part(&mut self, xml: &[u8]) -> Result<(), Code> {
        let xml = charset::decode(xml, Some("utf-8"));
        let mut reader = Reader::from_str(&xml);
        loop {
            match reader.read_event().map_err(|_| Code::DamagedWord)? {
                Event::Start(tag) => self.start(&tag),
                Event::Empty(tag) => {
                    self.start(&tag);
                    self.end(tag.local_name().as_ref());
                }
                Event::End(tag) => self.end(tag.local_name().as_ref()),
                Event::Text(text) if self.letters => self.write(&text),
                Event::GeneralRef(name) if self.letters => self.write(&named(&name)),
                Event::Eof => break,
                Event::Text(_)
                | Event::GeneralRef(_)
                | Event::CData(_)
                | Event::Comment(_)
                | Event::Decl(_)
                | Event::PI(_)
                | Event::DocType(_) => {}
            }
        }
        self.flush();
        Ok(())
    }

    fn start(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            // The same text once more for older programs; text that was moved away.
            "Fallback" | "moveFrom" => self.hidden += 1,
            _ if self.hidden > 0 => {}
            "p" => self.paragraphs.push(String::new()),
            "t" => self.letters = true,
            "tab" if !self.paragraphs.is_empty() => self.write("\t"),
            "br" | "cr" => self.write("\n"),
            "tbl" => {
                if self.open.is_empty() {
                    self.flush();
                }
                self.open.push(Table::default());
            }
            "tc" => {
                if let Some(table) = self.open.last_mut() {
                    (table.columns, table.carried) = (1, false);
                    table.cell.clear();
                }
            }
            "gridSpan" => {
                let columns = value(tag).and_then(|it| it.parse().ok()).unwrap_or(1);
                if let Some(table) = self.open.last_mut() {
                    table.columns = columns;
                }
            }
            "vMerge" => {
                let carried = value(tag).is_none_or(|it| it != "restart");
                if let Some(table) = self.open.last_mut() {
                    table.carried = carried;
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "Fallback" | "moveFrom" => self.hidden = self.hidden.saturating_sub(1),
            _ if self.hidden > 0 => {}
            "t" => self.letters = false,
            "p" => {
                if let Some(text) = self.paragraphs.pop() {
                    self.paragraph(&text);
                }
            }
            "tc" => {
                let most = self.limits.columns as usize;
                if let Some(table) = self.open.last_mut() {
                    table.end_cell(most);
                }
            }
            "tr" => {
                let most = self.limits.rows as usize;
                if let Some(table) = self.open.last_mut() {
                    let row = std::mem::take(&mut table.row);
                    if table.rows.len() < most {
                        table.rows.push(row);
                    }
                }
            }
            "tbl" => self.end_table(),
            _ => {}
        }
    }

    fn write(&mut self, text: &str) {
        let room = self.limits.text_bytes.saturating_sub(self.size);
        let text = &text[..floor(text, room)];
        self.size += text.len();
        if let Some(open) = self.paragraphs.last_mut() {
            open.push_str(text);
        }
    }

    fn paragraph(&mut self, text: &str) {
        if let Some(table) = self.open.last_mut() {
            table.put(text);
            return;
        }
        for text in text.split('\n') {
            self.line += 1;
            self.lines.push(TextLine { number: self.line, text: text.trim_end().to_owned() });
        }
    }

    fn flush(&mut self) {
        if !self.lines.is_empty() {
            self.blocks.push(Block::Text(std::mem::take(&mut self.lines)));
        }
    }

    fn end_table(&mut self) {
        let Some(table) = self.open.pop() else { return };
        if let Some(outer) = self.open.last_mut() {
            for row in table.rows {
                let cells: Vec<String> =
                    row.into_iter().map(|cell| cell.text).filter(|it| !it.is_empty()).collect();
                outer.put(&cells.join("  "));
            }
            return;
        }
        self.tables += 1;
        let rows = (1..).zip(table.rows).map(|(number, cells)| Row { number, cells }).collect();
        self.blocks.push(Block::Grid(Grid { sheet: Some(format!("table {}", self.tables)), rows }));
    }
}

impl Table {
    /// A paragraph of the open cell.
    fn put(&mut self, text: &str) {
        let text = text.replace('\t', " ");
        if !text.trim().is_empty() {
            if !self.cell.is_empty() {
                self.cell.push('\n');
            }
            self.cell.push_str(text.trim());
        }
    }

    fn end_cell(&mut self, most: usize) {
        let column = self.row.len();
        let above = self.rows.last().and_then(|row| row.get(column)).filter(|_| self.carried);
        let cell = match above {
            Some(above) => Cell { text: above.text.clone(), carried: true },
            None => Cell::new(std::mem::take(&mut self.cell)),
        };
        self.row.push(cell);
        self.row.resize((column + self.columns.max(1)).min(most.max(column + 1)), Cell::default());
    }
}

/// The attribute `val` of a tag.
fn value(tag: &BytesStart<'_>) -> Option<String> {
    let attribute = tag.attributes().flatten().find(|it| it.key.local_name().as_ref() == "val")?;
    Some(attribute.value.into_owned())
}

/// A character by its number, or by one of the five names of XML; others there are not without a DTD, which is not read.
fn named(name: &BytesRef<'_>) -> String {
    if let Ok(Some(letter)) = name.resolve_char_ref() {
        return letter.to_string();
    }
    quick_xml::escape::resolve_predefined_entity(name).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(body: &str) -> Vec<Block> {
        let mut text = Text { limits: Limits::default(), ..Text::default() };
        text.part(format!("<w:document><w:body>{body}</w:body></w:document>").as_bytes()).unwrap();
        text.blocks
    }

    fn said(text: &str) -> String {
        format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
    }

    #[test]
    fn paragraphs_and_what_is_not_to_be_read() {
        let body = format!(
            "{}<w:p><w:r><w:t>A&amp;B</w:t><w:tab/><w:t>&#67;</w:t><w:br/><w:t>D</w:t></w:r>\
             <w:del><w:r><w:delText>gone</w:delText></w:r></w:del>\
             <w:moveFrom><w:r><w:t>away</w:t></w:r></w:moveFrom></w:p>",
            said("订单")
        );
        let blocks = blocks(&body);
        let [Block::Text(lines)] = blocks.as_slice() else { panic!("one block of text") };
        let texts: Vec<(u32, &str)> = lines.iter().map(|line| (line.number, line.text.as_str())).collect();
        assert_eq!(texts, [(1, "订单"), (2, "A&B\tC"), (3, "D")]);
    }

    #[test]
    fn tables_with_merged_cells_and_tables_in_them() {
        let cell = |inside: &str, text: &str| format!("<w:tc><w:tcPr>{inside}</w:tcPr>{}</w:tc>", said(text));
        let inner =
            format!("<w:tc><w:tbl><w:tr>{}{}</w:tr></w:tbl><w:p/></w:tc>", cell("", "x"), cell("", "y"));
        let body = format!(
            "<w:tbl><w:tr>{}{}</w:tr><w:tr>{}{}{inner}</w:tr></w:tbl>",
            cell("<w:vMerge w:val=\"restart\"/>", "A"),
            cell("<w:gridSpan w:val=\"2\"/>", "B"),
            cell("<w:vMerge/>", ""),
            cell("", "1"),
        );
        let blocks = blocks(&body);
        let [Block::Grid(grid)] = blocks.as_slice() else { panic!("one table") };
        let rows: Vec<Vec<(&str, bool)>> = grid
            .rows
            .iter()
            .map(|row| row.cells.iter().map(|it| (it.text.as_str(), it.carried)).collect())
            .collect();
        assert_eq!(
            rows,
            [[("A", false), ("B", false), ("", false)], [("A", true), ("1", false), ("x  y", false)]]
        );
    }
}

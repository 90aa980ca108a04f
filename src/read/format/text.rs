//! Plain text to numbered lines.

use crate::read::page::{Block, Page, TextLine};
use crate::read::value::text::floor;

/// Lines of a text; NUL and other control characters are dropped, tabs stay.
#[must_use]
pub fn read(text: &str, limit: usize) -> Page {
    let text = &text[..floor(text, limit)];
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines = lines.split('\n').zip(1u32..).map(|(line, number)| TextLine { number, text: clean(line) });
    Page { blocks: vec![Block::Text(lines.collect())] }
}

/// Drops what can't be seen, keeps tabs, makes odd blanks plain ones.
#[must_use]
pub fn clean(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '\u{a0}' | '\u{2002}'..='\u{200a}' | '\u{202f}' => out.push(' '),
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{ad}' => {}
            '\t' => out.push('\t'),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

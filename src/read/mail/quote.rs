//! New text and old text: where a reply begins to quote, and who wrote what is quoted or forwarded.

use crate::read::labels::{Labels, Words};
use crate::read::page::{Block, Page, TextLine};
use crate::read::value::text::{plain, squeeze};

/// A body parted into what was written now and what is quoted below.
#[derive(Debug, Default)]
pub struct Split {
    pub fresh: Page,
    pub quoted: Page,
    /// Name and address on the first From line of the quoted text.
    pub quoted_from: Option<String>,
}

impl Split {
    /// Nothing was written.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.fresh.is_blank() && self.quoted.is_blank()
    }
}

/// Parts a body at the first line that starts a quotation; single `>` lines before it are quoted too.
#[must_use]
pub fn split(page: Page, labels: &Labels) -> Split {
    let mut out = Split::default();
    let mut in_quote = false;
    for block in page.blocks {
        match block {
            Block::Grid(grid) => target(&mut out, in_quote).push(Block::Grid(grid)),
            Block::Text(lines) => {
                let (mut fresh, mut quoted) = (Vec::new(), Vec::new());
                for (at, line) in lines.iter().enumerate() {
                    in_quote = in_quote || starts(line, lines.get(at + 1), labels);
                    if in_quote || line.text.trim_start().starts_with('>') {
                        out.quoted_from = out.quoted_from.take().or_else(|| sender(&line.text));
                        quoted.push(unquoted(line));
                    } else {
                        fresh.push(line.clone());
                    }
                }
                if !fresh.is_empty() {
                    out.fresh.blocks.push(Block::Text(fresh));
                }
                if !quoted.is_empty() {
                    out.quoted.blocks.push(Block::Text(quoted));
                }
            }
        }
    }
    out
}

fn target(split: &mut Split, in_quote: bool) -> &mut Vec<Block> {
    if in_quote { &mut split.quoted.blocks } else { &mut split.fresh.blocks }
}

fn unquoted(line: &TextLine) -> TextLine {
    let text = line.text.trim_start().trim_start_matches(['>', ' ']);
    let text = if line.text.trim_start().starts_with('>') { text } else { &line.text };
    TextLine { number: line.number, text: text.to_owned() }
}

/// Whether a quotation starts at this line.
fn starts(line: &TextLine, next: Option<&TextLine>, labels: &Labels) -> bool {
    let text = squeeze(&plain(&line.text)).to_lowercase();
    let bare = text.trim_matches(|c: char| matches!(c, '-' | '_' | '=' | '*' | ' ' | ':' | '>'));
    if text.is_empty() {
        return false;
    }
    let dashed = text.starts_with("--")
        || text.starts_with("__")
        || text.starts_with("==")
        || text.chars().count() < 30;
    let marked = labels.words(Words::Quote).iter().any(|w| {
        let word = w.trim_matches(|c: char| matches!(c, '-' | '_' | '*' | ' '));
        !word.is_empty()
            && (bare == word
                || (dashed && word.chars().count() > 3 && bare.starts_with(word))
                || (word.ends_with(':') && text.starts_with(word)))
    });
    marked || header_block(&text, next) || wrote(&text)
}

/// "From: …" directly followed by "Sent:", "Date:" or "To:".
fn header_block(text: &str, next: Option<&TextLine>) -> bool {
    let from = ["from:", "von:", "de:", "de :", "发件人:", "寄件者:", "寄件人:", "da:"]
        .iter()
        .any(|w| text.starts_with(w));
    let next = next.map(|n| squeeze(&plain(&n.text)).to_lowercase()).unwrap_or_default();
    let follow = [
        "sent:",
        "date:",
        "to:",
        "gesendet:",
        "发送时间:",
        "日期:",
        "收件人:",
        "寄件日期:",
        "傳送時間:",
        "envoyé",
        "enviado",
        "an:",
        "时间:",
        "发送日期",
        "主题:",
        "subject:",
    ];
    from && (follow.iter().any(|w| next.starts_with(w)) || (text.contains('@') && next.is_empty()))
}

/// "On 8 Jan 2026, X <x@y> wrote:" and its Chinese likes.
fn wrote(text: &str) -> bool {
    let end = ["wrote:", "写道:", "寫道:", "schrieb:", "a écrit :", "escribió:", "ha scritto:", "escreveu:"];
    (text.contains('@') || text.contains(|c: char| c.is_ascii_digit()))
        && end.iter().any(|w| text.ends_with(w))
}

fn sender(text: &str) -> Option<String> {
    let text = plain(text);
    let text = text.trim().trim_start_matches(['>', ' ', '*']);
    let lower = text.to_lowercase();
    let words = ["from:", "von:", "发件人:", "寄件者:", "寄件人:", "de:"];
    let word = words.iter().find(|w| lower.starts_with(**w))?;
    text.get(word.len()..).map(|t| t.trim_start_matches('*').trim().to_owned()).filter(|t| !t.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(text: &str) -> usize {
        let lines =
            text.lines().zip(1..).map(|(t, number)| TextLine { number, text: t.to_owned() }).collect();
        let split = split(Page { blocks: vec![Block::Text(lines)] }, &Labels::built_in());
        split.fresh.texts().count()
    }

    #[test]
    fn quotations_are_told() {
        for (text, want) in [
            ("new\n------------------ 原始邮件 ------------------\n发件人: a", 1),
            ("new\n-----Original Message-----\nFrom: a\nSent: b", 1),
            ("new\nFrom: A <a@b.c>\nSent: Monday\nTo: x", 1),
            ("new\nOn 8 Jan 2026, A <a@b.c> wrote:\n> old", 1),
            ("new\n> old\nmore", 2),
            ("new\n在 2026-03-02 09:00, \"a\" <a@b.c> 写道：\nold", 1),
            ("From: our warehouse\n5 boxes", 2),
            ("发件人：x\n数量 5", 0),
        ] {
            assert_eq!(fresh(text), want, "{text}");
        }
    }
}

//! Blocks side by side in plain text: "Bill To:        Ship To:" with the lines of both below.

use super::{Context, Loose, Piece};
use crate::order::draft::Evidence;
use crate::read::page::TextLine;

/// A line of running text, or a row of blocks that stand side by side.
pub(super) enum Line {
    Text(TextLine),
    Row(Loose),
}

/// Finds rows of labels that are parted by wide gaps, and splits the lines below them at the same places.
pub(super) fn split(lines: Vec<TextLine>, context: &Context<'_>) -> Vec<Line> {
    let mut out = Vec::with_capacity(lines.len());
    let mut starts: Vec<usize> = Vec::new();
    for line in lines {
        let chunks = chunks(&line.text);
        let label = |t: &str| context.labels.label(t.trim_end_matches([':', '：'])).is_some();
        if chunks.len() > 1 && chunks.iter().all(|(_, t)| label(t)) {
            starts = chunks.iter().map(|(at, _)| *at).collect();
        } else if chunks.is_empty() || line.text.contains([':', '：']) {
            starts.clear();
        }
        out.push(if starts.is_empty() { Line::Text(line) } else { Line::Row(row(&line, &chunks, &starts)) });
    }
    out
}

fn row(line: &TextLine, chunks: &[(usize, String)], starts: &[usize]) -> Loose {
    let nearest = |at: usize| (0..starts.len()).min_by_key(|n| starts[*n].abs_diff(at)).unwrap_or(0);
    let piece = |(at, text): &(usize, String)| Piece {
        text: text.clone(),
        column: nearest(*at),
        evidence: Evidence::Line { line: line.number },
    };
    Loose { pieces: chunks.iter().map(piece).collect(), text: false }
}

/// Texts parted by three blanks or more, with their places in characters.
pub(super) fn chunks(text: &str) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = Vec::new();
    let mut gap = 3;
    for (at, c) in text.replace('\t', "    ").chars().enumerate() {
        if c.is_whitespace() {
            gap += 1;
            continue;
        }
        match out.last_mut() {
            Some((_, last)) if gap < 3 => {
                last.extend(std::iter::repeat_n(' ', gap));
                last.push(c);
            }
            _ => out.push((at, c.to_string())),
        }
        gap = 0;
    }
    out
}

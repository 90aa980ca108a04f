//! Lines of text between the boxes that the detector gives and the letters that the recogniser finds: cut where a rule of the
//! table stands, drawn in to the ink, and the place of every letter.

use super::recognize::Letter;
use crate::read::print::{Area, Rule, Word};
use crate::read::scan;
use crate::read::value::text::width;
use image::GrayImage;
use imageproc::rect::Rect;

/// White that is left around a line, of its height.
const MARGIN: f32 = 0.16;
/// Rows that are looked at together.
const BAND: u32 = 16;
/// So many pixels of ink in a band are specks.
const FAINT: usize = 50;

/// The first row of a page with writing, and the one behind the last: the rest need not be looked at.
pub(super) fn written(ink: &GrayImage) -> (u32, u32) {
    let width = ink.width() as usize;
    let band = |(_, rows): &(u32, &[u8])| rows.iter().filter(|it| **it > 0).count() > FAINT;
    let bands = || (0..).zip(ink.as_raw().chunks(width.max(1) * BAND as usize));
    let first = bands().find(band).map_or(0, |(at, _)| at * BAND);
    let last = bands().filter(band).last().map_or(ink.height(), |(at, _)| (at + 1) * BAND);
    (first.saturating_sub(2 * BAND), (last + 2 * BAND).min(ink.height()))
}

/// Cuts boxes where a rule runs down through them.
pub(super) fn cut(boxes: Vec<Rect>, rules: &[Rule]) -> Vec<Rect> {
    boxes.into_iter().flat_map(|it| pieces(it, rules)).collect()
}

fn pieces(line: Rect, rules: &[Rule]) -> Vec<Rect> {
    let middle = line.top() as f32 + line.height() as f32 / 2.0;
    let crosses = |rule: &&Rule| !rule.across && rule.from <= middle && middle <= rule.to;
    let inside = |at: &i32| *at > line.left() + 2 && *at < line.right() - 2;
    let mut cuts: Vec<i32> = rules.iter().filter(crosses).map(|rule| rule.at as i32).filter(inside).collect();
    cuts.sort_unstable();
    cuts.push(line.right() + 1);
    let mut left = line.left();
    let mut out = Vec::new();
    for cut in cuts {
        if cut > left {
            out.push(Rect::at(left, line.top()).of_size((cut - left) as u32, line.height()));
        }
        left = cut;
    }
    out
}

/// The box drawn in to what is written in it; None when there is nothing.
pub(super) fn drawn_in(line: Rect, ink: &GrayImage) -> Option<Rect> {
    let (left, top) = (line.left().max(0) as u32, line.top().max(0) as u32);
    let (right, bottom) = ((left + line.width()).min(ink.width()), (top + line.height()).min(ink.height()));
    let is_ink = |x: u32, y: u32| ink.get_pixel(x, y).0[0] > 0;
    // A speck is not what the line begins with.
    let row = |y: &u32| (left..right).filter(|x| is_ink(*x, *y)).count() > 1;
    let (first, last) = ((top..bottom).find(row)?, (top..bottom).rev().find(row)?);
    let column = |x: &u32| (first..=last).filter(|y| is_ink(*x, *y)).count() > 1;
    let (from, to) = ((left..right).find(column)?, (left..right).rev().find(column)?);
    let (width, height) = (to - from + 1, last - first + 1);
    (width > 2 && height > 5).then(|| Rect::at(from as i32, first as i32).of_size(width, height))
}

/// The line with a little white around it.
pub(super) fn with_margin(line: Rect, page: &GrayImage) -> Rect {
    let by = (line.height() as f32 * MARGIN).ceil().max(3.0) as i32;
    let (left, top) = ((line.left() - by).max(0), (line.top() - by).max(0));
    let right = (line.right() + by).min(page.width() as i32 - 1);
    let bottom = (line.bottom() + by).min(page.height() as i32 - 1);
    Rect::at(left, top).of_size((right - left + 1).max(1) as u32, (bottom - top + 1).max(1) as u32)
}

/// Letters with their boxes on the page: they reach to one another unless they stand apart. `read` is the box in which they were
/// found, `line` the one of the ink.
pub(super) fn placed(letters: &[Letter], read: Rect, line: Rect) -> Vec<Word> {
    let middle = |letter: &Letter| read.left() as f32 + letter.at * read.width() as f32;
    let (start, end) = (line.left() as f32, line.right() as f32 + 1.0);
    let (top, bottom) = (line.top() as f32, line.bottom() as f32 + 1.0);
    let size = bottom - top;
    let mut out: Vec<Word> = Vec::with_capacity(letters.len());
    let word = |text: &str, left: f32, right: f32, score: f32| {
        let area = Area { left: left.max(start), top, right: right.min(end), bottom };
        Word { text: text.to_owned(), area, confidence: scan::confidence(score) }
    };
    let mut left = start;
    for (n, letter) in letters.iter().enumerate() {
        let (here, half) = (middle(letter), size * half(letter));
        let next = letters.get(n + 1);
        let right = match next {
            Some(next) if stand_apart(letter, next, (middle(next) - here) / size) => here + half,
            Some(next) => f32::midpoint(here, middle(next)),
            None => end.min(here + half),
        };
        out.push(word(&letter.text, left.max(here - 1.3 * size), right, letter.score));
        left = right;
        if let Some(next) = next.filter(|next| stand_apart(letter, next, (middle(next) - here) / size)) {
            left = right.max(middle(next) - size * self::half(next));
            out.push(word(" ", right, left, 1.0));
        }
    }
    out
}

fn is_wide(letter: &Letter) -> bool {
    letter.text.chars().next().is_some_and(|c| width(c) > 1)
}

/// Half the width of a letter, of the height of its line.
fn half(letter: &Letter) -> f32 {
    if is_wide(letter) { 0.5 } else { 0.3 }
}

/// Whether there is a blank between two letters, whose middles are so far from each other, of the height of the line. The
/// recogniser sees blanks between Latin letters itself; those beside Chinese ones it often leaves out.
fn stand_apart(letter: &Letter, next: &Letter, distance: f32) -> bool {
    let most = match (is_wide(letter), is_wide(next)) {
        (true, true) => 1.4,
        (false, false) => 1.6,
        (true, false) | (false, true) => 1.15,
    };
    distance > most && letter.text != " " && next.text != " "
}

/// The first lines of a page, and whether they stand upright on a page that lies on its side.
pub(super) fn sample(lines: &[Rect], count: usize) -> (Vec<Rect>, bool) {
    let is_tall = |it: &&Rect| it.height() > it.width();
    let on_side = lines.iter().filter(is_tall).count() * 2 > lines.len();
    let fitting = lines.iter().filter(|it| is_tall(it) == on_side);
    (fitting.take(count).copied().collect(), on_side)
}

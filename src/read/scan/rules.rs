//! The lines of tables: long straight strokes across or down.

use super::ink::{PAPER, is_ink};
use crate::read::print::Rule;
use image::{GrayImage, Luma, imageops};

/// A break of so many pixels does not end a stroke.
const BREAK: u32 = 4;
/// A stroke of fewer pixels is part of a letter.
const SHORT: u32 = 50;
/// A stroke of so many pixels is a rule wherever it stands; a shorter one only between two others.
const LONG: u32 = 130;
/// Rules are no thicker than this.
const THICK: u32 = 14;
/// How near a short stroke has to come to those across it.
const MEETS: u32 = 10;
/// Strokes of one page at most; more are a pattern.
const MOST: usize = 4_000;

/// A stroke: `at` first and last row (or column), `along` first and last place on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    across: bool,
    at: (u32, u32),
    along: (u32, u32),
    /// Its pixels: row, from, to.
    runs: Vec<(u32, u32, u32)>,
}

impl Line {
    pub(super) fn rule(&self) -> Rule {
        let at = (self.at.0 + self.at.1 + 1) as f32 / 2.0;
        Rule { across: self.across, at, from: self.along.0 as f32, to: (self.along.1 + 1) as f32 }
    }

    const fn length(&self) -> u32 {
        self.along.1 - self.along.0 + 1
    }

    fn meets(&self, other: &Self, place: u32) -> bool {
        self.along.0 <= other.at.1 + MEETS
            && other.at.0 <= self.along.1 + MEETS
            && self.at.0 <= place + MEETS
            && place <= self.at.1 + MEETS
    }
}

/// The rules of a page.
pub(super) fn find(ink: &GrayImage) -> Vec<Line> {
    let across = strokes(ink, true);
    let down = strokes(&imageops::rotate270(&imageops::flip_horizontal(ink)), false);
    let kept = |lines: &[Line], others: &[Line]| -> Vec<Line> {
        let between = |line: &Line| {
            let ends = [line.along.0, line.along.1];
            ends.into_iter().all(|end| others.iter().any(|other| other.meets(line, end)))
        };
        lines.iter().filter(|line| line.length() >= LONG || between(line)).cloned().collect()
    };
    [kept(&across, &down), kept(&down, &across)].concat()
}

/// Long runs of ink, row by row, put together where they touch.
fn strokes(ink: &GrayImage, across: bool) -> Vec<Line> {
    let mut open: Vec<Line> = Vec::new();
    let mut done: Vec<Line> = Vec::new();
    for y in 0..ink.height() {
        for (from, to) in runs(ink, y) {
            let touches = |line: &&mut Line| {
                line.at.1 + 2 >= y && line.along.0 <= to + BREAK && from <= line.along.1 + BREAK
            };
            match open.iter_mut().find(touches) {
                Some(line) => {
                    line.at.1 = y;
                    line.along = (line.along.0.min(from), line.along.1.max(to));
                    line.runs.push((y, from, to));
                }
                None => open.push(Line { across, at: (y, y), along: (from, to), runs: vec![(y, from, to)] }),
            }
        }
        let (go_on, ended): (Vec<Line>, Vec<Line>) = open.into_iter().partition(|line| line.at.1 + 2 > y);
        open = go_on;
        done.extend(ended);
        if done.len() + open.len() > MOST {
            return Vec::new();
        }
    }
    done.append(&mut open);
    done.retain(|line| line.at.1 - line.at.0 < THICK && line.length() > 3 * (line.at.1 - line.at.0 + 1));
    done
}

/// Runs of ink of one row, from and to, that are long enough.
fn runs(ink: &GrayImage, y: u32) -> Vec<(u32, u32)> {
    let mut out = Vec::new();
    let mut run: Option<(u32, u32, u32)> = None;
    for x in 0..ink.width() {
        if is_ink(ink, x, y) {
            run = Some(run.map_or((x, x, 1), |(from, _, count)| (from, x, count + 1)));
        } else if let Some((from, to, count)) = run.filter(|(_, to, _)| x - to > BREAK) {
            out.extend(long(from, to, count));
            run = None;
        }
    }
    out.extend(run.and_then(|(from, to, count)| long(from, to, count)));
    out
}

/// A run that is mostly ink.
fn long(from: u32, to: u32, count: u32) -> Option<(u32, u32)> {
    let length = to - from + 1;
    (length >= SHORT && count * 10 >= length * 8).then_some((from, to))
}

/// Takes rules out of the page, with the pixel beside them that is gray.
pub(super) fn erase(lines: &[Line], ink: &mut GrayImage, gray: &mut GrayImage) {
    for line in lines {
        for (row, from, to) in &line.runs {
            for row in row.saturating_sub(1)..=row + 1 {
                for along in *from..=*to {
                    let (x, y) = if line.across { (along, row) } else { (row, along) };
                    if x < gray.width() && y < gray.height() {
                        gray.put_pixel(x, y, Luma([255]));
                        ink.put_pixel(x, y, PAPER);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ink::INK;
    use super::*;
    use imageproc::drawing::draw_filled_rect_mut;
    use imageproc::rect::Rect;

    fn page(strokes: &[(i32, i32, u32, u32)]) -> GrayImage {
        let mut ink = GrayImage::new(600, 400);
        for (x, y, width, height) in strokes {
            draw_filled_rect_mut(&mut ink, Rect::at(*x, *y).of_size(*width, *height), INK);
        }
        ink
    }

    #[test]
    fn long_strokes_and_short_ones_between_them_are_rules() {
        let box_of_two =
            [(50, 100, 401, 3), (50, 160, 401, 3), (50, 100, 3, 63), (250, 100, 3, 63), (448, 100, 3, 63)];
        let text = [(300, 120, 24, 3), (310, 110, 3, 30), (100, 250, 60, 3)];
        let bar = [(60, 300, 400, 40)];
        let page = page(&[&box_of_two[..], &text, &bar].concat());
        let found: Vec<Rule> = find(&page).iter().map(Line::rule).collect();
        let across = found.iter().filter(|it| it.across).count();
        assert_eq!((across, found.len()), (2, 5), "{found:?}");
        let first = Rule { across: true, at: 101.5, from: 50.0, to: 451.0 };
        assert!(found.contains(&first), "{found:?}");
        assert!(found.contains(&Rule { across: false, at: 251.5, from: 100.0, to: 163.0 }), "{found:?}");
    }

    #[test]
    fn erased_rules_leave_letters_beside_them() {
        let mut ink = page(&[(50, 100, 300, 3), (60, 110, 20, 20)]);
        let mut gray = ink.clone();
        imageops::invert(&mut gray);
        let lines = find(&ink);
        erase(&lines, &mut ink, &mut gray);
        assert_eq!(ink.as_raw().iter().filter(|it| **it == 255).count(), 400);
        assert_eq!(gray.as_raw().iter().filter(|it| **it == 0).count(), 400);
    }
}

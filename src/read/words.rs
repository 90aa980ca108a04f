//! Letters to words: what stands on one line without a gap.

use super::print::{Area, Word};

/// A gap wider than this share of the type's height parts two words.
const GAP: f32 = 0.28;

/// Puts letters together. They may come in any order; blanks part words and are left out.
pub(super) fn words(mut letters: Vec<Word>) -> Vec<Word> {
    letters.retain(|letter| letter.area.height() > 0.5);
    let mut out: Vec<Word> = Vec::new();
    for line in lines(letters) {
        let mut parted = true;
        for letter in line {
            if letter.text.trim().is_empty() {
                parted = true;
                continue;
            }
            match out.last_mut().filter(|_| !parted) {
                Some(last) if is_shadow(last, &letter) => {}
                Some(last) if joins(&last.area, &letter.area) => {
                    last.text.push_str(&letter.text);
                    last.area = last.area.around(&letter.area);
                    last.confidence = last.confidence.min(letter.confidence);
                }
                _ => out.push(letter),
            }
            parted = false;
        }
    }
    out
}

/// Words or letters by lines from the top down, each from left to right.
pub(super) fn lines(mut all: Vec<Word>) -> Vec<Vec<Word>> {
    all.sort_by(|a, b| a.area.middle().1.total_cmp(&b.area.middle().1));
    let mut lines: Vec<(Area, Vec<Word>)> = Vec::new();
    for word in all {
        let middle = word.area.middle().1;
        let place = lines.iter_mut().rev().take(8).find(|(area, _)| {
            let reach = 0.35 * area.height().min(word.area.height());
            (area.middle().1 - middle).abs() <= reach
        });
        match place {
            Some((_, line)) => line.push(word),
            None => lines.push((word.area, vec![word])),
        }
    }
    lines
        .into_iter()
        .map(|(_, mut line)| {
            line.sort_by(|a, b| a.area.left.total_cmp(&b.area.left));
            line
        })
        .collect()
}

fn joins(left: &Area, right: &Area) -> bool {
    right.left - left.right <= GAP * left.height().min(right.height())
}

/// The same letter drawn once more a little aside, to look bold.
fn is_shadow(word: &Word, letter: &Word) -> bool {
    word.text.ends_with(letter.text.as_str())
        && letter.area.left < word.area.right - 0.6 * letter.area.width()
}

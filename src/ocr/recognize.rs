//! What a line of text says, by a model that reads it from left to right (CTC).

use super::models::{Failed, floats, tensor};
use image::GrayImage;
use image::imageops::{self, FilterType};
use rten::{Model, RunOptions};

/// Height of the picture that the model gets.
const HEIGHT: u32 = 48;
/// Its width is a multiple of this.
const STEP: u32 = 32;
/// Nothing longer than so many heights is read.
const LONGEST: u32 = 80;

/// A letter, where along the line its middle stands (from 0 to 1), and how sure that is (likewise).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Letter {
    pub(super) text: String,
    pub(super) at: f32,
    pub(super) score: f32,
}

pub(super) fn letters(
    model: &Model,
    alphabet: &[String],
    line: &GrayImage,
    options: &RunOptions,
) -> Result<Vec<Letter>, Failed> {
    let width = (line.width() * HEIGHT).div_ceil(line.height().max(1)).clamp(8, HEIGHT * LONGEST);
    let padded = width.div_ceil(STEP) * STEP;
    let small = imageops::resize(line, width, HEIGHT, FilterType::Triangle);
    let scores = floats(model.run_one(tensor(&small, padded).into(), Some(options.clone()))?)?;
    if scores.is_empty() || scores.len() % (alphabet.len() + 1) != 0 {
        return Err(Failed::Shape);
    }
    Ok(greedy(&scores, alphabet, width as f32 / padded as f32))
}

/// The likeliest class of every step: class 0 is no letter, the same one again the same letter. `filled`: the share of the
/// steps that the line fills.
fn greedy(scores: &[f32], alphabet: &[String], filled: f32) -> Vec<Letter> {
    let classes = alphabet.len() + 1;
    let steps = scores.len() / classes;
    let place = |step: usize| ((step as f32 + 0.5) / steps as f32 / filled).min(1.0);
    let mut out: Vec<Letter> = Vec::new();
    let (mut last, mut began) = (0, 0);
    for (step, row) in scores.chunks_exact(classes).enumerate() {
        let best = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        let (class, score) = best.map_or((0, 0.0), |(class, score)| (class, *score));
        match out.last_mut() {
            Some(letter) if class != 0 && class == last => {
                letter.at = f32::midpoint(place(began), place(step));
                letter.score = letter.score.max(score);
            }
            _ if class != 0 => {
                began = step;
                out.push(Letter { text: alphabet[class - 1].clone(), at: place(step), score });
            }
            _ => {}
        }
        last = class;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_classes_are_one_letter_unless_parted() {
        let alphabet = ["1".to_owned(), "0".to_owned()];
        let step = |class: usize, score: f32| {
            let mut row = [0.0; 3];
            row[class] = score;
            row
        };
        let scores =
            [step(1, 0.5), step(1, 0.9), step(0, 1.0), step(2, 0.8), step(0, 1.0), step(2, 0.7)].concat();
        let found = greedy(&scores, &alphabet, 1.0);
        let texts: Vec<(&str, f32)> = found.iter().map(|it| (it.text.as_str(), it.score)).collect();
        assert_eq!(texts, [("1", 0.9), ("0", 0.8), ("0", 0.7)]);
        assert!((found[0].at - 1.0 / 6.0).abs() < 0.001, "{found:?}");
        assert!(found.is_sorted_by(|a, b| a.at < b.at));
    }
}

//! A printed page as a PDF or the recognition of a picture gives it: words with boxes, ruling, and nothing of an order yet.

use crate::order::draft::Confidence;
use serde::{Deserialize, Serialize};

/// A rectangle in points (1/72 inch) from the upper left corner of the page as it is read.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Area {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Area {
    #[must_use]
    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    #[must_use]
    pub fn height(&self) -> f32 {
        self.bottom - self.top
    }

    #[must_use]
    pub fn middle(&self) -> (f32, f32) {
        (f32::midpoint(self.left, self.right), f32::midpoint(self.top, self.bottom))
    }

    #[must_use]
    pub fn around(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    #[must_use]
    pub fn holds(&self, (x, y): (f32, f32)) -> bool {
        self.left <= x && x <= self.right && self.top <= y && y <= self.bottom
    }
}

/// Letters that stand together without a gap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Word {
    pub text: String,
    pub area: Area,
    /// How sure it is that these are the letters.
    pub confidence: Confidence,
}

/// A straight line across or down the page. `at` is its distance from the top (or from the left), `from` and `to` where it
/// begins and ends along its way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub across: bool,
    pub at: f32,
    pub from: f32,
    pub to: f32,
}

/// One page.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Print {
    pub width: f32,
    pub height: f32,
    pub words: Vec<Word>,
    pub rules: Vec<Rule>,
    /// How much of the page is covered by pictures, in hundredths.
    pub pictured: u32,
    /// Letters that stand there, and of which the file does not say which they are.
    pub unknown: u32,
    /// By how many quarters, clockwise, the page was turned for its letters to stand upright.
    pub turned: u8,
    /// How it was read, if it was a picture.
    pub scan: Option<Scan>,
}

/// A page that was read from a picture.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Scan {
    /// The mean confidence of its letters, in thousandths; 0 where there are none.
    pub legible: u32,
    /// What stands at the edge that came in first, where fax machines write.
    pub head: String,
    /// Where that edge is on the page as it is read.
    pub edge: Area,
}

impl Print {
    /// Whether a person would see more on the page than its words tell: a picture without words, or letters without meaning.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        if self.scan.is_some() {
            return self.words.is_empty();
        }
        let letters: usize = self.words.iter().map(|word| word.text.chars().count()).sum();
        (self.pictured > 30 && letters < 40) || self.unknown as usize * 4 > letters.max(1)
    }
}

//! What is ink and what is paper.

use image::{GrayImage, Luma};
use imageproc::contrast::adaptive_threshold;

pub(super) const INK: Luma<u8> = Luma([255]);
pub(super) const PAPER: Luma<u8> = Luma([0]);
/// Of a black and white picture, so many pixels of a thousand may lie between.
const BETWEEN: usize = 120;

/// A picture that is [`INK`] where something is written. A photograph is darker here and brighter there: its ink is what is
/// darker than its surroundings.
pub(super) fn ink(gray: &GrayImage) -> GrayImage {
    let between = gray.as_raw().iter().filter(|it| (40..216).contains(*it)).count();
    if between * 1000 <= gray.as_raw().len() * BETWEEN {
        return GrayImage::from_fn(gray.width(), gray.height(), |x, y| {
            if gray.get_pixel(x, y).0[0] < 128 { INK } else { PAPER }
        });
    }
    let radius = (gray.width().max(gray.height()) / 100).max(8);
    let mut ink = adaptive_threshold(gray, radius, 12);
    image::imageops::invert(&mut ink);
    ink
}

pub(super) fn is_ink(ink: &GrayImage, x: u32, y: u32) -> bool {
    *ink.get_pixel(x, y) == INK
}

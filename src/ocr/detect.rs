//! Where text stands on a page, by a model that marks the middle of every line of text (DB).

use super::models::{Failed, floats, tensor};
use image::{GrayImage, Luma, imageops};
use imageproc::rect::Rect;
use imageproc::region_labelling::{Connectivity, connected_components};
use rten::{Model, RunOptions};

/// A pixel belongs to text from here on, of 1.
const TEXT: f32 = 0.3;
/// A patch is text when its pixels reach this on the average.
const PATCH: f32 = 0.5;
/// How far a patch is grown: the model marks lines narrower than they are.
const GROWTH: f32 = 1.6;
/// Patches with a side of fewer pixels are specks.
const SPECK: u32 = 3;
/// Sides of the model's picture are multiples of this.
const STEP: u32 = 32;

/// Boxes of the lines of text, in pixels of the page; `scale` makes the picture that the model gets of it.
pub(super) fn boxes(
    model: &Model,
    page: &GrayImage,
    scale: f32,
    options: &RunOptions,
) -> Result<Vec<Rect>, Failed> {
    let round = |length: u32| ((length as f32 * scale / STEP as f32).round().max(1.0) as u32) * STEP;
    let (width, height) = (round(page.width()), round(page.height()));
    let small = imageops::thumbnail(page, width, height);
    let marks = floats(model.run_one(tensor(&small, width).into(), Some(options.clone()))?)?;
    if marks.len() != (width * height) as usize {
        return Err(Failed::Shape);
    }
    let back = (page.width() as f32 / width as f32, page.height() as f32 / height as f32);
    let patches = patches(&marks, width, height);
    Ok(patches.into_iter().filter_map(|patch| patch.grown(back, page.dimensions())).collect())
}

/// Pixels that hang together.
#[derive(Clone, Copy)]
struct Patch {
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
    sum: f32,
    count: u32,
}

fn patches(marks: &[f32], width: u32, height: u32) -> Vec<Patch> {
    let mark = |x: u32, y: u32| marks[(y * width + x) as usize];
    let mask = GrayImage::from_fn(width, height, |x, y| Luma([if mark(x, y) > TEXT { 255 } else { 0 }]));
    let mut out: Vec<Patch> = Vec::new();
    for (x, y, label) in connected_components(&mask, Connectivity::Eight, Luma([0])).enumerate_pixels() {
        let Some(number) = (label.0[0] as usize).checked_sub(1) else { continue };
        while out.len() <= number {
            out.push(Patch { left: x, top: y, right: x, bottom: y, sum: 0.0, count: 0 });
        }
        let patch = &mut out[number];
        if patch.count == 0 {
            *patch = Patch { left: x, top: y, right: x, bottom: y, sum: 0.0, count: 0 };
        }
        patch.left = patch.left.min(x);
        patch.right = patch.right.max(x);
        patch.bottom = patch.bottom.max(y);
        patch.sum += mark(x, y);
        patch.count += 1;
    }
    out.retain(Patch::is_text);
    out
}

impl Patch {
    fn is_text(&self) -> bool {
        let (width, height) = (self.right - self.left + 1, self.bottom - self.top + 1);
        self.sum > PATCH * self.count as f32 && width >= SPECK && height >= SPECK
    }

    /// The box on the page, as high as the line.
    fn grown(&self, (across, down): (f32, f32), page: (u32, u32)) -> Option<Rect> {
        let (width, height) = ((self.right - self.left + 1) as f32, (self.bottom - self.top + 1) as f32);
        let by = width * height * GROWTH / (2.0 * (width + height));
        let left = ((self.left as f32 - by) * across).max(0.0) as u32;
        let top = ((self.top as f32 - by) * down).max(0.0) as u32;
        let right = (((self.right + 1) as f32 + by) * across).min(page.0 as f32) as u32;
        let bottom = (((self.bottom + 1) as f32 + by) * down).min(page.1 as f32) as u32;
        (right > left + 2 && bottom > top + 2)
            .then(|| Rect::at(left as i32, top as i32).of_size(right - left, bottom - top))
    }
}

//! The engine of our own: two models in pure Rust, PP-OCRv6 small.

use super::{detect, lines, recognize};
use crate::read::scan::{self, Engine, EngineError, Reading, Sheet};
use image::{GrayImage, imageops};
use imageproc::rect::Rect;
use rten::{LoadError, Model, RunError, RunOptions, ThreadPool, Value};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};
use std::path::Path;
use std::sync::Arc;

/// File of the model that finds lines.
pub(super) const DETECTOR: &str = "PP-OCRv6_det_small.onnx";
/// File of the model that reads them.
pub(super) const RECOGNIZER: &str = "PP-OCRv6_rec_small.onnx";
/// The longer side of the picture that the detector gets.
const SIDE: u32 = 1280;
/// Lines that are read to tell how a page lies.
const SAMPLE: usize = 6;
/// A page that is read worse may lie on its side or on its head, in thousandths.
const DOUBTFUL: u32 = 900;

/// Why a model gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error("the model can't be loaded: {0}")]
    Load(#[from] LoadError),
    #[error("the model broke off: {0}")]
    Run(#[from] RunError),
    #[error("the model gives something else than expected")]
    Shape,
    #[error("the model does not name its letters")]
    Alphabet,
}

impl From<Failed> for EngineError {
    fn from(failed: Failed) -> Self {
        Self(failed.to_string())
    }
}

/// Both models, ready.
pub struct Models {
    detector: Model,
    recognizer: Model,
    alphabet: Vec<String>,
    options: RunOptions,
}

impl Models {
    /// Loads both from a folder. They work in one thread of their own: several pages at once are several processes.
    pub fn load(folder: &Path) -> Result<Self, Failed> {
        let detector = Model::load_file(folder.join(DETECTOR))?;
        let recognizer = Model::load_file(folder.join(RECOGNIZER))?;
        let characters = recognizer.metadata().get("character").ok_or(Failed::Alphabet)?;
        let alphabet = characters.split('\n').chain([" "]).map(str::to_owned).collect();
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        let options = RunOptions::default().with_thread_pool(Some(pool));
        Ok(Self { detector, recognizer, alphabet, options })
    }

    /// Lines of text, each as large as its ink.
    fn lines(&self, sheet: &Sheet) -> Result<Vec<Rect>, Failed> {
        let page = &sheet.gray;
        let scale = (SIDE as f32 / page.width().max(page.height()) as f32).min(1.0);
        let (top, bottom) = lines::written(&sheet.ink);
        let part = imageops::crop_imm(page, 0, top, page.width(), bottom - top).to_image();
        let boxes = detect::boxes(&self.detector, &part, scale, &self.options)?;
        let down = |it: Rect| Rect::at(it.left(), it.top() + top as i32).of_size(it.width(), it.height());
        let boxes = boxes.into_iter().map(down).collect();
        let pieces = lines::cut(boxes, &sheet.rules);
        Ok(pieces.into_iter().filter_map(|piece| lines::drawn_in(piece, &sheet.ink)).collect())
    }

    fn recognize(&self, line: &GrayImage) -> Result<Vec<recognize::Letter>, Failed> {
        recognize::letters(&self.recognizer, &self.alphabet, line, &self.options)
    }

    /// By how many quarters the page is to be turned.
    fn turn(&self, sheet: &Sheet, lines: &[Rect]) -> Result<u8, Failed> {
        let (sample, on_side) = lines::sample(lines, SAMPLE);
        let ways: [u8; 2] = if on_side { [1, 3] } else { [0, 2] };
        let scores = [self.score(sheet, &sample, ways[0])?, self.score(sheet, &sample, ways[1])?];
        Ok(if scores[1] > scores[0] { ways[1] } else { ways[0] })
    }

    /// The mean score of the letters of some lines when the page is turned so.
    fn score(&self, sheet: &Sheet, sample: &[Rect], quarters: u8) -> Result<f32, Failed> {
        let (mut sum, mut count) = (0.0, 0.0);
        for line in sample {
            let crop = crop(&sheet.gray, lines::with_margin(*line, &sheet.gray));
            for letter in self.recognize(&scan::turned(crop, quarters))? {
                sum += letter.score;
                count += 1.0;
            }
        }
        Ok(sum / f32::max(count, 1.0))
    }
}

impl Engine for Models {
    fn read(&self, sheet: &Sheet, lies: bool) -> Result<Reading, EngineError> {
        let mut lines = self.lines(sheet)?;
        // The largest first: they tell soonest how the page lies.
        lines.sort_by_key(|it| std::cmp::Reverse(it.width() * it.height()));
        let mut letters = Vec::new();
        for (at, line) in (1..).zip(&lines) {
            let read = lines::with_margin(*line, &sheet.gray);
            let found = self.recognize(&crop(&sheet.gray, read))?;
            letters.extend(lines::placed(&found, read, *line));
            if lies && at == SAMPLE.min(lines.len()) && scan::legible(&letters) < DOUBTFUL {
                let turn = self.turn(sheet, &lines)?;
                if turn != 0 {
                    return Ok(Reading { letters: Vec::new(), turn });
                }
            }
        }
        Ok(Reading { letters, turn: 0 })
    }
}

fn crop(page: &GrayImage, line: Rect) -> GrayImage {
    let (left, top) = (line.left().max(0) as u32, line.top().max(0) as u32);
    imageops::crop_imm(page, left, top, line.width(), line.height()).to_image()
}

/// A picture as the models take it: three times the same, from -1 (black) to 1 (white), filled up to the width with 0.
pub(super) fn tensor(picture: &GrayImage, width: u32) -> NdTensor<f32, 4> {
    let (filled, width, height) = (picture.width() as usize, width as usize, picture.height() as usize);
    let mut plane = vec![0f32; width * height];
    for (row, pixels) in plane.chunks_exact_mut(width).zip(picture.as_raw().chunks_exact(filled)) {
        for (to, from) in row.iter_mut().zip(pixels) {
            *to = f32::from(*from) / 127.5 - 1.0;
        }
    }
    NdTensor::from_data([1, 3, height, width], plane.repeat(3))
}

pub(super) fn floats(value: Value) -> Result<Vec<f32>, Failed> {
    let tensor: Tensor<f32> = value.try_into().map_err(|_| Failed::Shape)?;
    Ok(tensor.to_vec())
}

//! Pictures of pages to words with boxes and ruling: made square and straight, rules found and taken out, then read by an
//! engine.
//!
//! ```text
//!   Picture ─ square ─ straight ─ rules ─ Sheet ─ Engine ─ words ─ Print
//!                └──── turned, when it lies otherwise ──┘
//! ```

mod figures;
mod ink;
mod rules;
mod straight;

use super::picture::Picture;
use super::print::{Area, Print, Rule, Scan, Word};
use super::words;
use crate::order::draft::Confidence;
use image::GrayImage;
use image::imageops;

/// The longer side of a page is not more than so many pixels: about 300 dots per inch.
const LONGEST: u32 = 3_400;
/// Height of A4 in points: the size of a page that does not tell its own.
const A4: f32 = 842.0;
/// Height of the edge at which fax machines write, in points.
const HEAD: f32 = 24.0;
/// Points of an inch.
const INCH: f32 = 72.0;

/// A page made ready to be read: straight, with dark letters on white, without the rules of its tables. Boxes and rules are in
/// its pixels.
pub struct Sheet {
    pub gray: GrayImage,
    /// The same, black where there is ink.
    pub ink: GrayImage,
    pub rules: Vec<Rule>,
}

/// Why an engine read nothing, in words for a log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct EngineError(pub String);

/// What an engine sees on a page.
pub struct Reading {
    /// Letters or words with their boxes, blanks included where it sees them; none when the page is to be turned.
    pub letters: Vec<Word>,
    /// By how many quarters, clockwise, the page is to be turned for its letters to stand upright.
    pub turn: u8,
}

/// Reads the letters of a page.
pub trait Engine {
    /// `lies`: how the page lies may be doubted; else it is read as it is.
    fn read(&self, sheet: &Sheet, lies: bool) -> Result<Reading, EngineError>;
}

/// Reads a page.
pub fn read(picture: &Picture, engine: &dyn Engine) -> Result<Print, EngineError> {
    let (gray, dpi) = straight::square(picture, LONGEST);
    let scale = dpi.map_or(A4 / gray.height().max(gray.width()) as f32, |dpi| INCH / dpi);
    let head = head(&gray, scale, engine)?;
    let mut page = sheet(gray.clone());
    let mut reading = engine.read(&page, true)?;
    let turn = reading.turn % 4;
    if turn != 0 {
        page = sheet(turned(gray, turn));
        reading = engine.read(&page, false)?;
    }
    Ok(print(&page, reading.letters, scale, Head { turn, ..head }))
}

/// The upper edge of a page as it came in, where a fax machine writes when, from whom and which page.
struct Head {
    text: String,
    turn: u8,
}

/// Reads the edge by itself: it is straight where the page is crooked, and upright where the page is upside down.
fn head(gray: &GrayImage, scale: f32, engine: &dyn Engine) -> Result<Head, EngineError> {
    let height = ((HEAD / scale) as u32).clamp(1, gray.height());
    let strip = imageops::crop_imm(gray, 0, 0, gray.width(), height).to_image();
    let ink = ink::ink(&strip);
    let letters = engine.read(&Sheet { gray: strip, ink, rules: Vec::new() }, false)?.letters;
    let lines = words::lines(words::words(letters));
    let line = |line: &Vec<Word>| line.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    Ok(Head { text: lines.iter().map(line).collect::<Vec<_>>().join(" "), turn: 0 })
}

/// The picture as the page of its print is read: square, turned by so many quarters, and straight if letters were looked for.
#[must_use]
pub fn upright(picture: &Picture, print: &Print) -> GrayImage {
    let (gray, _) = straight::square(picture, LONGEST);
    let gray = turned(gray, print.turned);
    if print.scan.is_some() { straight::straighten(gray) } else { gray }
}

/// A picture turned by quarters, clockwise.
#[must_use]
pub fn turned(gray: GrayImage, quarters: u8) -> GrayImage {
    match quarters % 4 {
        1 => imageops::rotate90(&gray),
        2 => imageops::rotate180(&gray),
        3 => imageops::rotate270(&gray),
        _ => gray,
    }
}

fn sheet(gray: GrayImage) -> Sheet {
    let gray = straight::straighten(gray);
    let mut ink = ink::ink(&gray);
    let mut gray = gray;
    let rules = rules::find(&ink);
    rules::erase(&rules, &mut ink, &mut gray);
    Sheet { rules: rules.iter().map(rules::Line::rule).collect(), gray, ink }
}

/// How well words were read: the mean of their confidence, by letters, in thousandths; 0 without any.
#[must_use]
pub fn legible(words: &[Word]) -> u32 {
    let (sum, count) = words.iter().fold((0u64, 0u64), |(sum, count), word| {
        let letters = word.text.chars().count() as u64;
        (sum + u64::from(word.confidence.thousandths()) * letters, count + letters)
    });
    u32::try_from(sum / count.max(1)).unwrap_or(0)
}

/// The page in points.
fn print(sheet: &Sheet, letters: Vec<Word>, scale: f32, head: Head) -> Print {
    let (width, height) = (sheet.gray.width() as f32 * scale, sheet.gray.height() as f32 * scale);
    let area = |it: Area| Area {
        left: it.left * scale,
        top: it.top * scale,
        right: it.right * scale,
        bottom: it.bottom * scale,
    };
    let rule =
        |it: &Rule| Rule { across: it.across, at: it.at * scale, from: it.from * scale, to: it.to * scale };
    let page = Area { left: 0.0, top: 0.0, right: width, bottom: height };
    let edge = match head.turn {
        1 => Area { left: width - HEAD, ..page },
        2 => Area { top: height - HEAD, ..page },
        3 => Area { right: HEAD, ..page },
        _ => Area { bottom: HEAD, ..page },
    };
    let mut words = words::words(letters);
    figures::mend(&mut words);
    Print {
        width,
        height,
        rules: sheet.rules.iter().map(rule).collect(),
        scan: Some(Scan { legible: legible(&words), head: head.text, edge }),
        words: words.into_iter().map(|word| Word { area: area(word.area), ..word }).collect(),
        pictured: 100,
        unknown: 0,
        turned: head.turn,
    }
}

/// The confidence that an engine's score, from 0 to 1, stands for: never that of printed text.
#[must_use]
pub fn confidence(score: f32) -> Confidence {
    Confidence::new((score.clamp(0.0, 1.0) * 990.0) as u16)
}

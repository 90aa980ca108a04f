//! `gendan read --explain FOLDER`: what was read, drawn where it stands: boxes with names on the pictures of pages, marks beside
//! the lines of texts and sheets.

use crate::order::draft::{Draft, Evidence};
use crate::order::fields::fields;
use crate::read::page::{Block, Page, Row};
use crate::read::{Reading, View};
use font8x8::UnicodeFonts as _;
use image::{Rgb, RgbImage};
use imageproc::drawing::draw_hollow_rect_mut;
use imageproc::rect::Rect;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const BOX: Rgb<u8> = Rgb([200, 0, 0]);
const NAME: Rgb<u8> = Rgb([0, 0, 160]);
/// Pixels of a dot of a letter.
const DOT: u32 = 1;
/// Tenths of a point, in which boxes count, in a point.
const TENTHS: f32 = 10.0;

/// A field with its evidence.
struct Mark {
    /// Its place in the draft, as `lines.0.quantity`.
    name: String,
    value: String,
    confidence: u16,
    evidence: Evidence,
}

/// Writes what was looked at into a folder: `NAME.txt` and `NAME-SOURCE-pN.png`. Gives the files.
pub(super) fn write(reading: &Reading, name: &str, folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)?;
    let mut files = Vec::new();
    let mut text = String::new();
    for shown in &reading.shown {
        let marks = marks(&reading.drafts, &shown.source);
        match &shown.view {
            View::Text(page) => marked(&shown.source, page, &marks, &mut text),
            View::Page { number, picture, size } => {
                let picture = image::DynamicImage::ImageLuma8(picture.clone()).into_rgb8();
                let picture = drawn(picture, *number, size.0, &marks);
                let file = folder.join(format!("{}-p{number}.png", file_name(name, &shown.source)));
                picture.save(&file).map_err(std::io::Error::other)?;
                files.push(file);
            }
        }
    }
    let whole = marks_of_mail(&reading.drafts);
    if !whole.is_empty() {
        let _ = writeln!(text, "== mail");
        whole.iter().for_each(|mark| mark.say(&mut text));
    }
    if !text.is_empty() {
        let file = folder.join(format!("{}.txt", file_name(name, "")));
        std::fs::write(&file, text)?;
        files.push(file);
    }
    Ok(files)
}

/// A file name of the two that leads nowhere else.
fn file_name(name: &str, source: &str) -> String {
    let whole =
        if source.is_empty() || source == name { name.to_owned() } else { format!("{name}-{source}") };
    whole.chars().map(|c| if c.is_alphanumeric() || ".-_".contains(c) { c } else { '_' }).collect()
}

fn marks(drafts: &[Draft], source: &str) -> Vec<Mark> {
    drafts.iter().filter(|draft| draft.source == source).flat_map(marks_of).collect()
}

/// Fields that come from the headers of the mail.
fn marks_of_mail(drafts: &[Draft]) -> Vec<Mark> {
    let all = drafts.iter().flat_map(marks_of);
    all.filter(|mark| matches!(mark.evidence, Evidence::Header { .. })).collect()
}

fn marks_of(draft: &Draft) -> impl Iterator<Item = Mark> {
    draft.order.iter().flat_map(fields).map(|field| Mark {
        value: field.value.to_string(),
        confidence: field.confidence.thousandths(),
        evidence: field.evidence.clone(),
        name: field.path,
    })
}

impl Mark {
    /// `1.unit_price` of the first line: there is little room between the cells of a table.
    fn short(&self) -> String {
        let line = self.name.strip_prefix("lines.").and_then(|rest| rest.split_once('.'));
        let number = line.and_then(|(at, field)| Some((at.parse::<usize>().ok()? + 1, field)));
        number.map_or_else(|| self.name.clone(), |(number, field)| format!("{number}.{field}"))
    }

    fn say(&self, out: &mut String) {
        let Self { name, value, confidence, .. } = self;
        let value = value.replace('\n', " / ");
        let _ =
            writeln!(out, "        ^ {name} = {value} ({}.{:03})", confidence / 1_000, confidence % 1_000);
    }
}

/// The lines of a text or sheet, each with the fields that stand in it.
fn marked(source: &str, page: &Page, marks: &[Mark], out: &mut String) {
    let _ = writeln!(out, "== {source}");
    for block in &page.blocks {
        match block {
            Block::Text(lines) => {
                for line in lines {
                    let _ = writeln!(out, "{:>6}  {}", line.number, line.text);
                    let here = |mark: &&Mark| mark.evidence == Evidence::Line { line: line.number };
                    marks.iter().filter(here).for_each(|mark| mark.say(out));
                }
            }
            Block::Grid(grid) => {
                for row in &grid.rows {
                    let _ = writeln!(out, "{:>6}  {}", row.number, cells(row));
                    let here = |mark: &&Mark| {
                        let columns = 0..row.cells.len();
                        columns.into_iter().any(|column| mark.evidence == grid.evidence(row.number, column))
                    };
                    marks.iter().filter(here).for_each(|mark| mark.say(out));
                }
            }
        }
    }
}

fn cells(row: &Row) -> String {
    row.cells.iter().map(|cell| cell.text.replace('\n', " / ")).collect::<Vec<_>>().join(" | ")
}

/// The page with a box and a name for each field; `width`: of the page in points.
fn drawn(mut picture: RgbImage, number: u32, width: f32, marks: &[Mark]) -> RgbImage {
    let scale = picture.width() as f32 / width.max(1.0) / TENTHS;
    let pixels = |tenths: u32| (tenths as f32 * scale) as i32;
    for (at, mark) in marks.iter().enumerate() {
        let Evidence::Area { page, left, top, right, bottom } = mark.evidence else { continue };
        let same = |other: &&Mark| other.evidence == mark.evidence;
        if page != number || right <= left || bottom <= top || marks[..at].iter().any(|it| same(&it)) {
            continue;
        }
        let names: Vec<String> = marks.iter().filter(same).map(Mark::short).collect();
        let (x, y) = (pixels(left) - 3, pixels(top) - 3);
        let size = |from: i32, to: u32| u32::try_from(pixels(to) - from + 3).unwrap_or(1).max(1);
        let (wide, high) = (size(x, right), size(y, bottom));
        for grown in 0..2i32 {
            let by = grown.unsigned_abs() * 2;
            draw_hollow_rect_mut(
                &mut picture,
                Rect::at(x - grown, y - grown).of_size(wide + by, high + by),
                BOX,
            );
        }
        label(&mut picture, &names.join(" "), x, y - 8 * DOT as i32 - 3);
    }
    picture
}

/// Writes a name, in the letters of a terminal.
fn label(picture: &mut RgbImage, name: &str, left: i32, top: i32) {
    for (at, letter) in (0..).zip(name.chars()) {
        let Some(rows) = font8x8::BASIC_FONTS.get(letter) else { continue };
        for (row, bits) in (0..).zip(rows) {
            for column in (0..8).filter(|column| bits >> column & 1 == 1) {
                let (x, y) = (left + (at * 8 + column) * DOT as i32, top + row * DOT as i32);
                for (x, y) in (0..DOT as i32).flat_map(|dx| (0..DOT as i32).map(move |dy| (x + dx, y + dy))) {
                    if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
                        && x < picture.width()
                        && y < picture.height()
                    {
                        picture.put_pixel(x, y, NAME);
                    }
                }
            }
        }
    }
}

//! PDF pages to words and ruling, and to pictures where the words do not tell what there is to see.

use super::picture::gray;
use crate::order::draft::Confidence;
use crate::read::codes::Code;
use crate::read::decoder::{Decoded, Wanted};
use crate::read::limits::Limits;
use crate::read::picture::Picture;
use crate::read::print::{Area, Print, Rule, Word};
use crate::read::words;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};
use hayro_interpret::font::{Glyph, GlyphRun};
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::hayro_syntax::page::Page;
use hayro_interpret::hayro_syntax::{LoadPdfError, Pdf};
use hayro_interpret::kurbo::{Affine, BezPath, PathEl, Point, Rect, Shape as _, Vec2};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, interpret_page,
};
use image::{DynamicImage, GrayImage, RgbaImage};

/// A drawn shape thinner than this is a line, in points.
const THIN: f64 = 2.5;
/// A line shorter than this is no ruling.
const SHORT: f64 = 8.0;
/// Ruling kept of one page at most.
const RULES: usize = 5_000;
/// Stands for a letter of which the file does not say which it is.
const UNKNOWN: &str = "\u{fffd}";
/// Dots per inch of the picture of a page.
const DOTS: f32 = 204.0;
/// The longer side of such a picture at most.
const LONGEST: f32 = 3_400.0;
/// Letters kept of one page at most.
const LETTERS: usize = 200_000;

/// Reads the pages of a PDF, with the pictures that are wanted. Not to be called in the process that works: the
/// bytes are anybody's.
pub fn read(bytes: &[u8], wanted: Wanted, limits: &Limits) -> Result<Vec<Decoded>, (Code, String)> {
    // Junk before the header is cut off: mail programs and scanners put it there.
    let start = bytes.windows(5).take(1024).position(|at| at == b"%PDF-").unwrap_or(0);
    let pdf = Pdf::new(bytes[start..].to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(_) => (Code::Encrypted, String::new()),
        LoadPdfError::Invalid => (Code::DamagedPdf, String::new()),
    })?;
    let count = pdf.pages().len();
    if count > limits.pages {
        return Err((Code::TooBig, format!("{count} pages")));
    }
    let cache = InterpreterCache::new();
    let rendered = RenderCache::new();
    let mut pictures = 0;
    let decoded = |page| {
        let print = print(page, &pdf, &cache);
        let wanted = wanted.wants(&print) && pictures < limits.pictures;
        pictures += usize::from(wanted);
        let picture = wanted.then(|| picture(page, &rendered));
        Decoded { print, picture }
    };
    let pages: Vec<Decoded> = pdf.pages().iter().map(decoded).collect();
    if pages.is_empty() { Err((Code::DamagedPdf, "it has no pages".to_owned())) } else { Ok(pages) }
}

/// The page as it is seen.
fn picture<'a>(page: &'a Page<'a>, cache: &RenderCache<'a>) -> Picture {
    let (width, height) = page.render_dimensions();
    let dots = (DOTS / 72.0).min(LONGEST / width.max(height).max(1.0));
    let settings = PixmapSettings { x_scale: dots, y_scale: dots, bg_color: WHITE };
    let drawn =
        hayro::render(page, cache, &InterpreterSettings::default(), &RenderSettings::default(), &settings);
    let (width, height) = (u32::from(drawn.width()), u32::from(drawn.height()));
    let colors = drawn.data_as_u8_slice().to_vec();
    let gray = RgbaImage::from_raw(width, height, colors)
        .map_or_else(|| GrayImage::new(1, 1), |it| gray(&DynamicImage::ImageRgba8(it)));
    Picture { gray, dpi: Some((dots * 72.0, dots * 72.0)) }
}

fn print<'a>(page: &Page<'a>, pdf: &'a Pdf, cache: &InterpreterCache<'a>) -> Print {
    let (width, height) = page.render_dimensions();
    let bounds = Rect::new(0.0, 0.0, width.into(), height.into());
    let initial = page.initial_transform(true);
    let [a, b, c, d, e, f] = initial.as_coeffs();
    let initial = Affine::new([a, b, c, d, e, f]);
    let mut context = Context::new(initial, bounds, cache, pdf.xref(), InterpreterSettings::default());
    let mut pen = Pen { bounds, ..Pen::default() };
    interpret_page(page, &mut context, &mut pen);
    pen.finish()
}

/// A letter where it stands: from `start` along the line to `end`; `up` is the height of the type.
struct Letter {
    text: String,
    start: Point,
    end: Point,
    up: Vec2,
}

#[derive(Default)]
struct Pen {
    bounds: Rect,
    letters: Vec<Letter>,
    rules: Vec<(Point, Point)>,
    pictured: f64,
    unknown: u32,
}

impl Pen {
    fn letter(&mut self, glyph: &Glyph<'_>, transform: Affine, vertical: bool) {
        let advance = match glyph {
            Glyph::Outline(outline) => outline.advance_width(),
            Glyph::Type3(drawn) => drawn.advance_width(),
        };
        let [a, b, c, d, _, _] = transform.as_coeffs();
        let (along, up) = (Vec2::new(a, b) * 1000.0, Vec2::new(c, d) * 1000.0);
        let start = transform * Point::ZERO;
        if self.letters.len() >= LETTERS
            || !start.is_finite()
            || !self.bounds.inflate(1.0, 1.0).contains(start)
        {
            return;
        }
        let text = match glyph.as_unicode() {
            Some(BfString::Char(c)) => c.to_string(),
            Some(BfString::String(s)) => s,
            None => {
                self.unknown += 1;
                UNKNOWN.to_owned()
            }
        };
        let advance = f64::from(advance.unwrap_or(500.0)) / 1000.0;
        let end = if vertical { start - up } else { start + along * advance };
        self.letters.push(Letter { text, start, end, up });
    }

    /// A filled shape is a line if it is thin, else it may be the ground of a cell.
    fn filled(&mut self, path: &BezPath) {
        let shape = path.bounding_box();
        if shape.width() <= THIN && shape.height() > SHORT {
            let x = shape.center().x;
            self.rule(Point::new(x, shape.y0), Point::new(x, shape.y1));
        } else if shape.height() <= THIN && shape.width() > SHORT {
            let y = shape.center().y;
            self.rule(Point::new(shape.x0, y), Point::new(shape.x1, y));
        }
    }

    fn stroked(&mut self, path: &BezPath) {
        let (mut first, mut last) = (Point::ZERO, Point::ZERO);
        for element in path.elements() {
            match *element {
                PathEl::MoveTo(to) => (first, last) = (to, to),
                PathEl::LineTo(to) => {
                    self.rule(last, to);
                    last = to;
                }
                PathEl::ClosePath => {
                    self.rule(last, first);
                    last = first;
                }
                PathEl::QuadTo(_, to) | PathEl::CurveTo(_, _, to) => last = to,
            }
        }
    }

    fn rule(&mut self, from: Point, to: Point) {
        let (dx, dy) = ((to.x - from.x).abs(), (to.y - from.y).abs());
        if self.rules.len() < RULES
            && (dx.min(dy) <= 1.0)
            && dx.max(dy) > SHORT
            && from.is_finite()
            && to.is_finite()
        {
            self.rules.push((from, to));
        }
    }

    /// How the page has to be turned for most of its letters to stand upright, and by how many quarters, clockwise, that is.
    fn upright(&self) -> (Affine, u8) {
        let mut along = [0usize; 4];
        for letter in &self.letters {
            let way = letter.end - letter.start;
            let quarter = match (way.x.abs() >= way.y.abs(), way.x >= 0.0, way.y >= 0.0) {
                (true, true, _) => 0,
                (false, _, true) => 1,
                (true, false, _) => 2,
                (false, _, false) => 3,
            };
            along[quarter] += 1;
        }
        let (width, height) = (self.bounds.width(), self.bounds.height());
        match (0..4).max_by_key(|quarter| (along[*quarter], 4 - quarter)) {
            Some(1) => (Affine::new([0.0, -1.0, 1.0, 0.0, 0.0, width]), 3),
            Some(2) => (Affine::new([-1.0, 0.0, 0.0, -1.0, width, height]), 2),
            Some(3) => (Affine::new([0.0, 1.0, -1.0, 0.0, height, 0.0]), 1),
            _ => (Affine::IDENTITY, 0),
        }
    }

    fn finish(self) -> Print {
        let (turn, turned) = self.upright();
        let page = turn.transform_rect_bbox(self.bounds);
        let rules: Vec<Rule> = self.rules.iter().map(|(from, to)| ruled(turn * *from, turn * *to)).collect();
        let letters = self.letters.iter().map(|letter| glyph(letter, turn)).collect();
        let pictured = (100.0 * self.pictured / self.bounds.area().max(1.0)).min(100.0);
        Print {
            width: page.width() as f32,
            height: page.height() as f32,
            words: words::words(letters),
            rules,
            pictured: pictured as u32,
            unknown: self.unknown,
            turned,
            scan: None,
        }
    }
}

fn ruled(from: Point, to: Point) -> Rule {
    if (to.x - from.x).abs() >= (to.y - from.y).abs() {
        let at = f64::midpoint(from.y, to.y) as f32;
        Rule { across: true, at, from: from.x.min(to.x) as f32, to: from.x.max(to.x) as f32 }
    } else {
        let at = f64::midpoint(from.x, to.x) as f32;
        Rule { across: false, at, from: from.y.min(to.y) as f32, to: from.y.max(to.y) as f32 }
    }
}

/// The box of a letter: from a fifth of its height below the base line to four fifths above.
fn glyph(letter: &Letter, turn: Affine) -> Word {
    let (low, high) = (letter.up * -0.2, letter.up * 0.8);
    let corners = [letter.start + low, letter.start + high, letter.end + low, letter.end + high];
    let corners = corners.map(|corner| turn * corner);
    let bounds =
        corners.iter().skip(1).fold(Rect::from_points(corners[0], corners[0]), |all, it| all.union_pt(*it));
    let area = Area {
        left: bounds.x0 as f32,
        top: bounds.y0 as f32,
        right: bounds.x1 as f32,
        bottom: bounds.y1 as f32,
    };
    let known = letter.text != UNKNOWN;
    Word {
        text: letter.text.clone(),
        area,
        confidence: if known { Confidence::FULL } else { Confidence::new(100) },
    }
}

impl<'a> Device<'a> for Pen {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        let path = props.transform * path;
        match mode {
            DrawMode::Fill(_) => self.filled(&path),
            DrawMode::Stroke(_) | DrawMode::FillAndStroke(..) => self.stroked(&path),
            DrawMode::Invisible => {}
        }
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        // What cannot be seen is not part of the order, whatever it says.
        if matches!(mode, DrawMode::Invisible) {
            return;
        }
        let vertical = run.writing_mode() == hayro_interpret::hayro_cmap::WritingMode::Vertical;
        for positioned in run.glyphs() {
            self.letter(positioned, props.transform * positioned.transform(), vertical);
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let pixels = Rect::new(0.0, 0.0, image.width().into(), image.height().into());
        let area = props.transform.transform_rect_bbox(pixels);
        self.pictured += area.intersect(self.bounds).area();
    }

    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

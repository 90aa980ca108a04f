//! TIFF: faxes (CCITT G3 and G4) and scans, a picture a page.

use super::picture::{check, gray};
use crate::read::codes::Code;
use crate::read::limits::Limits;
use crate::read::picture::Picture;
use hayro_ccitt::{DecodeSettings, DecoderContext, EncodingMode};
use image::{DynamicImage, GrayImage, Luma, RgbImage, RgbaImage};
use std::io::Cursor;
use tiff::decoder::ifd::Value;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

type Tiff<'a> = Decoder<Cursor<&'a [u8]>>;

/// Bytes of one page that are taken from the file before it is unpacked.
const PACKED: usize = 64 << 20;

/// Reads all pages.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Vec<Picture>, (Code, String)> {
    let mut tiff = Decoder::new(Cursor::new(bytes)).map_err(damaged)?.with_limits(bounds(limits));
    let mut pages = vec![page(&mut tiff, bytes, limits)?];
    while tiff.more_images() {
        if pages.len() >= limits.pictures {
            return Err((Code::TooBig, format!("more than {} pages", limits.pictures)));
        }
        tiff.next_image().map_err(damaged)?;
        pages.push(page(&mut tiff, bytes, limits)?);
    }
    Ok(pages)
}

fn bounds(limits: &Limits) -> tiff::decoder::Limits {
    let mut bounds = tiff::decoder::Limits::default();
    bounds.decoding_buffer_size = usize::try_from(limits.pixels.saturating_mul(4)).unwrap_or(usize::MAX);
    bounds
}

fn damaged(error: TiffError) -> (Code, String) {
    match error {
        TiffError::UnsupportedError(_) => (Code::PictureNotRead, String::new()),
        TiffError::LimitsExceeded => (Code::TooBig, String::new()),
        TiffError::FormatError(_)
        | TiffError::IoError(_)
        | TiffError::IntSizeError
        | TiffError::UsageError(_) => (Code::DamagedPicture, String::new()),
    }
}

fn page(tiff: &mut Tiff<'_>, bytes: &[u8], limits: &Limits) -> Result<Picture, (Code, String)> {
    let (width, height) = tiff.dimensions().map_err(damaged)?;
    check(width, height, limits)?;
    let compression = tiff.find_tag_unsigned::<u16>(Tag::Compression).map_err(damaged)?.unwrap_or(1);
    let gray = match compression {
        2..=4 => fax(tiff, bytes, (width, height), compression)?,
        _ => plain(tiff, (width, height))?,
    };
    Ok(Picture { gray: turned(gray, number(tiff, Tag::Orientation, 1)), dpi: dpi(tiff) })
}

fn number(tiff: &mut Tiff<'_>, tag: Tag, otherwise: u32) -> u32 {
    tiff.find_tag_unsigned::<u32>(tag).ok().flatten().unwrap_or(otherwise)
}

fn dpi(tiff: &mut Tiff<'_>) -> Option<(f32, f32)> {
    let mut ratio = |tag| {
        let value = tiff.find_tag(tag).ok().flatten()?;
        if let Value::Rational(dots, of) = value {
            return (of > 0).then(|| dots as f32 / of as f32);
        }
        value.into_f32().ok()
    };
    let (across, down) = (ratio(Tag::XResolution)?, ratio(Tag::YResolution)?);
    // 1: no unit, only their ratio is known; 3: dots per centimetre.
    let inch = if number(tiff, Tag::ResolutionUnit, 2) == 3 { 2.54 } else { 1.0 };
    Some((across * inch, down * inch)).filter(|(across, down)| across.is_finite() && down.is_finite())
}

/// The page as its tag says that it was put in.
fn turned(gray: GrayImage, orientation: u32) -> GrayImage {
    let exif = u8::try_from(orientation).ok().and_then(image::metadata::Orientation::from_exif);
    let mut picture = DynamicImage::ImageLuma8(gray);
    picture.apply_orientation(exif.unwrap_or(image::metadata::Orientation::NoTransforms));
    picture.into_luma8()
}

fn plain(tiff: &mut Tiff<'_>, (width, height): (u32, u32)) -> Result<GrayImage, (Code, String)> {
    let not_read = || (Code::PictureNotRead, String::new());
    let color = tiff.colortype().map_err(damaged)?;
    let DecodingResult::U8(pixels) = tiff.read_image().map_err(damaged)? else { return Err(not_read()) };
    let picture = if color == ColorType::Gray(8) {
        GrayImage::from_raw(width, height, pixels)
    } else if color == ColorType::Gray(1) {
        Some(bits(&pixels, width, height))
    } else if color == ColorType::RGB(8) {
        RgbImage::from_raw(width, height, pixels).map(|it| gray(&DynamicImage::ImageRgb8(it)))
    } else if color == ColorType::RGBA(8) {
        RgbaImage::from_raw(width, height, pixels).map(|it| gray(&DynamicImage::ImageRgba8(it)))
    } else {
        None
    };
    picture.ok_or_else(not_read)
}

/// Eight pixels a byte, each row from a byte of its own; a set bit is white.
fn bits(pixels: &[u8], width: u32, height: u32) -> GrayImage {
    let row = width.div_ceil(8) as usize;
    GrayImage::from_fn(width, height, |x, y| {
        let byte = pixels.get(y as usize * row + x as usize / 8).copied().unwrap_or(255);
        Luma([if byte >> (7 - x % 8) & 1 == 1 { 255 } else { 0 }])
    })
}

/// Strips of a fax, one after the other. What can be read of a damaged page is kept: the rest stays white.
fn fax(
    tiff: &mut Tiff<'_>,
    bytes: &[u8],
    (width, height): (u32, u32),
    compression: u16,
) -> Result<GrayImage, (Code, String)> {
    let offsets = tiff.get_tag_u64_vec(Tag::StripOffsets).map_err(damaged)?;
    let lengths = tiff.get_tag_u64_vec(Tag::StripByteCounts).map_err(damaged)?;
    let rows = number(tiff, Tag::RowsPerStrip, height).clamp(1, height.max(1));
    let reversed = number(tiff, Tag::Unknown(266), 1) == 2;
    let t4 = number(tiff, Tag::Unknown(292), 0);
    // 0: a set bit is ink.
    let ink = u8::from(number(tiff, Tag::PhotometricInterpretation, 0) == 1) * 255;
    let mut page = Rows { page: GrayImage::from_pixel(width, height, Luma([255])), row: 0, ink };
    let mut first = 0;
    for (offset, length) in offsets.into_iter().zip(lengths) {
        page.row = first;
        let strip = rows.min(height.saturating_sub(first));
        first += strip;
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let packed = &bytes[from..bytes
            .len()
            .min(from.saturating_add(usize::try_from(length).unwrap_or(PACKED).min(PACKED)))];
        let packed: Vec<u8> =
            if reversed { packed.iter().map(|byte| byte.reverse_bits()).collect() } else { packed.to_vec() };
        let settings = DecodeSettings {
            columns: width,
            rows: strip,
            end_of_block: compression != 2,
            end_of_line: compression == 3,
            rows_are_byte_aligned: compression == 2 || t4 & 4 != 0 && compression != 3,
            encoding: match compression {
                4 => EncodingMode::Group4,
                3 if t4 & 1 == 1 => EncodingMode::Group3_2D,
                _ => EncodingMode::Group3_1D,
            },
            strict: false,
        };
        // Rows before the damage are in the page already.
        let _ = hayro_ccitt::decode(&packed, &mut page, &mut DecoderContext::new(settings));
    }
    if page.row == 0 && height > 0 { Err((Code::DamagedPicture, String::new())) } else { Ok(page.page) }
}

struct Rows {
    page: GrayImage,
    row: u32,
    /// The shade of runs that the code calls black.
    ink: u8,
}

impl hayro_ccitt::Decoder for Rows {
    fn push_row(&mut self, changes: &[u32]) {
        let (width, y) = (self.page.width(), self.row);
        self.row += 1;
        if y >= self.page.height() {
            return;
        }
        for x in 0..width {
            let black = changes.partition_point(|change| *change <= x) % 2 == 1;
            self.page.put_pixel(x, y, Luma([if black { self.ink } else { 255 - self.ink }]));
        }
    }
}

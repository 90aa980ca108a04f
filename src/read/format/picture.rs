//! JPEG, PNG, BMP, GIF and WebP: one picture each. TIFF has a file of its own.

use crate::read::codes::Code;
use crate::read::limits::Limits;
use crate::read::picture::Picture;
use image::{DynamicImage, GrayImage, ImageDecoder as _, ImageReader, Luma, Rgb};
use std::io::Cursor;

/// Reads a picture the way up that its camera says.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Picture, (Code, String)> {
    let damaged = |_| (Code::DamagedPicture, String::new());
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| (Code::DamagedPicture, String::new()))?;
    reader.limits(bounds(limits));
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    check(width, height, limits)?;
    let orientation = decoder.orientation().map_err(damaged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(orientation);
    Ok(Picture { gray: gray(&picture), dpi: None })
}

fn bounds(limits: &Limits) -> image::Limits {
    let mut bounds = image::Limits::default();
    bounds.max_alloc = Some(limits.pixels.saturating_mul(8));
    bounds
}

/// Refuses more pixels than are taken.
pub(super) fn check(width: u32, height: u32, limits: &Limits) -> Result<(), (Code, String)> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limits.pixels { Err((Code::TooBig, format!("{width} × {height} pixels"))) } else { Ok(()) }
}

/// Shades of gray in which a red stamp over the text is faint: of red and of brightness whichever is more. What shows through
/// is white.
#[must_use]
pub fn gray(picture: &DynamicImage) -> GrayImage {
    if !picture.color().has_color() && !picture.color().has_alpha() {
        return picture.to_luma8();
    }
    let colored = picture.to_rgba8();
    GrayImage::from_fn(colored.width(), colored.height(), |x, y| {
        let [red, green, blue, opaque] = colored.get_pixel(x, y).0;
        let bright = image::Pixel::to_luma(&Rgb([red, green, blue])).0[0];
        let shade = u16::from(bright.max(red)) * u16::from(opaque) + 255 * (255 - u16::from(opaque));
        Luma([u8::try_from(shade / 255).unwrap_or(255)])
    })
}

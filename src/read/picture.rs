//! A page of which there is only a picture.

use image::GrayImage;

/// Shades of gray, 0 black, as they lie in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub gray: GrayImage,
    /// Dots per inch across and down, where the file says it: a fax in standard resolution has half as many down as across.
    pub dpi: Option<(f32, f32)>,
}

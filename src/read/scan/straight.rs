//! Pages made square and straight.

use super::ink::{ink, is_ink};
use crate::read::picture::Picture;
use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};
use imageproc::geometric_transformations::{Border, Interpolation, rotate_about_center_no_crop};

/// The widest angle that is looked for, in degrees.
const WIDEST: f32 = 6.0;
/// Smaller angles are left as they are.
const SLIGHT: f32 = 0.07;
/// Points of ink that are looked at.
const POINTS: usize = 40_000;

/// The picture with as many dots across as down, no longer than `longest`, and how many dots to the inch, where that is known.
pub(super) fn square(picture: &Picture, longest: u32) -> (GrayImage, Option<f32>) {
    let (width, height) = (picture.gray.width(), picture.gray.height());
    let (across, down) =
        picture.dpi.filter(|(across, down)| *across >= 30.0 && *down >= 30.0).unwrap_or((1.0, 1.0));
    let dense = across.max(down);
    let (wide, high) = (width as f32 * dense / across, height as f32 * dense / down);
    let scale = (longest as f32 / wide.max(high)).min(1.0);
    let round = |length: f32| ((length * scale).round() as u32).clamp(1, longest);
    let size = (round(wide), round(high));
    let dpi = picture.dpi.filter(|_| dense > 1.0).map(|_| dense * scale);
    if size == (width, height) {
        return (picture.gray.clone(), dpi);
    }
    (imageops::resize(&picture.gray, size.0, size.1, FilterType::Triangle), dpi)
}

/// The page turned so that its lines run level.
pub(super) fn straighten(gray: GrayImage) -> GrayImage {
    let angle = skew(&ink(&gray));
    if angle.abs() < SLIGHT {
        return gray;
    }
    let white = Border::Constant(Luma([255]));
    rotate_about_center_no_crop(&gray, -angle.to_radians(), Interpolation::Bilinear, white)
}

/// By how many degrees the lines of the page fall to the right: the angle under which its ink lies in the fewest rows.
fn skew(ink: &GrayImage) -> f32 {
    let points = edges(ink);
    let height = ink.height() as usize;
    let best = |from: f32, to: f32, step: f32| {
        let count = ((to - from) / step).round() as u32;
        let angles = (0..=count).map(|n| from + n as f32 * step);
        let scored = angles.map(|angle| (angle, score(&points, angle, height)));
        scored
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.abs().total_cmp(&a.0.abs())))
            .map_or(0.0, |(angle, _)| angle)
    };
    let rough = best(-WIDEST, WIDEST, 0.25);
    best(rough - 0.25, rough + 0.25, 0.025)
}

/// Upper edges of what is written, thinned out.
fn edges(ink: &GrayImage) -> Vec<(f32, f32)> {
    let mut points = Vec::new();
    for y in 1..ink.height() {
        for x in 0..ink.width() {
            if is_ink(ink, x, y) && !is_ink(ink, x, y - 1) {
                points.push((x as f32, y as f32));
            }
        }
    }
    let step = points.len().div_ceil(POINTS).max(1);
    points.into_iter().step_by(step).collect()
}

fn score(points: &[(f32, f32)], degrees: f32, height: usize) -> f64 {
    let slope = degrees.to_radians().tan();
    let mut rows = vec![0u32; 3 * height + 3];
    for (x, y) in points {
        let row = y - x * slope + height as f32;
        if let Some(count) = rows.get_mut(row as usize) {
            *count += 1;
        }
    }
    rows.iter().map(|count| f64::from(*count) * f64::from(*count)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of level rows of dashes.
    fn page() -> GrayImage {
        GrayImage::from_fn(900, 700, |x, y| {
            Luma([if y % 40 < 14 && x % 30 < 22 && x > 80 { 0 } else { 255 }])
        })
    }

    #[test]
    fn a_crooked_page_is_straightened() {
        for degrees in [-4.0f32, -1.5, -0.4, 0.0, 0.6, 2.25, 5.0] {
            let white = Border::Constant(Luma([255]));
            let crooked =
                rotate_about_center_no_crop(&page(), degrees.to_radians(), Interpolation::Bilinear, white);
            let found = skew(&ink(&crooked));
            assert!((found - degrees).abs() < 0.15, "{degrees}: {found}");
            assert!(skew(&ink(&straighten(crooked))).abs() < 0.15, "{degrees}");
        }
    }

    #[test]
    fn standard_resolution_is_stretched_and_large_pictures_are_not_kept_large() {
        for (size, dpi, wanted) in [
            ((1728, 1029), Some((204.0, 98.0)), ((1728, 2142), Some(204.0))),
            ((1728, 2252), Some((204.0, 196.0)), ((1728, 2344), Some(204.0))),
            ((5000, 2500), None, ((3400, 1700), None)),
            ((4960, 7016), Some((600.0, 600.0)), ((2404, 3400), Some(291.0))),
            ((40, 30), Some((1.0, 1.0)), ((40, 30), None)),
        ] {
            let (gray, found) = square(&Picture { gray: GrayImage::new(size.0, size.1), dpi }, 3400);
            assert_eq!((gray.dimensions(), found.map(f32::round)), wanted, "{size:?}");
        }
    }
}

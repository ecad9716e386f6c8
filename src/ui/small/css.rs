//! Lengths and colours as values of CSS properties.

use crate::render::Rgb;

/// A length in CSS pixels.
pub fn px(length: f32) -> String {
    format!("{length}px")
}

/// The length nearest to this one that is a whole number of device pixels: a canvas of any other size is blurred.
pub fn crisp(length: f32, pixel_ratio: f64) -> String {
    let ratio = if pixel_ratio > 0.0 { pixel_ratio } else { 1.0 };
    format!("{}px", (f64::from(length) * ratio).round() / ratio)
}

/// A colour.
pub fn rgb([red, green, blue]: Rgb) -> String {
    format!("rgb({red} {green} {blue})")
}

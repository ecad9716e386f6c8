//! Turns lines into pixels: a scan-converter for thousands of translucent lines, where a canvas without a GPU would need
//! seconds.
//!
//! Every line runs from the left to the right edge of the picture, so it is drawn column by column: one column of
//! premultiplied sums fits in the fastest cache, all lines pass over it, and it is written out once. Within a column a
//! line covers a vertical stretch whose ends fade over the height that the line climbs there, which is the exact area of
//! a parallelogram for steep lines and close to it for flat ones. Rejected: one stroke per line on the canvas (ten
//! times slower without a GPU), WebGL (slower still in software, and a context per view). Imports only `head_view`.

use super::head_view::Line;

/// A picture of lines, reused from one drawing to the next.
#[derive(Debug, Default)]
pub struct Raster {
    width: usize,
    height: usize,
    /// One column, premultiplied red, green, blue, alpha from 0 to 1 [height].
    column: Vec<[f32; 4]>,
    /// RGBA, not premultiplied, row by row [height, width, 4].
    pixels: Vec<u8>,
}

/// A line in device pixels.
struct Stroke {
    start: f32,
    /// How far it falls per column.
    slope: f32,
    /// Half the height that it covers in a column.
    half: f32,
    /// Over which height its edges fade.
    fade: f32,
    colour: [f32; 3],
    alpha: f32,
}

impl Stroke {
    fn new(line: &Line, width: usize, thickness: f32, pixel_ratio: f32) -> Self {
        let slope = (line.key_y - line.query_y) * pixel_ratio / width as f32;
        Self {
            start: line.query_y * pixel_ratio,
            slope,
            half: thickness / 2.0 * (1.0 + slope * slope).sqrt(),
            fade: slope.abs().max(1.0),
            colour: line.colour.map(|channel| f32::from(channel) / 255.0),
            alpha: line.alpha,
        }
    }
}

impl Raster {
    /// Draws lines into a picture of `width` × `height` device pixels and returns it: RGBA, not premultiplied, row by
    /// row. `thickness` is in CSS pixels.
    pub fn draw(&mut self, lines: &[Line], width: usize, height: usize, pixel_ratio: f32, thickness: f32) -> &[u8] {
        (self.width, self.height) = (width, height);
        self.pixels.clear();
        self.pixels.resize(width * height * 4, 0);
        let stroke = |line| Stroke::new(line, width, thickness * pixel_ratio, pixel_ratio);
        let strokes: Vec<Stroke> = lines.iter().map(stroke).collect();
        if strokes.is_empty() {
            return &self.pixels;
        }
        for x in 0..width {
            self.column.clear();
            self.column.resize(height, [0.0; 4]);
            for stroke in &strokes {
                cover(&mut self.column, stroke, x as f32 + 0.5);
            }
            self.write_column(x);
        }
        &self.pixels
    }

    fn write_column(&mut self, x: usize) {
        for (pixel, sum) in self.pixels.chunks_exact_mut(4).skip(x).step_by(self.width).zip(&self.column) {
            let alpha = sum[3];
            if alpha > 0.0 {
                let scale = 255.0 / alpha;
                pixel.copy_from_slice(&[
                    (sum[0] * scale + 0.5) as u8,
                    (sum[1] * scale + 0.5) as u8,
                    (sum[2] * scale + 0.5) as u8,
                    (alpha * 255.0 + 0.5) as u8,
                ]);
            }
        }
    }
}

/// Lays a line over one column (Porter & Duff's "over").
fn cover(column: &mut [[f32; 4]], stroke: &Stroke, x: f32) {
    let middle = stroke.start + stroke.slope * x;
    let reach = stroke.half + stroke.fade / 2.0;
    let first = (middle - reach).max(0.0) as usize;
    let end = (middle + reach).ceil().clamp(0.0, column.len() as f32) as usize;
    let Some(covered) = column.get_mut(first..end) else { return };
    for (y, sum) in covered.iter_mut().enumerate() {
        let distance = ((first + y) as f32 + 0.5 - middle).abs();
        let coverage = ((reach - distance) / stroke.fade).clamp(0.0, 1.0);
        let alpha = stroke.alpha * coverage;
        let rest = 1.0 - alpha;
        sum[0] = sum[0] * rest + stroke.colour[0] * alpha;
        sum[1] = sum[1] * rest + stroke.colour[1] * alpha;
        sum[2] = sum[2] * rest + stroke.colour[2] * alpha;
        sum[3] = sum[3] * rest + alpha;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(query_y: f32, key_y: f32, colour: [u8; 3], alpha: f32) -> Line {
        Line { query: 0, key: 0, query_y, key_y, colour, alpha }
    }

    fn pixel(pixels: &[u8], width: usize, x: usize, y: usize) -> [u8; 4] {
        pixels[(y * width + x) * 4..][..4].try_into().unwrap()
    }

    fn drawn(lines: &[Line], width: usize, height: usize, pixel_ratio: f32) -> Vec<u8> {
        Raster::default().draw(lines, width, height, pixel_ratio, 2.0).to_vec()
    }

    #[test]
    fn a_flat_line_covers_its_two_rows() {
        let pixels = drawn(&[line(3.0, 3.0, [10, 20, 30], 1.0)], 4, 6, 1.0);
        for x in 0..4 {
            let rows: Vec<[u8; 4]> = (0..6).map(|y| pixel(&pixels, 4, x, y)).collect();
            let (none, full) = ([0; 4], [10, 20, 30, 255]);
            assert_eq!(rows, [none, none, full, full, none, none]);
        }
    }

    #[test]
    fn between_rows_it_is_shared() {
        let pixels = drawn(&[line(2.5, 2.5, [255, 255, 255], 1.0)], 1, 5, 1.0);
        let alphas: Vec<u8> = (0..5).map(|y| pixel(&pixels, 1, 0, y)[3]).collect();
        assert_eq!(alphas, [0, 128, 255, 128, 0]);
    }

    #[test]
    fn the_pixel_ratio_scales_it() {
        let pixels = drawn(&[line(3.0, 3.0, [9, 9, 9], 1.0)], 1, 12, 2.0);
        let alphas: Vec<u8> = (0..12).map(|y| pixel(&pixels, 1, 0, y)[3]).collect();
        assert_eq!(alphas, [0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0]);
    }

    #[test]
    fn later_lines_lie_over_earlier_ones() {
        let pixels = drawn(&[line(1.0, 1.0, [255, 0, 0], 1.0), line(1.0, 1.0, [0, 0, 255], 0.5)], 1, 2, 1.0);
        assert_eq!(pixel(&pixels, 1, 0, 0), [128, 0, 128, 255]);
    }

    #[test]
    fn a_steep_line_has_the_ink_of_its_area() {
        // 100 columns, 400 rows down: area = thickness × length.
        let pixels = drawn(&[line(50.0, 450.0, [0, 0, 0], 1.0)], 100, 500, 1.0);
        let ink: f64 = pixels.chunks_exact(4).map(|pixel| f64::from(pixel[3]) / 255.0).sum();
        let area = 2.0 * (100f64.powi(2) + 400f64.powi(2)).sqrt();
        assert!((ink / area - 1.0).abs() < 0.02, "{ink} of {area}");
    }

    #[test]
    fn lines_that_leave_the_picture_are_cut_and_nothing_panics() {
        let lines =
            [line(-500.0, 9_000.0, [1, 2, 3], 0.3), line(-9.0, -9.0, [1, 2, 3], 1.0), line(99.0, 99.0, [1; 3], 1.0)];
        let pixels = drawn(&lines, 7, 5, 1.5);
        assert_eq!(pixels.len(), 7 * 5 * 4);
        assert_eq!(drawn(&lines, 0, 5, 1.0).len(), 0);
        assert_eq!(drawn(&lines, 5, 0, 1.0).len(), 0);
        assert!(drawn(&[], 3, 3, 1.0).iter().all(|&byte| byte == 0));
    }
}

//! Turns lines into pixels: a scan-converter for thousands of translucent lines, where a canvas without a GPU would
//! need seconds.
//!
//! Every line runs from the left to the right edge of the picture, so it is drawn a stretch of columns at a time: the
//! premultiplied sums of some columns fit in a fast cache, all lines pass over them, and they are written out once;
//! lines that are above or below the picture there are passed over. Within a column a line covers a vertical stretch
//! whose ends fade over the height that the line climbs there, which is the exact area of a parallelogram for steep
//! lines and close to it for flat ones. Where thousands of lines are nearly invisible, these are drawn on a coarser
//! grid, with the same ink: a picture of 128 tokens has 16,000 lines, most of them at the faintest shade there is.
//! Rejected: one stroke per line on the canvas (ten times slower without a GPU), WebGL (slower still in software, and a
//! context per view).

use super::head_view::Line;
use crate::kernels::blend::{self, Fade};

/// Columns that are drawn together.
const TILE: usize = 16;
/// Columns and rows of a coarse cell, in which many faint lines are drawn.
const GROUP: usize = 4;
/// Largest opacity of a faint line.
const FAINT: f32 = 0.03;
/// Fewest faint lines that are drawn on the coarse grid.
const N_FAINT: usize = 1_000;

/// A picture of lines, reused from one drawing to the next.
#[derive(Debug, Default)]
pub struct Raster {
    /// Columns of a tile, premultiplied red, green, blue, alpha from 0 to 1 [TILE, height].
    tile: Vec<[f32; 4]>,
    /// The faint lines of a tile, on the coarse grid [TILE / GROUP, height / GROUP].
    faint: Vec<[f32; 4]>,
    /// RGBA, not premultiplied, row by row [height, width, 4].
    pixels: Vec<u8>,
}

/// A line in device pixels.
struct Stroke {
    start: f32,
    /// Fall per column.
    slope: f32,
    /// Half the height that the line covers in a column.
    half: f32,
    /// Colour: red, green, blue, and 1.
    colour: [f32; 4],
    alpha: f32,
    /// Columns in which a part of the line is inside the picture.
    columns: (usize, usize),
}

impl Stroke {
    fn new(line: &Line, (width, height): (usize, usize), thickness: f32, pixel_ratio: f32) -> Self {
        let slope = (line.key_y - line.query_y) * pixel_ratio / width as f32;
        let start = line.query_y * pixel_ratio;
        let half = thickness / 2.0 * (1.0 + slope * slope).sqrt();
        let [red, green, blue] = line.colour.map(|channel| f32::from(channel) / 255.0);
        let reach = half + (slope.abs() * GROUP as f32).max(1.0);
        let columns = seen_columns(start, slope, reach, (width, height));
        Self { start, slope, half, colour: [red, green, blue, 1.0], alpha: line.alpha, columns }
    }

    fn is_in(&self, first: usize, end: usize) -> bool {
        self.columns.0 < end && self.columns.1 > first
    }
}

/// Columns in which a line is at most `reach` outside the picture.
fn seen_columns(start: f32, slope: f32, reach: f32, (width, height): (usize, usize)) -> (usize, usize) {
    let (top, bottom) = (-reach - start, height as f32 + reach - start);
    if slope.abs() < 1e-6 {
        return if top <= 0.0 && bottom >= 0.0 { (0, width) } else { (0, 0) };
    }
    let (one, other) = (top / slope, bottom / slope);
    let limit = |x: f32| x.clamp(0.0, width as f32);
    (limit(one.min(other).floor()) as usize, limit(one.max(other).ceil()) as usize)
}

impl Raster {
    /// Draws lines, the faintest first, into a picture of `width` × `height` device pixels and returns it: RGBA, not
    /// premultiplied, row by row. `thickness` is in CSS pixels.
    pub fn draw(&mut self, lines: &[Line], width: usize, height: usize, pixel_ratio: f32, thickness: f32) -> &[u8] {
        self.pixels.clear();
        self.pixels.resize(width * height * 4, 0);
        let stroke = |line| Stroke::new(line, (width, height), thickness * pixel_ratio, pixel_ratio);
        let strokes: Vec<Stroke> = lines.iter().map(stroke).filter(|stroke| stroke.is_in(0, width)).collect();
        if strokes.is_empty() || height == 0 {
            return &self.pixels;
        }
        let n_faint = strokes.iter().take_while(|stroke| stroke.alpha <= FAINT).count();
        let (faint, clear) = strokes.split_at(if n_faint < N_FAINT { 0 } else { n_faint });
        for first in (0..width).step_by(TILE) {
            let end = (first + TILE).min(width);
            self.tile.clear();
            if faint.is_empty() {
                self.tile.resize((end - first) * height, [0.0; 4]);
            } else {
                self.draw_faint(faint, first, end, height);
            }
            for stroke in clear.iter().filter(|stroke| stroke.is_in(first, end)) {
                for x in stroke.columns.0.max(first)..stroke.columns.1.min(end) {
                    let column = &mut self.tile[(x - first) * height..][..height];
                    let middle = stroke.start + stroke.slope * (x as f32 + 0.5);
                    cover(column, middle, stroke.half, stroke.slope.abs().max(1.0), stroke);
                }
            }
            self.write_tile(first, end, width, height);
        }
        &self.pixels
    }

    /// Starts a tile with its faint lines, drawn on a grid of coarse cells whose rows blend into each other.
    fn draw_faint(&mut self, strokes: &[Stroke], first: usize, end: usize, height: usize) {
        let n_cells = height.div_ceil(GROUP);
        let cell = GROUP as f32;
        self.faint.clear();
        self.faint.resize((end - first).div_ceil(GROUP) * n_cells, [0.0; 4]);
        for stroke in strokes.iter().filter(|stroke| stroke.is_in(first, end)) {
            let (fade, half) = (stroke.slope.abs().max(1.0), stroke.half / cell);
            let groups = stroke.columns.0.max(first) - first..stroke.columns.1.min(end) - first;
            let (group, end_group) = (groups.start / GROUP, groups.end.div_ceil(GROUP));
            let mut middle = (stroke.start + stroke.slope * ((first + group * GROUP) as f32 + cell / 2.0)) / cell;
            for column in self.faint.chunks_exact_mut(n_cells).take(end_group).skip(group) {
                cover(column, middle, half, fade, stroke);
                middle += stroke.slope;
            }
        }
        for x in 0..end - first {
            if x % GROUP > 0 {
                self.tile.extend_from_within(self.tile.len() - height..);
                continue;
            }
            let cells = &self.faint[x / GROUP * n_cells..][..n_cells];
            for y in 0..height {
                // Between the middles of two cells.
                let at = ((y as f32 + 0.5) / cell - 0.5).max(0.0);
                let (above, share) = (at as usize, at.fract());
                let below = (above + 1).min(n_cells - 1);
                self.tile.push(blend::between(&cells[above], &cells[below], share));
            }
        }
    }

    fn write_tile(&mut self, first: usize, end: usize, width: usize, height: usize) {
        let n_columns = end - first;
        for (y, row) in self.pixels.chunks_exact_mut(width * 4).enumerate() {
            let written = row[first * 4..end * 4].chunks_exact_mut(4);
            for (pixel, sum) in written.zip(self.tile.iter().skip(y).step_by(height).take(n_columns)) {
                pixel.copy_from_slice(&blend::pixel(sum));
            }
        }
    }
}

/// Lays a line over a column: around `middle`, `half` of its height to either side, with edges
/// that fade over `fade`.
fn cover(column: &mut [[f32; 4]], middle: f32, half: f32, fade: f32, stroke: &Stroke) {
    let reach = half + fade / 2.0;
    let first = (middle - reach).max(0.0) as usize;
    let end = (middle + reach).ceil().clamp(0.0, column.len() as f32) as usize;
    let Some(covered) = column.get_mut(first..end) else { return };
    let fade = Fade {
        start: first as f32 + 0.5 - middle,
        reach,
        per_pixel: stroke.alpha / fade,
        most: stroke.alpha * (2.0 * half / fade).min(1.0),
    };
    blend::over(covered, stroke.colour, fade);
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
    fn many_faint_lines_have_the_ink_of_their_areas_too() {
        // Every slope between two columns of tokens, and a clear line over them.
        let ends = |index: usize| ((index % 40) as f32 * 10.0 + 20.0, (index / 40) as f32 * 10.0 + 20.0);
        let mut lines: Vec<Line> =
            (0..1_600).map(|index| line(ends(index).0, ends(index).1, [200, 100, 0], 1.0 / 255.0)).collect();
        let area: f64 = lines
            .iter()
            .map(|line| 2.0 * 100f64.hypot(f64::from(line.key_y - line.query_y)) * f64::from(line.alpha))
            .sum();
        lines.push(line(430.0, 430.0, [0, 0, 255], 1.0));
        let pixels = drawn(&lines, 100, 440, 1.0);
        let ink: f64 = pixels.chunks_exact(4).map(|pixel| f64::from(pixel[3]) / 255.0).sum::<f64>() - 200.0;
        // Where many lines overlap they add up to a little less than their sum.
        assert!(ink < area && ink > 0.85 * area, "{ink} of {area}");
        assert_eq!(pixel(&pixels, 100, 50, 429), [0, 0, 255, 255]);
        let exact = drawn(&lines[..999], 100, 440, 1.0);
        let mut grouped = lines[..999].to_vec();
        // Ten invisible lines, so that they count as many.
        grouped.extend((0..10).map(|_| line(250.0, 250.0, [0, 0, 0], 0.0)));
        let grouped = drawn(&grouped, 100, 440, 1.0);
        let alpha = |pixels: &[u8]| pixels.chunks_exact(4).map(|pixel| f64::from(pixel[3])).collect::<Vec<_>>();
        let differences: Vec<f64> =
            alpha(&exact).iter().zip(alpha(&grouped)).map(|(one, other)| (one - other).abs()).collect();
        let mean = differences.iter().sum::<f64>() / differences.len() as f64;
        assert!(mean < 1.0, "shades differ by {mean} of 255 on average");
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

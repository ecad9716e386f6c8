//! The pixels of thumbnails: heat maps, lines and differences, painted into one picture.
//!
//! A thumbnail with more cells than pixels shows in each pixel the largest, or the mean, of the cells under it. Lengths are device
//! pixels.

use std::ops::Range;

use super::colour::{Ramp, Rgb};
use super::contrast::Contrast;
use super::neurons::Diverging;
use super::shade::Shade;

/// The cells of one thumbnail.
#[derive(Clone, Copy, Debug)]
pub struct Thumbnail<'a> {
    /// Values [n_rows, n_columns] from 0 to 1; differences from −1 to 1.
    pub cells: &'a [f32],
    /// Number of rows.
    pub n_rows: usize,
    /// Number of columns.
    pub n_columns: usize,
    /// Whether a pixel over several cells shows their largest value rather than their mean.
    pub is_max: bool,
}

impl Thumbnail<'_> {
    /// Whether there are cells to paint, and pixels [width, height] to paint them on.
    fn covers(&self, (width, height): (usize, usize)) -> bool {
        !self.cells.is_empty() && self.cells.len() == self.n_rows * self.n_columns && width * height > 0
    }
}

/// A picture of thumbnails, reused from one drawing to the next.
#[derive(Debug, Default)]
pub struct MapPainter {
    width: usize,
    height: usize,
    /// RGBA, row by row [height, width, 4].
    pixels: Vec<u8>,
}

/// A rectangle of the picture, device pixels; parts outside are cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Left end.
    pub x: isize,
    /// Top.
    pub y: isize,
    /// Its width.
    pub width: usize,
    /// Its height.
    pub height: usize,
}

impl MapPainter {
    /// Starts an empty picture.
    pub fn begin(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width, height);
        self.pixels.clear();
        self.pixels.resize(width * height * 4, 0);
    }

    /// The picture: RGBA, not premultiplied, row by row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Paints an area in one colour.
    pub fn fill(&mut self, area: Area, colour: Rgb) {
        for y in 0..area.height {
            self.line(area, y, |_| Some(colour));
        }
    }

    /// Paints a heat map over a ground, so that a thumbnail has an edge even where nothing is read.
    pub fn heat(&mut self, area: Area, thumbnail: &Thumbnail<'_>, ramp: &Ramp, ground: Rgb, shade: &Shade) {
        let Thumbnail { cells, n_rows, n_columns, is_max } = *thumbnail;
        let Some(columns) = columns_under((area.width, area.height), thumbnail) else { return self.fill(area, ground) };
        for y in 0..area.height {
            let rows = under(y, area.height, n_rows);
            self.line(area, y, |x| {
                let level = |row: usize, column: usize| shade.level(cells[row * n_columns + column], 1.0);
                let (mut largest, mut sum, mut n) = (0.0_f32, 0.0, 0);
                for row in rows.clone() {
                    for column in columns[x].clone() {
                        let level = level(row, column);
                        (largest, sum, n) = (largest.max(level), sum + level, n + 1);
                    }
                }
                let level = if is_max { largest } else { sum / n as f32 };
                Some(if level > 0.0 { ramp.at(level) } else { ground })
            });
        }
    }

    /// Paints a map of differences over a ground; a pixel over several cells shows the one that differs most.
    pub fn differences(
        &mut self,
        area: Area,
        thumbnail: &Thumbnail<'_>,
        (diverging, ground): (&Diverging, Rgb),
        contrast: &Contrast,
        shade: &Shade,
    ) {
        let Thumbnail { n_rows, n_columns, .. } = *thumbnail;
        let Some(columns) = columns_under((area.width, area.height), thumbnail) else { return self.fill(area, ground) };
        for y in 0..area.height {
            let rows = under(y, area.height, n_rows);
            self.line(area, y, |x| {
                let cells = rows.clone().flat_map(|row| columns[x].clone().map(move |at| row * n_columns + at));
                let most = cells
                    .map(|at| cells_at(thumbnail, at))
                    .fold(0.0f32, |most, cell| if cell.abs() > most.abs() { cell } else { most });
                let level = shade.level(contrast.share(most).abs(), 1.0);
                Some(if level > 0.0 { diverging.at(level.copysign(most)) } else { ground })
            });
        }
    }

    /// Paints lines of differences, those that became smaller below those that became larger.
    pub fn difference_lines(&mut self, area: Area, thumbnail: &Thumbnail<'_>, contrast: &Contrast, ground: Rgb) {
        let part = |sign: f32| -> Vec<f32> {
            thumbnail.cells.iter().map(|cell| (contrast.share(*cell) * sign).max(0.0)).collect()
        };
        let (negative, positive) = (part(-1.0), part(1.0));
        let alphas = |cells: &[f32]| line_alphas((area.width, area.height), &Thumbnail { cells, ..*thumbnail });
        let (Some(negative), Some(positive)) = (alphas(&negative), alphas(&positive)) else {
            return self.fill(area, ground);
        };
        for y in 0..area.height {
            let at = |x: usize| y * area.width + x;
            self.line(area, y, |x| {
                let below = mixed(ground, contrast.negative, negative[at(x)]);
                Some(mixed(below, contrast.positive, positive[at(x)]))
            });
        }
    }

    /// Paints lines from the rows on the left edge to the columns on the right edge, over a ground.
    pub fn lines(&mut self, area: Area, thumbnail: &Thumbnail<'_>, ink: Rgb, ground: Rgb) {
        let size = (area.width, area.height);
        let Some(alphas) = line_alphas(size, thumbnail) else { return self.fill(area, ground) };
        for y in 0..area.height {
            self.line(area, y, |x| Some(mixed(ground, ink, alphas[y * area.width + x])));
        }
    }

    /// Paints the pixels of one line of an area that are inside the picture.
    fn line(&mut self, area: Area, y: usize, colour: impl Fn(usize) -> Option<Rgb>) {
        let Some(at) = area.y.checked_add_unsigned(y).and_then(|y| usize::try_from(y).ok()) else { return };
        if at >= self.height {
            return;
        }
        let first = usize::try_from(-area.x).unwrap_or(0);
        let end = area.width.min(usize::try_from(self.width as isize - area.x).unwrap_or(0));
        let Some(start) = area.x.checked_add_unsigned(first).and_then(|x| usize::try_from(x).ok()) else { return };
        let line = &mut self.pixels[at * self.width * 4..][..self.width * 4];
        for (x, pixel) in (first..end).zip(line.chunks_exact_mut(4).skip(start)) {
            if let Some([red, green, blue]) = colour(x) {
                pixel.copy_from_slice(&[red, green, blue, 255]);
            }
        }
    }
}

/// The columns of cells under each pixel of a line of an area [width, height]; `None` where there is nothing to paint.
fn columns_under(size: (usize, usize), thumbnail: &Thumbnail<'_>) -> Option<Vec<Range<usize>>> {
    let (width, _) = size;
    thumbnail.covers(size).then(|| (0..width).map(|x| under(x, width, thumbnail.n_columns)).collect())
}

/// Opacity below which a line is invisible in a thumbnail.
const MIN_LINE: f32 = 0.02;

fn cells_at(thumbnail: &Thumbnail<'_>, at: usize) -> f32 {
    thumbnail.cells.get(at).copied().unwrap_or(0.0)
}

/// Coverage of each pixel of an area [height, width] by the lines of a thumbnail; `None` where there is no line.
fn line_alphas((width, height): (usize, usize), thumbnail: &Thumbnail<'_>) -> Option<Vec<f32>> {
    let Thumbnail { cells, n_rows, n_columns, .. } = *thumbnail;
    if !thumbnail.covers((width, height)) {
        return None;
    }
    let mut alphas = vec![0.0_f32; width * height];
    for (row, weights) in cells.chunks_exact(n_columns).enumerate() {
        let start = (row as f32 + 0.5) / n_rows as f32 * height as f32;
        for (column, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight >= MIN_LINE) {
            let end = (column as f32 + 0.5) / n_columns as f32 * height as f32;
            let slope = (end - start) / width as f32;
            for x in 0..width {
                let y = start + slope * (x as f32 + 0.5) - 0.5;
                let (above, share) = (y.floor(), y - y.floor());
                for (y, cover) in [(above, 1.0 - share), (above + 1.0, share)] {
                    if let Some(alpha) = (y >= 0.0).then(|| alphas.get_mut(y as usize * width + x)).flatten() {
                        *alpha += (1.0 - *alpha) * weight * cover;
                    }
                }
            }
        }
    }
    Some(alphas)
}

/// The cells under a pixel: at least one.
fn under(pixel: usize, n_pixels: usize, n_cells: usize) -> Range<usize> {
    let first = pixel * n_cells / n_pixels;
    first..((pixel + 1) * n_cells / n_pixels).max(first + 1)
}

/// A colour laid over another.
pub fn mixed(ground: Rgb, ink: Rgb, alpha: f32) -> Rgb {
    let channel = |index: usize| {
        let (from, to) = (f32::from(ground[index]), f32::from(ink[index]));
        (from + (to - from) * alpha.clamp(0.0, 1.0)).round() as u8
    };
    [channel(0), channel(1), channel(2)]
}

#[cfg(test)]
#[path = "thumbnails_tests.rs"]
mod tests;

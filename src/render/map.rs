//! The model view: the layout of one thumbnail per head, in rows and columns, and its pixels.
//!
//! ```text
//!         0     1     2   …  heads
//!   0   ┌───┐ ┌───┐ ┌───┐
//!       └───┘ └───┘ └───┘
//!   1   …                    layers
//! ```
//! Only what is in the window is drawn; a thumbnail with more cells than pixels shows in each pixel the largest, or the
//! mean, of the cells under it. Lengths are CSS pixels.

use std::ops::Range;

use super::colour::{Ramp, Rgb};
use super::contrast::Contrast;
use super::neurons::Diverging;
use super::shade::Shade;

/// A head of the model.
pub type LayerHead = (usize, usize);

/// Gap between two thumbnails.
const GAP: f32 = 4.0;
/// Width left of the first column, for the layers' numbers.
const LABELS: f32 = 28.0;
/// Sides of the smallest and the largest thumbnail.
const CELL: (f32, f32) = (18.0, 96.0);
/// Side of the largest thumbnail of a map that fills its room.
const LARGEST: f32 = 320.0;
/// How much wider than high a thumbnail may become to fill the width.
const WIDEST: f32 = 1.6;
/// Most blocks of layers beside each other.
const MAX_BLOCKS: usize = 6;
/// Room for a cell's name below it.
const NAME: f32 = 16.0;
/// Side of the smallest thumbnail of a small map, which serves to choose heads rather than to read weights.
const SMALL_CELL: f32 = 6.0;

/// The room of a model view, and its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MapSpace {
    /// Width of the room.
    pub width: f32,
    /// Height of the room, which a small map keeps to and a large map may exceed by scrolling.
    pub height: f32,
    /// Whether thumbnails take all the room there is: they may be wider than high, and layers may stand in blocks.
    pub is_filled: bool,
    /// Whether it is the small map.
    pub is_small: bool,
    /// Whether every cell has its name below it.
    pub has_names: bool,
}

/// Layout of the thumbnails of a model view.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MapLayout {
    /// Heads of each row; rows may be shorter than the first.
    pub rows: Vec<Vec<LayerHead>>,
    /// Width of a thumbnail.
    pub width: f32,
    /// Height of a thumbnail.
    pub height: f32,
    /// Distance from one thumbnail to the next.
    pub step: f32,
    /// Distance from one row to the next.
    pub row_step: f32,
    /// Position of the first column within its block.
    pub left: f32,
    /// Rows of a block; the rows after them stand in the next block, to the right.
    pub block_rows: usize,
    /// Distance from one block to the next.
    pub block_step: f32,
}

impl MapLayout {
    /// Makes thumbnails as large as the widest row allows, but no larger than needed to see all rows at once, unless
    /// that would be too small to read.
    pub fn fit(rows: Vec<Vec<LayerHead>>, space: MapSpace) -> Self {
        let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0).max(1) as f32;
        let n_rows = rows.len().max(1);
        let name = if space.has_names { NAME } else { 0.0 };
        if let Some((n_blocks, width, height)) = filling(n_rows, n_columns, space) {
            let block_rows = n_rows.div_ceil(n_blocks);
            let (step, row_step, left) = (width + GAP, height + GAP + name, LABELS);
            let block_step = left + n_columns * step;
            return Self { rows, width, height, step, row_step, left, block_rows, block_step };
        }
        let (left, gap, least) = if space.is_small { (0.0, 1.0, SMALL_CELL) } else { (LABELS, GAP, CELL.0) };
        let by_width = (space.width - left) / n_columns - gap;
        let by_height = space.height / n_rows as f32 - gap - name;
        let readable = if space.is_small { least } else { 2.0 * CELL.0 };
        let side = by_width.min(by_height.max(readable)).clamp(least.min(by_width.max(1.0)), CELL.1).floor().max(1.0);
        let (step, row_step) = (side + gap, side + gap + name);
        let block_step = left + n_columns * step;
        Self { rows, width: side, height: side, step, row_step, left, block_rows: n_rows, block_step }
    }

    fn n_blocks(&self) -> usize {
        self.rows.len().div_ceil(self.block_rows.max(1))
    }

    /// Height of all rows.
    pub fn content_height(&self) -> f32 {
        self.rows.len().min(self.block_rows) as f32 * self.row_step
    }

    /// Width of all blocks, with the labels.
    pub fn content_width(&self) -> f32 {
        self.n_blocks() as f32 * self.block_step
    }

    /// The first row of each block, and the block's left end.
    pub fn blocks(&self) -> impl Iterator<Item = (usize, f32)> {
        (0..self.n_blocks()).map(|block| (block * self.block_rows, block as f32 * self.block_step))
    }

    /// Rows that a window shows at this scroll offset. Blocks fit into their room, so all their rows are seen.
    pub fn visible_rows(&self, scroll: f32, height: f32) -> Range<usize> {
        if self.row_step <= 0.0 || height <= 0.0 {
            return 0..0;
        }
        if self.n_blocks() > 1 {
            return 0..self.rows.len();
        }
        let first = (scroll / self.row_step).floor().max(0.0) as usize;
        let end = ((scroll + height) / self.row_step).ceil().max(0.0) as usize;
        first.min(self.rows.len())..end.min(self.rows.len())
    }

    /// Row and column of the thumbnail at a point of the content.
    pub fn pick(&self, x: f32, y: f32) -> Option<(usize, usize)> {
        if x < 0.0 || y < 0.0 || self.step <= 0.0 {
            return None;
        }
        let block = (x / self.block_step) as usize;
        let within = x - block as f32 * self.block_step - self.left;
        let row = (y / self.row_step) as usize;
        if within < 0.0 || row >= self.block_rows {
            return None;
        }
        let (row, column) = (block * self.block_rows + row, (within / self.step) as usize);
        self.rows.get(row)?.get(column).map(|_| (row, column))
    }

    /// The head in a row and column.
    pub fn place(&self, row: usize, column: usize) -> Option<LayerHead> {
        self.rows.get(row)?.get(column).copied()
    }

    /// Row and column of a head.
    pub fn find(&self, place: LayerHead) -> Option<(usize, usize)> {
        let in_row = |(row, places): (usize, &Vec<LayerHead>)| Some((row, places.iter().position(|at| *at == place)?));
        self.rows.iter().enumerate().find_map(in_row)
    }

    /// Left end of a thumbnail.
    pub fn cell_left(&self, row: usize, column: usize) -> f32 {
        (row / self.block_rows.max(1)) as f32 * self.block_step + self.left + column as f32 * self.step
    }

    /// Top of a row in the content.
    pub fn row_top(&self, row: usize) -> f32 {
        (row % self.block_rows.max(1)) as f32 * self.row_step
    }

    /// The scroll offset nearest to `scroll` at which a row is fully visible.
    pub fn scroll_to(&self, row: usize, scroll: f32, height: f32) -> f32 {
        let top = self.row_top(row);
        scroll.min(top).max(top + self.row_step - height).max(0.0)
    }
}

/// The number of blocks with which thumbnails become largest while all of them fit the room, and their width and height; `None` where
/// the map is not to fill its room, or where thumbnails would become too small to read.
fn filling(n_rows: usize, n_columns: f32, space: MapSpace) -> Option<(usize, f32, f32)> {
    if !space.is_filled || space.is_small {
        return None;
    }
    let name = if space.has_names { NAME } else { 0.0 };
    let sizes = |n_blocks: usize| {
        let by_width = (space.width / n_blocks as f32 - LABELS) / n_columns - GAP;
        let by_height = space.height / n_rows.div_ceil(n_blocks) as f32 - GAP - name;
        let height = by_height.min(by_width).min(LARGEST).floor();
        (n_blocks, by_width.min(height * WIDEST).floor(), height)
    };
    // Sorted heads are read row by row.
    let most = if space.has_names { 1 } else { MAX_BLOCKS.min(n_rows) };
    let (n_blocks, width, height) =
        (1..=most).map(sizes).reduce(|best, next| if next.2 > best.2 { next } else { best })?;
    (height >= CELL.0).then_some((n_blocks, width, height))
}

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
#[path = "map_tests.rs"]
mod tests;

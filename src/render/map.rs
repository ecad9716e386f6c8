//! The model view: the layout of one thumbnail per head, in rows and columns. Pixels are in
//! [`thumbnails`](super::thumbnails).
//!
//! ```text
//!         0     1     2   …  heads
//!   0   ┌───┐ ┌───┐ ┌───┐
//!       └───┘ └───┘ └───┘
//!   1   …                    layers
//! ```
//! Only what is in the window is drawn. Lengths are CSS pixels.

use std::ops::Range;

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

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;

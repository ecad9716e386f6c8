//! The stream view's table: where its rows (layers) and columns (positions) stand, what is in view, and how numbers become colours.
//!
//! The canvas is as large as the window and the table scrolls under it; the names of positions stay on top and those of layers on the
//! left.

use std::ops::Range;

/// Width of the names of layers, CSS pixels.
const LABEL_WIDTH: f32 = 52.0;
/// Height of the names of positions, CSS pixels.
const HEADER_HEIGHT: f32 = 24.0;
/// Least height of a cell, CSS pixels: a line of text.
const LEAST_HEIGHT: f32 = 18.0;
/// Greatest height of a cell, CSS pixels.
const MOST_HEIGHT: f32 = 28.0;
/// Width of a cell with a token, and of one with a number, CSS pixels.
const WIDTHS: (f32, f32) = (64.0, 48.0);

/// The table in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StreamLayout {
    /// Rows: the streams entering each layer, and the output.
    pub n_rows: usize,
    /// Positions.
    pub n_columns: usize,
    /// Width and height of a cell, CSS pixels.
    pub cell: (f32, f32),
    /// Width of the names of layers.
    pub label_width: f32,
    /// Height of the names of positions.
    pub header_height: f32,
    /// Whether the first layer stands on top instead of the output.
    pub is_first_on_top: bool,
}

/// A part of the table: rows from the top and columns from the left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InView {
    /// Lines from the top.
    pub lines: Range<usize>,
    /// Positions.
    pub columns: Range<usize>,
}

impl StreamLayout {
    /// A table of so many rows and positions in a window of a given width and height; cells grow to fill it as far as they may.
    pub fn fit(
        n_rows: usize,
        n_columns: usize,
        has_tokens: bool,
        is_first_on_top: bool,
        (width, height): (f32, f32),
    ) -> Self {
        let (label_width, header_height) = (LABEL_WIDTH, HEADER_HEIGHT);
        let least = if has_tokens { WIDTHS.0 } else { WIDTHS.1 };
        let room = ((width - label_width) / n_columns.max(1) as f32).floor();
        let tall = ((height - header_height) / n_rows.max(1) as f32).floor();
        let cell = (room.clamp(least, 2.0 * WIDTHS.0), tall.clamp(LEAST_HEIGHT, MOST_HEIGHT));
        Self { n_rows, n_columns, cell, label_width, header_height, is_first_on_top }
    }

    /// Width and height of the whole table.
    pub fn size(&self) -> (f32, f32) {
        let (width, height) = self.cell;
        (self.label_width + width * self.n_columns as f32, self.header_height + height * self.n_rows as f32)
    }

    /// The line from the top of a row of the stream, and the other way round.
    pub fn line(&self, row: usize) -> usize {
        if self.is_first_on_top { row } else { self.n_rows.saturating_sub(1).saturating_sub(row) }
    }

    /// The lines and columns in a window that is scrolled by (x, y).
    pub fn in_view(&self, (x, y): (f32, f32), (width, height): (f32, f32)) -> InView {
        let span = |scroll: f32, room: f32, each: f32, n: usize| {
            let first = (scroll / each).floor().max(0.0) as usize;
            let end = ((scroll + room.max(0.0)) / each).ceil().max(0.0) as usize;
            first.min(n)..end.min(n)
        };
        InView {
            lines: span(y, height - self.header_height, self.cell.1, self.n_rows),
            columns: span(x, width - self.label_width, self.cell.0, self.n_columns),
        }
    }

    /// Top left corner of a cell within the window.
    pub fn corner(&self, line: usize, column: usize, (x, y): (f32, f32)) -> (f32, f32) {
        (self.label_width + column as f32 * self.cell.0 - x, self.header_height + line as f32 * self.cell.1 - y)
    }

    /// The row and position at a point of the window.
    pub fn pick(&self, (left, top): (f32, f32), (x, y): (f32, f32)) -> Option<(usize, usize)> {
        if left < self.label_width || top < self.header_height {
            return None;
        }
        let column = ((left - self.label_width + x) / self.cell.0) as usize;
        let line = ((top - self.header_height + y) / self.cell.1) as usize;
        (line < self.n_rows && column < self.n_columns).then(|| (self.line(line), column))
    }

    /// How far to scroll so that a cell is in view.
    pub fn scroll_to(
        &self,
        (row, column): (usize, usize),
        (x, y): (f32, f32),
        (width, height): (f32, f32),
    ) -> (f32, f32) {
        let along = |scroll: f32, room: f32, each: f32, index: usize| {
            let start = index as f32 * each;
            scroll.min(start).max(start + each - room.max(each))
        };
        (
            along(x, width - self.label_width, self.cell.0, column),
            along(y, height - self.header_height, self.cell.1, self.line(row)),
        )
    }
}

/// How a number becomes a place on a scale of colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StreamScale {
    /// From one end to the other.
    Linear(f32, f32),
    /// The same on a logarithmic scale; for numbers above 0.
    Log(f32, f32),
    /// Ranks: 0 is the strongest colour, the last rank the weakest, on a logarithmic scale.
    Rank(f32),
    /// Differences: −end and +end are the ends.
    Difference(f32),
}

impl StreamScale {
    /// The place from 0 to 1, of differences from −1 to 1.
    pub fn level(self, value: f32) -> f32 {
        let share = |value: f32, low: f32, high: f32| if high > low { (value - low) / (high - low) } else { 0.0 };
        match self {
            Self::Linear(low, high) => share(value, low, high).clamp(0.0, 1.0),
            Self::Log(low, high) => share(value.max(low).ln(), low.ln(), high.ln()).clamp(0.0, 1.0),
            Self::Rank(last) => (1.0 - share(value.ln_1p(), 0.0, last.ln_1p())).clamp(0.0, 1.0),
            Self::Difference(end) => {
                if end > 0.0 {
                    (value / end).clamp(-1.0, 1.0)
                } else {
                    0.0
                }
            }
        }
    }

    /// The numbers at the weak and the strong end.
    pub fn ends(self) -> (f32, f32) {
        match self {
            Self::Linear(low, high) | Self::Log(low, high) => (low, high),
            Self::Rank(last) => (last, 0.0),
            Self::Difference(end) => (-end, end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> StreamLayout {
        StreamLayout::fit(31, 128, true, false, (700.0, 600.0))
    }

    #[test]
    fn cells_fill_the_window_as_far_as_they_may() {
        assert_eq!(layout().cell, (64.0, 18.0), "many positions scroll");
        let few = StreamLayout::fit(7, 6, true, false, (820.0, 600.0));
        assert_eq!(few.cell, (128.0, 28.0));
        assert_eq!(few.size(), (52.0 + 6.0 * 128.0, 24.0 + 7.0 * 28.0));
        assert_eq!(StreamLayout::fit(7, 100, false, false, (300.0, 300.0)).cell.0, 48.0);
    }

    #[test]
    fn the_output_stands_on_top_unless_the_first_layer_does() {
        let mut layout = layout();
        assert_eq!((layout.line(30), layout.line(0)), (0, 30));
        layout.is_first_on_top = true;
        assert_eq!((layout.line(30), layout.line(0)), (30, 0));
        assert_eq!(StreamLayout::default().line(0), 0, "nothing panics without rows");
    }

    #[test]
    fn what_is_picked_is_what_is_drawn_there() {
        let layout = layout();
        let scroll = (130.0, 40.0);
        let view = layout.in_view(scroll, (700.0, 600.0));
        assert_eq!((view.columns.clone(), view.lines.clone()), (2..13, 2..31));
        for line in [3, 10] {
            for column in [3, 12] {
                let (left, top) = layout.corner(line, column, scroll);
                let found = layout.pick((left + 1.0, top + 1.0), scroll);
                assert_eq!(found, Some((layout.line(line), column)));
            }
        }
        assert_eq!(layout.pick((10.0, 100.0), scroll), None, "names of layers");
        assert_eq!(layout.pick((100.0, 10.0), scroll), None, "names of positions");
        assert_eq!(layout.pick((100.0, 5_000.0), scroll), None);
    }

    #[test]
    fn a_cell_is_brought_into_view_and_no_further() {
        let (layout, window) = (layout(), (700.0, 600.0));
        assert_eq!(layout.scroll_to((30, 0), (640.0, 0.0), window), (0.0, 0.0));
        assert_eq!(layout.scroll_to((30, 3), (0.0, 0.0), window), (0.0, 0.0), "in view already");
        let (x, _) = layout.scroll_to((0, 127), (0.0, 0.0), window);
        assert_eq!(x, 128.0 * 64.0 - 648.0);
    }

    #[test]
    fn numbers_become_places_on_a_scale() {
        for (scale, value, level) in [
            (StreamScale::Linear(0.0, 2.0), 1.0, 0.5),
            (StreamScale::Linear(2.0, 2.0), 2.0, 0.0),
            (StreamScale::Log(1.0, 100.0), 10.0, 0.5),
            (StreamScale::Rank(99.0), 0.0, 1.0),
            (StreamScale::Rank(99.0), 99.0, 0.0),
            (StreamScale::Difference(4.0), -2.0, -0.5),
            (StreamScale::Difference(0.0), 0.0, 0.0),
        ] {
            assert!((scale.level(value) - level).abs() < 1e-6, "{scale:?} {value}");
        }
        assert_eq!(StreamScale::Rank(9.0).ends(), (9.0, 0.0));
        assert_eq!(StreamScale::Difference(2.0).ends(), (-2.0, 2.0));
    }
}

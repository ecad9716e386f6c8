//! Puts several pictures beside each other in one stretch, and the grid of a matrix into each.

use super::layout::{Span, Window};

/// Smallest width of a picture.
pub const MIN_PANEL: f32 = 64.0;
/// Gap between two pictures.
const GAP: f32 = 12.0;

/// Cuts `whole` into as many of `n_panels` equal stretches as fit, from the left, at least one.
pub fn panels(whole: Span, n_panels: usize) -> Vec<Span> {
    let n_fitting = ((whole.width + GAP) / (MIN_PANEL + GAP)).floor().max(1.0) as usize;
    let n_panels = n_panels.clamp(1, n_fitting);
    let width = (whole.width - GAP * (n_panels - 1) as f32) / n_panels as f32;
    (0..n_panels).map(|index| Span { x: whole.x + (width + GAP) * index as f32, width: width.max(0.0) }).collect()
}

/// Smallest width of a cell: more columns than have room scroll.
pub const MIN_CELL: f32 = 4.0;

/// Cells of a matrix: as wide as the room allows, but not wider than high.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Left end of the first column in view.
    pub x: f32,
    /// Width of a column.
    pub cell_width: f32,
    /// The first column in view.
    pub first: usize,
    /// Number of columns in view.
    pub n_columns: usize,
}

impl Grid {
    /// The grid of all `n_columns` in a stretch, however narrow they become.
    pub fn whole(panel: Span, n_columns: usize, row_height: f32) -> Self {
        let cell_width = (panel.width / n_columns.max(1) as f32).min(row_height);
        Self { x: panel.x, cell_width, first: 0, n_columns }
    }

    /// The grid of the columns in view, of `n_columns` in a stretch that is scrolled so far to the right, in CSS pixels.
    pub fn fit(panel: Span, n_columns: usize, row_height: f32, scroll_x: f32) -> Self {
        let hidden = Self::hidden_width(panel, n_columns);
        if hidden == 0.0 {
            return Self::whole(panel, n_columns, row_height);
        }
        let n_in_view = ((panel.width / MIN_CELL) as usize).max(1).min(n_columns);
        let first = (scroll_x.clamp(0.0, hidden) / MIN_CELL).round() as usize;
        Self { x: panel.x, cell_width: MIN_CELL, first: first.min(n_columns - n_in_view), n_columns: n_in_view }
    }

    /// The width of the columns that have no room in a stretch, in CSS pixels.
    pub fn hidden_width(panel: Span, n_columns: usize) -> f32 {
        let n_in_view = ((panel.width / MIN_CELL) as usize).max(1);
        n_columns.saturating_sub(n_in_view) as f32 * MIN_CELL
    }

    /// Whether a column is in view.
    pub fn shows(&self, column: usize) -> bool {
        (self.first..self.first + self.n_columns).contains(&column)
    }

    /// How far to scroll to the right so that a column is in view, in CSS pixels.
    pub fn scroll_to(&self, column: usize) -> f32 {
        let first = match column {
            column if column < self.first => column,
            column if !self.shows(column) => column + 1 - self.n_columns,
            _ => self.first,
        };
        first as f32 * self.cell_width
    }

    /// The stretch that the columns take.
    pub fn span(&self) -> Span {
        Span { x: self.x, width: self.cell_width * self.n_columns as f32 }
    }

    /// Middle of a column.
    pub fn middle(&self, column: usize) -> f32 {
        self.x + (column as f32 - self.first as f32 + 0.5) * self.cell_width
    }

    /// The step between columns that have room for a label of this width.
    pub fn label_step(&self, label_width: f32) -> usize {
        (label_width / self.cell_width.max(0.01)).ceil().max(1.0) as usize
    }

    /// Row and column under a point of the window.
    pub fn pick(&self, window: &Window, n_rows: usize, x: f32, y: f32) -> Option<(usize, usize)> {
        if !(0.0..window.height).contains(&y) || x < self.x || self.cell_width <= 0.0 || window.row_height <= 0.0 {
            return None;
        }
        let column = ((x - self.x) / self.cell_width) as usize;
        let row = ((y + window.scroll) / window.row_height) as usize;
        (column < self.n_columns && row < n_rows).then_some((row, self.first + column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_fit() {
        let whole = Span { x: 100.0, width: 300.0 };
        assert_eq!(panels(whole, 1), [whole]);
        assert_eq!(panels(whole, 3)[1], Span { x: 204.0, width: 92.0 });
        assert_eq!(panels(whole, 3).last().map(Span::end), Some(400.0));
        assert_eq!(panels(whole, 12).len(), 4);
        assert!(panels(whole, 12).iter().all(|panel| panel.width >= MIN_PANEL));
        assert_eq!(panels(Span { x: 0.0, width: 10.0 }, 5).len(), 1);
    }

    #[test]
    fn cells() {
        let grid = Grid::whole(Span { x: 10.0, width: 300.0 }, 15, 24.0);
        assert_eq!((grid.cell_width, grid.span().end()), (20.0, 310.0));
        let roomy = Grid::whole(Span { x: 10.0, width: 300.0 }, 5, 24.0);
        assert_eq!(roomy.cell_width, 24.0, "no wider than high");
        assert_eq!((grid.middle(0), grid.middle(14)), (20.0, 300.0));
        assert_eq!((grid.label_step(12.0), Grid { cell_width: 5.0, ..grid }.label_step(12.0)), (1, 3));
        let window = Window { width: 400.0, height: 100.0, scroll: 30.0, row_height: 20.0 };
        for ((x, y), expected) in [
            ((10.0, 0.0), Some((1, 0))),
            ((309.9, 9.9), Some((1, 14))),
            ((29.0, 50.0), Some((4, 0))),
            ((310.0, 0.0), None),
            ((9.9, 0.0), None),
            ((20.0, 70.0), None),
            ((20.0, -1.0), None),
            ((20.0, 100.0), None),
        ] {
            assert_eq!(grid.pick(&window, 5, x, y), expected, "{x}, {y}");
        }
    }

    #[test]
    fn more_columns_than_have_room_scroll() {
        let panel = Span { x: 10.0, width: 400.0 };
        assert_eq!(Grid::fit(panel, 50, 20.0, 99.0), Grid::whole(panel, 50, 20.0), "all are in view");
        assert_eq!(Grid::hidden_width(panel, 822), 722.0 * MIN_CELL);
        let at = |scroll_x| Grid::fit(panel, 822, 20.0, scroll_x);
        assert_eq!((at(0.0).cell_width, at(0.0).first, at(0.0).n_columns), (MIN_CELL, 0, 100));
        assert_eq!((at(40.0).first, at(1e9).first), (10, 722), "the last ones end at the right");
        assert_eq!(at(40.0).middle(10), 12.0);
        let window = Window { width: 500.0, height: 100.0, scroll: 0.0, row_height: 20.0 };
        assert_eq!(at(40.0).pick(&window, 822, 11.0, 5.0), Some((0, 10)));
        assert_eq!([5, 10, 109, 110].map(|column| at(40.0).shows(column)), [false, true, true, false]);
        assert_eq!([5, 50, 200].map(|column| at(at(40.0).scroll_to(column)).shows(column)), [true; 3]);
    }
}

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

/// Cells of a matrix: as wide as the room allows, but not wider than high.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Left end of the first column.
    pub x: f32,
    /// Width of a column.
    pub cell_width: f32,
    /// Number of columns.
    pub n_columns: usize,
}

impl Grid {
    /// The grid of `n_columns` in a stretch.
    pub fn fit(panel: Span, n_columns: usize, row_height: f32) -> Self {
        let cell_width = (panel.width / n_columns.max(1) as f32).min(row_height);
        Self { x: panel.x, cell_width, n_columns }
    }

    /// The stretch that the columns take.
    pub fn span(&self) -> Span {
        Span { x: self.x, width: self.cell_width * self.n_columns as f32 }
    }

    /// Middle of a column.
    pub fn middle(&self, column: usize) -> f32 {
        self.x + (column as f32 + 0.5) * self.cell_width
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
        (column < self.n_columns && row < n_rows).then_some((row, column))
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
        let grid = Grid::fit(Span { x: 10.0, width: 300.0 }, 15, 24.0);
        assert_eq!((grid.cell_width, grid.span().end()), (20.0, 310.0));
        let roomy = Grid::fit(Span { x: 10.0, width: 300.0 }, 5, 24.0);
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
}

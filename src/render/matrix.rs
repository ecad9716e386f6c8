//! A pattern as a matrix of cells, painted into pixels: one scan line per row, copied down.
//!
//! Invariant: a cell whose level is 0 stays transparent, so faint and masked cells are not drawn. Rejected: one
//! rectangle per cell on the canvas (128 × 128 cells take longer than a frame).

use super::colour::{Ramp, Rgb};
use super::head_view::HeadView;
use super::layout::Window;
use super::neurons::Diverging;
use super::panels::Grid;

/// Colours of cells.
#[derive(Clone, Copy, Debug)]
pub enum CellColours<'a> {
    /// Colours of weights.
    Weights(&'a Ramp),
    /// Colours of differences.
    Differences(&'a Diverging),
}

impl CellColours<'_> {
    fn at(self, level: f32) -> Rgb {
        match self {
            CellColours::Weights(ramp) => ramp.at(level),
            CellColours::Differences(diverging) => diverging.at(level),
        }
    }
}

/// A picture of cells, reused from one drawing to the next.
#[derive(Debug, Default)]
pub struct MatrixPainter {
    /// RGBA, row by row [height, width, 4].
    pixels: Vec<u8>,
}

impl MatrixPainter {
    /// Paints the rows in the window, the mean of the view's heads, into a picture as wide as the grid and as high as
    /// the window. Returns the pixels with width and height in device pixels.
    pub fn paint(
        &mut self,
        view: &HeadView<'_>,
        window: &Window,
        grid: &Grid,
        colours: CellColours<'_>,
        pixel_ratio: f32,
    ) -> (&[u8], usize, usize) {
        let to_device = |length: f32| (length * pixel_ratio).round().max(0.0) as usize;
        let (width, height) = (to_device(grid.span().width), to_device(window.height));
        self.pixels.clear();
        self.pixels.resize(width * height * 4, 0);
        let edges: Vec<usize> =
            (0..=grid.n_columns).map(|at| to_device(grid.cell_width * at as f32).min(width)).collect();
        for row in window.visible_rows(view.queries.len()) {
            let top = to_device(window.row_top(row)).min(height);
            let end = to_device(window.row_top(row) + window.row_height).min(height);
            let Some(first) = self.pixels.get_mut(top * width * 4..end * width * 4) else { continue };
            let (line, rest) = first.split_at_mut((width * 4).min(first.len()));
            for (edge, level) in edges.windows(2).zip(view.levels(view.queries[row]).skip(grid.first)) {
                if level != 0.0 && line.len() == width * 4 {
                    let [red, green, blue] = colours.at(level);
                    for pixel in line[edge[0] * 4..edge[1] * 4].chunks_exact_mut(4) {
                        pixel.copy_from_slice(&[red, green, blue, 255]);
                    }
                }
            }
            for below in rest.chunks_exact_mut((width * 4).max(1)) {
                below.copy_from_slice(line);
            }
        }
        (&self.pixels, width, height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{PatternView, Scheme, Shade, Span};

    const VALUES: [f32; 18] = [
        1.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.25, 0.25, 0.5, //
        1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0,
    ];

    fn painted(heads: &[usize], window: Window, shade: Shade, pixel_ratio: f32) -> (Vec<u8>, usize, usize) {
        let view = HeadView {
            patterns: PatternView::new(&VALUES, 2, 3, 3).unwrap(),
            heads,
            queries: &[0, 1, 2],
            keys: &[0, 1, 2],
            marked_queries: &[],
            marked_keys: &[],
            shade,
            contrast: None,
        };
        let grid = Grid::whole(Span { x: 7.0, width: 12.0 }, 3, window.row_height);
        let mut painter = MatrixPainter::default();
        let (pixels, width, height) = painter.paint(&view, &window, &grid, CellColours::Weights(&ramp()), pixel_ratio);
        (pixels.to_vec(), width, height)
    }

    fn ramp() -> Ramp {
        Ramp::new(0.7, Scheme::Light)
    }

    fn colour(pixels: &[u8], width: usize, x: usize, y: usize) -> Option<[u8; 3]> {
        let pixel = &pixels[(y * width + x) * 4..][..4];
        (pixel[3] == 255).then(|| [pixel[0], pixel[1], pixel[2]])
    }

    const WINDOW: Window = Window { width: 20.0, height: 12.0, scroll: 0.0, row_height: 4.0 };

    #[test]
    fn each_cell_has_its_colour_and_faint_ones_none() {
        let (pixels, width, height) = painted(&[0], WINDOW, Shade::default(), 1.0);
        assert_eq!((width, height), (12, 12));
        let cell = |row: usize, column: usize| colour(&pixels, width, column * 4 + 3, row * 4 + 3);
        assert_eq!([cell(0, 0), cell(0, 1), cell(0, 2)], [Some(ramp().at(1.0)), None, None]);
        assert_eq!([cell(2, 0), cell(2, 2)], [Some(ramp().at(0.25)), Some(ramp().at(0.5))]);
    }

    #[test]
    fn several_heads_are_their_mean_and_rows_can_have_their_own_scale() {
        let (pixels, width, _) = painted(&[0, 1], WINDOW, Shade::default(), 1.0);
        assert_eq!(colour(&pixels, width, 1, 5), Some(ramp().at(0.25)));
        assert_eq!(colour(&pixels, width, 5, 5), Some(ramp().at(0.75)));
        let per_row = Shade { is_per_row: true, ..Shade::default() };
        let (pixels, width, _) = painted(&[0], WINDOW, per_row, 1.0);
        assert_eq!(
            [colour(&pixels, width, 1, 9), colour(&pixels, width, 9, 9)],
            [Some(ramp().at(0.5)), Some(ramp().at(1.0))]
        );
    }

    #[test]
    fn scrolled_and_on_fine_screens() {
        let window = Window { scroll: 6.0, ..WINDOW };
        let (pixels, width, height) = painted(&[0], window, Shade::default(), 2.0);
        assert_eq!((width, height), (24, 24));
        // The lower half of row 1, then row 2, then nothing.
        assert_eq!(colour(&pixels, width, 1, 3), Some(ramp().at(0.5)));
        assert_eq!(colour(&pixels, width, 1, 4), Some(ramp().at(0.25)));
        assert_eq!(colour(&pixels, width, 1, 12), None);
        assert_eq!(painted(&[0], Window { height: 0.0, ..WINDOW }, Shade::default(), 1.0).0.len(), 0);
    }

    #[test]
    fn differences_have_the_colours_of_their_signs() {
        let values = [0.1, -0.2, 0.0, 0.0];
        let diverging = Diverging::new(Scheme::Light);
        let view = HeadView {
            patterns: PatternView::new(&values, 1, 2, 2).unwrap(),
            heads: &[0],
            queries: &[0, 1],
            keys: &[0, 1],
            marked_queries: &[],
            marked_keys: &[],
            shade: Shade::default(),
            contrast: Some(crate::render::Contrast::new(0.2, Scheme::Light)),
        };
        let grid = Grid::whole(Span { x: 0.0, width: 8.0 }, 2, 4.0);
        let mut painter = MatrixPainter::default();
        let (pixels, width, _) = painter.paint(&view, &WINDOW, &grid, CellColours::Differences(&diverging), 1.0);
        let cell = |row: usize, column: usize| colour(pixels, width, column * 4 + 1, row * 4 + 1);
        assert_eq!([cell(0, 0), cell(0, 1), cell(1, 0)], [Some(diverging.at(0.5)), Some(diverging.at(-1.0)), None]);
    }

    #[test]
    fn a_scrolled_matrix_begins_with_its_first_column_in_view() {
        let view = HeadView {
            patterns: PatternView::new(&VALUES, 2, 3, 3).unwrap(),
            heads: &[0],
            queries: &[0, 1, 2],
            keys: &[0, 1, 2],
            marked_queries: &[],
            marked_keys: &[],
            shade: Shade::default(),
            contrast: None,
        };
        let grid = Grid::fit(Span { x: 0.0, width: 8.0 }, 3, 4.0, 4.0);
        let mut painter = MatrixPainter::default();
        let (pixels, width, _) = painter.paint(&view, &WINDOW, &grid, CellColours::Weights(&ramp()), 1.0);
        let cell = |row: usize, column: usize| colour(pixels, width, column * 4 + 1, row * 4 + 1);
        assert_eq!((width, [cell(0, 0), cell(1, 0)]), (8, [None, Some(ramp().at(0.5))]));
        assert_eq!(cell(2, 1), Some(ramp().at(0.5)), "the last key");
    }
}

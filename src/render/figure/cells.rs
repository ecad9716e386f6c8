//! Draws cells as few paths: cells of one colour together, and neighbours in a row as one rectangle.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::svg::{Svg, number};
use crate::render::colour::Rgb;

/// Draws rows of cells at a point; a cell without a colour is left out.
pub fn cells(
    svg: &mut Svg,
    (x, y): (f32, f32),
    (cell_width, cell_height): (f32, f32),
    (n_rows, n_columns): (usize, usize),
    row_step: f32,
    colour: impl Fn(usize, usize) -> Option<Rgb>,
) {
    let mut paths = BTreeMap::<Rgb, String>::new();
    for row in 0..n_rows {
        let top = y + row as f32 * row_step;
        let mut column = 0;
        while column < n_columns {
            let Some(fill) = colour(row, column) else {
                column += 1;
                continue;
            };
            let first = column;
            while column < n_columns && colour(row, column) == Some(fill) {
                column += 1;
            }
            let (left, width) = (x + first as f32 * cell_width, (column - first) as f32 * cell_width);
            let path = paths.entry(fill).or_default();
            let (left, top, width) = (number(left), number(top), number(width));
            let _ = write!(path, "M{left} {top}h{width}v{}h-{width}z", number(cell_height));
        }
    }
    for (fill, data) in paths {
        svg.path(&data, "fill", fill, 1.0);
    }
}

/// The largest, or the mean, of each block of `n × n` cells.
pub fn pooled(cells: &[f32], (n_rows, n_columns): (usize, usize), n: usize, is_max: bool) -> (Vec<f32>, usize, usize) {
    let (rows, columns) = (n_rows.div_ceil(n), n_columns.div_ceil(n));
    let block = |row: usize, column: usize| {
        let inside = (row * n..((row + 1) * n).min(n_rows))
            .flat_map(|row| (column * n..((column + 1) * n).min(n_columns)).map(move |column| (row, column)));
        let values: Vec<f32> =
            inside.filter_map(|(row, column)| cells.get(row * n_columns + column).copied()).collect();
        if is_max {
            values.iter().copied().fold(0.0, f32::max)
        } else {
            values.iter().sum::<f32>() / values.len().max(1) as f32
        }
    };
    let pooled = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    (pooled.map(|(row, column)| block(row, column)).collect(), rows, columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_rectangle() {
        let mut svg = Svg::default();
        let (red, blue) = ([255, 0, 0], [0, 0, 255]);
        let rows = [[Some(red), Some(red), None], [Some(blue), Some(red), Some(red)]];
        cells(&mut svg, (10.0, 20.0), (2.0, 3.0), (2, 3), 4.0, |row, column| rows[row][column]);
        let expected = "<path d=\"M10 24h2v3h-2z\" fill=\"#0000ff\"/>\n<path d=\"M10 20h4v3h-4zM12 24h4v3h-4z\" fill=\"#ff0000\"/>\n";
        assert_eq!(svg.finish(), expected);
    }

    #[test]
    fn pooling() {
        let cells = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
        assert_eq!(pooled(&cells, (3, 3), 2, true), (vec![0.5, 0.6, 0.8, 0.9], 2, 2));
        let (mean, _, _) = pooled(&cells, (3, 3), 2, false);
        assert!((mean[0] - 0.3).abs() < 1e-6 && (mean[3] - 0.9).abs() < 1e-6, "{mean:?}");
    }
}

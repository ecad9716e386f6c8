//! Reduces a pattern to a grid of cells, each the mean or the largest of the weights in its area.
//!
//! Rows arrive in order, a few at a time, so the whole pattern is never in memory. A reduced pattern also holds what a
//! thumbnail cannot show: the spread of the rows and the strongest link.

use std::ops::Range;
use std::sync::Arc;

/// The value of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellValue {
    /// Mean of the weights in the cell's area.
    Mean,
    /// Largest weight in the cell's area, so that a thin diagonal stays visible.
    Max,
}

/// One weight with its query and key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strongest {
    /// Position of the query.
    pub query: usize,
    /// Position of the key.
    pub key: usize,
    /// Weight, from 0 to 1.
    pub weight: f32,
}

/// The reduced pattern of one head.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduced {
    /// Values of the cells, [n_rows, n_columns] of [`grid`].
    pub cells: Vec<f32>,
    /// Mean over the queries of −Σ A ln A ÷ ln of the number of allowed keys (docs/methods.md, "Thumbnails"), over
    /// whole rows; `None` where no query sees more than one key, or f32 does not hold it.
    pub entropy: Option<f32>,
    /// The largest weight between the chosen queries and keys.
    pub strongest: Option<Strongest>,
}

/// Rows and columns of a reduced pattern: at most `max_cells`, and at most one for each query or key.
pub fn grid(n_queries: usize, n_keys: usize, max_cells: usize) -> (usize, usize) {
    (n_queries.min(max_cells), n_keys.min(max_cells))
}

/// The items, of `n`, that fall into cell `cell` of `n_cells`.
pub fn items_of(cell: usize, n_cells: usize, n: usize) -> Range<usize> {
    cell * n / n_cells..(cell + 1) * n / n_cells
}

/// Reduces a pattern row by row.
#[derive(Clone, Debug)]
pub struct Reducer {
    queries: Arc<[usize]>,
    keys: Arc<[usize]>,
    value: CellValue,
    n_rows: usize,
    n_columns: usize,
    /// In f64, whose sums of f32 are always finite.
    cells: Vec<f64>,
    strongest: Option<Strongest>,
    /// Sum of the rows' entropies, and the number of rows that have one.
    entropy: (f64, usize),
    /// Number of queries whose rows have arrived.
    n_done: usize,
}

impl Reducer {
    /// Starts a grid of at most `max_cells` each way over the weights between the given queries and keys, both ascending.
    pub fn new(queries: Arc<[usize]>, keys: Arc<[usize]>, max_cells: usize, value: CellValue) -> Self {
        let (n_rows, n_columns) = grid(queries.len(), keys.len(), max_cells.max(1));
        let cells = vec![0.0; n_rows * n_columns];
        Self { queries, keys, value, n_rows, n_columns, cells, strongest: None, entropy: (0.0, 0), n_done: 0 }
    }

    /// Adds the whole row [key_pos] of the next query, of whose keys the mask allows `n_allowed`.
    pub fn row(&mut self, row: &[f32], n_allowed: usize) {
        let Some(&query) = self.queries.get(self.n_done) else { return };
        if n_allowed > 1 {
            let nats: f64 = row.iter().map(|&weight| f64::from(weight)).filter(|weight| *weight > 0.0).map(nats).sum();
            self.entropy.0 += nats / (n_allowed as f64).ln();
            self.entropy.1 += 1;
        }
        let cell_row = cell_of(self.n_done, self.n_rows, self.queries.len());
        let n_in_row = items_of(cell_row, self.n_rows, self.queries.len()).len();
        self.n_done += 1;
        let cells = &mut self.cells[cell_row * self.n_columns..][..self.n_columns];
        for (column, cell) in cells.iter_mut().enumerate() {
            let items = items_of(column, self.n_columns, self.keys.len());
            let share = 1.0 / (items.len() * n_in_row) as f64;
            for &key in &self.keys[items] {
                let weight = row.get(key).copied().unwrap_or(0.0);
                match self.value {
                    CellValue::Mean => *cell += f64::from(weight) * share,
                    CellValue::Max => *cell = cell.max(f64::from(weight)),
                }
                if self.strongest.is_none_or(|strongest| weight > strongest.weight) {
                    self.strongest = Some(Strongest { query, key, weight });
                }
            }
        }
    }

    /// The reduced pattern, once every row has arrived.
    pub fn finish(self) -> Reduced {
        let (sum, n_rows) = self.entropy;
        let entropy = (n_rows > 0).then(|| (sum / n_rows as f64) as f32);
        Reduced {
            cells: self.cells.into_iter().map(|cell| cell as f32).collect(),
            // Edits may make weights of which f32 does not hold the entropy.
            entropy: entropy.filter(|entropy| entropy.is_finite()),
            strongest: self.strongest,
        }
    }
}

fn nats(weight: f64) -> f64 {
    -weight * weight.ln()
}

/// The cell that an item falls into: the inverse of [`items_of`].
pub fn cell_of(item: usize, n_cells: usize, n: usize) -> usize {
    ((item + 1) * n_cells).saturating_sub(1).checked_div(n).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduced(pattern: &[[f32; 4]], queries: &[usize], keys: &[usize], max_cells: usize, value: CellValue) -> Reduced {
        let mut reducer = Reducer::new(queries.into(), keys.into(), max_cells, value);
        queries.iter().for_each(|&query| reducer.row(&pattern[query], 4));
        reducer.finish()
    }

    const PATTERN: [[f32; 4]; 4] =
        [[1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0], [0.0, 0.25, 0.75, 0.0], [0.25, 0.25, 0.25, 0.25]];

    #[test]
    fn small_patterns_are_kept_as_they_are() {
        let all = [0, 1, 2, 3];
        for value in [CellValue::Mean, CellValue::Max] {
            assert_eq!(reduced(&PATTERN, &all, &all, 64, value).cells, PATTERN.concat());
        }
        let part = reduced(&PATTERN, &[1, 3], &[0, 2, 3], 64, CellValue::Max);
        assert_eq!(part.cells, [0.5, 0.0, 0.0, 0.25, 0.25, 0.25]);
        assert_eq!(part.strongest, Some(Strongest { query: 1, key: 0, weight: 0.5 }));
    }

    #[test]
    fn a_cell_is_the_mean_or_the_largest_of_its_area() {
        let all = [0, 1, 2, 3];
        assert_eq!(reduced(&PATTERN, &all, &all, 2, CellValue::Mean).cells, [0.5, 0.0, 0.1875, 0.3125]);
        assert_eq!(reduced(&PATTERN, &all, &all, 2, CellValue::Max).cells, [1.0, 0.0, 0.25, 0.75]);
    }

    #[test]
    fn entropy_is_of_whole_rows() {
        let all = [0, 1, 2, 3];
        let entropy = |queries: &[usize], keys: &[usize]| {
            reduced(&PATTERN, queries, keys, 64, CellValue::Max).entropy.unwrap_or(f32::NAN)
        };
        assert!((entropy(&[3], &all) - 1.0).abs() < 1e-6);
        assert!((entropy(&[3], &[0]) - 1.0).abs() < 1e-6);
        assert_eq!(entropy(&[0], &all), 0.0);
        assert!((entropy(&[0, 1], &all) - 0.25).abs() < 1e-6, "(0 + ln 2 / ln 4) / 2");
        let mut alone = Reducer::new([0].into(), [0].into(), 8, CellValue::Max);
        alone.row(&[1.0], 1);
        assert_eq!(alone.finish().entropy, None);
    }

    #[test]
    fn cells_part_the_items() {
        for n in 1..40 {
            for n_cells in 1..=n {
                let parts: Vec<usize> = (0..n_cells).flat_map(|cell| items_of(cell, n_cells, n)).collect();
                assert_eq!(parts, (0..n).collect::<Vec<_>>(), "{n} in {n_cells}");
                for item in 0..n {
                    assert!(
                        items_of(cell_of(item, n_cells, n), n_cells, n).contains(&item),
                        "{item} of {n} in {n_cells}"
                    );
                }
            }
        }
    }

    #[test]
    fn weights_of_any_size_make_finite_cells() {
        for value in [CellValue::Mean, CellValue::Max] {
            let rows = [[f32::MAX; 4], [f32::MAX; 4], [f32::MAX; 4], [f32::MIN; 4]];
            let all = reduced(&rows, &[0, 1, 2, 3], &[0, 1, 2], 1, value);
            assert!(all.cells[0].is_finite(), "{value:?}: {all:?}");
            assert_eq!(reduced(&rows, &[0, 1, 2], &[0, 1, 2], 1, value).cells, [f32::MAX]);
            assert_eq!((all.entropy, all.strongest.map(|link| link.weight)), (None, Some(f32::MAX)));
        }
    }

    #[test]
    fn nothing_to_reduce() {
        let none = Reducer::new([].into(), [1].into(), 8, CellValue::Mean).finish();
        assert_eq!((none.cells.len(), none.entropy, none.strongest), (0, None, None));
    }
}

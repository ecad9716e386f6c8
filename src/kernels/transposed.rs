//! y = x · W over a matrix that is packed for x · Wᵀ: the reverse of a product (`matmul`).
//!
//! The inner kernel wants, for eight columns of y, their weights of one output after another. A packed panel holds squares of eight
//! inputs by eight outputs, so each square is turned over on its way into a panel that stays in cache. Rejected: a second copy of
//! every matrix, which would double the memory of a model.

use std::ops::Range;

use super::matmul::{Columns, PANEL, PackedRows, Panels, ROWS, SomeRows};
use super::simd::{F32x4, transposed};
use super::threads;

impl Panels {
    /// Writes x · W into `y` [n_rows, n_in], for x [n_rows, _] over the first outputs of W.
    pub fn matmul_transposed(&self, x: &PackedRows, y: &mut [f32]) {
        let n_in = self.n_in();
        threads::share(y, ROWS * n_in, 2 * x.n_rows() * n_in * x.n_in(), |first, y| {
            let rows = x.panels(first, y.len().div_ceil((ROWS * n_in).max(1)));
            let mut panel = Vec::new();
            for outputs in rows.parts(PANEL) {
                panel.resize(outputs.len().next_multiple_of(PANEL) * PANEL, 0.0);
                for first_in in (0..n_in).step_by(PANEL) {
                    let width = PANEL.min(n_in - first_in);
                    self.turn(&outputs, first_in, width, &mut panel);
                    let place = Columns { y_width: n_in, first_out: first_in, width };
                    rows.times_panel(outputs.clone(), &panel, y, place);
                }
            }
        });
    }

    /// Writes the weights of `width` inputs from `first_in` on as a panel [outputs.len(), 8]; the first output is a multiple of 8.
    fn turn(&self, outputs: &Range<usize>, first_in: usize, width: usize, panel: &mut [f32]) {
        let stride = PANEL * self.n_in();
        let squares = self.data[outputs.start / PANEL * stride..].chunks_exact(stride.max(1));
        for (square, turned) in squares.zip(panel.chunks_exact_mut(PANEL * PANEL)) {
            let square = &square[first_in * PANEL..][..width * PANEL];
            match <&[f32; PANEL * PANEL]>::try_from(square) {
                Ok(square) => turn_square(square, turned),
                Err(_) => {
                    for (input, eight) in square.chunks_exact(PANEL).enumerate() {
                        for (output, value) in eight.iter().enumerate() {
                            turned[output * PANEL + input] = *value;
                        }
                    }
                }
            }
        }
    }
}

/// Writes a square of eight by eight numbers, turned over.
#[inline(always)]
fn turn_square(square: &[f32; PANEL * PANEL], turned: &mut [f32]) {
    let (fours, _) = square.as_chunks::<4>();
    let (to, _) = turned.as_chunks_mut::<4>();
    for inputs in 0..2 {
        for outputs in 0..2 {
            let row = |input: usize| F32x4::load(&fours[2 * (4 * inputs + input) + outputs]);
            for (output, four) in transposed([row(0), row(1), row(2), row(3)]).into_iter().enumerate() {
                four.store(&mut to[2 * (4 * outputs + output) + inputs]);
            }
        }
    }
}

impl PackedRows {
    /// Packs the transpose of columns `columns` of `x` [n_in, width]: row r is column `columns.start + r`.
    pub fn pack_transposed(x: &[f32], width: usize, columns: Range<usize>) -> Self {
        let n_in = x.len().checked_div(width).unwrap_or(0);
        let mut data = Vec::with_capacity(n_in * columns.len());
        for first in columns.clone().step_by(ROWS) {
            let part = first..(first + ROWS).min(columns.end);
            x.chunks_exact(width.max(1)).for_each(|row| data.extend_from_slice(&row[part.clone()]));
        }
        Self { n_rows: columns.len(), n_in, data }
    }

    /// Multiplies columns `outputs` with those rows of W, `rows` [outputs.len(), n_in], into `y` [n_rows, n_in]: written for the
    /// first outputs, added for later ones.
    pub fn times_rows(&self, outputs: Range<usize>, rows: &[f32], y: &mut [f32]) {
        let n_in = y.len().checked_div(self.n_rows).unwrap_or(0);
        let place = Columns { y_width: n_in, first_out: 0, width: n_in };
        self.all().times_rows(outputs, rows, &mut Vec::new(), y, place);
    }
}

impl SomeRows<'_> {
    /// The same for some rows of x and `place.width` inputs of W, with room for a panel.
    pub(super) fn times_rows(
        &self,
        outputs: Range<usize>,
        rows: &[f32],
        panel: &mut Vec<f32>,
        y: &mut [f32],
        place: Columns,
    ) {
        panel.resize(outputs.len() * PANEL, 0.0);
        for first_in in (0..place.width).step_by(PANEL) {
            let width = PANEL.min(place.width - first_in);
            for (row, eight) in rows.chunks_exact(place.width).zip(panel.chunks_exact_mut(PANEL)) {
                eight[..width].copy_from_slice(&row[first_in..first_in + width]);
            }
            let place = Columns { first_out: place.first_out + first_in, width, ..place };
            self.times_panel(outputs.clone(), panel, y, place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(len: usize, seed: u32) -> Vec<f32> {
        (0..len as u32).map(|i| ((i.wrapping_mul(2_654_435_761) ^ seed) >> 8) as f32 / (1 << 23) as f32 - 1.0).collect()
    }

    proptest! {
        #[test]
        fn agrees_with_sums(n_rows in 1usize..20, n_in in 1usize..40, n_out in 1usize..900, seed in any::<u32>()) {
            let (x, w) = (values(n_rows * n_out, seed), values(n_out * n_in, !seed));
            let (panels, packed) = (Panels::pack(&w, n_in), PackedRows::pack(&x, n_out, 0..n_out));
            let mut y = vec![f32::NAN; n_rows * n_in];
            panels.matmul_transposed(&packed, &mut y);
            let mut by_rows = vec![f32::NAN; n_rows * n_in];
            let cut = n_out / 2;
            if cut > 0 {
                packed.times_rows(0..cut, &w[..cut * n_in], &mut by_rows);
            }
            packed.times_rows(cut..n_out, &w[cut * n_in..], &mut by_rows);
            for (i, &sum) in y.iter().enumerate() {
                let (row, input) = (i / n_in, i % n_in);
                let term = |out: usize| f64::from(x[row * n_out + out]) * f64::from(w[out * n_in + input]);
                let exact: f64 = (0..n_out).map(term).sum();
                // What rounding of each step may add up to.
                let allowed = 1e-6 + 2e-6 * (0..n_out).map(|out| term(out).abs()).sum::<f64>();
                prop_assert!((f64::from(sum) - exact).abs() < allowed, "{} {}", sum, exact);
                prop_assert!((f64::from(by_rows[i]) - exact).abs() < allowed);
            }
        }

        #[test]
        fn transposed_rows_are_the_rows_of_the_transpose(n_in in 1usize..20, width in 1usize..30, seed in any::<u32>()) {
            let x = values(n_in * width, seed);
            let columns = width / 3..width;
            let turned: Vec<f32> = columns.clone().flat_map(|c| (0..n_in).map(move |i| (i, c))).map(|(i, c)| x[i * width + c]).collect();
            let (one, two) = (PackedRows::pack_transposed(&x, width, columns), PackedRows::pack(&turned, n_in, 0..n_in));
            prop_assert_eq!(one.data, two.data);
            prop_assert_eq!(one.n_rows, two.n_rows);
        }
    }
}

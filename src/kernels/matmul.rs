//! y = x · Wᵀ over packed panels.
//!
//! W [n_out, n_in] is held in panels of [`PANEL`] rows, input-major: panel p holds, for each input i, the weights of
//! outputs 8p … 8p+7. x is packed into panels of up to [`ROWS`] rows the same way. The inner kernel (`micro`) keeps a
//! [`ROWS`] × 8 block of sums in registers and reads both panels in order, so it never strides. Rejected: dot products along rows
//! (bound by loads).

use std::ops::Range;

use super::micro::{Kernel, Target};
use super::simd::{F32x4, transposed};
use super::threads;

/// Outputs per weight panel.
pub const PANEL: usize = 8;
/// Rows of x per input panel. Of the sixteen registers that Chromium has for 128 bits it keeps one: 4 × 8 sums with their operands fit
/// and run at the speed of the arithmetic, 5 × 8 and 6 × 8 spill and run at half of it. Natively there are registers of 256
/// bits, half as many for as many sums, and more sums under way hide more of their latency.
pub const ROWS: usize = if cfg!(target_arch = "wasm32") { 4 } else { 6 };
/// Cost of packing one number, in operations (memory-bound).
const PACK_WORK: usize = 24;
/// Inputs that are summed before the next panel: a part of a weight panel, 24 kB, stays in the first cache while all rows pass.
const DEPTH: usize = 768;

/// A matrix [n_out, n_in] in panels; rows past `n_out` are zero.
#[derive(Clone, Debug)]
pub struct Panels {
    n_out: usize,
    n_in: usize,
    pub(super) data: Vec<f32>,
}

impl Panels {
    /// A matrix of zeros, to be filled.
    pub fn zeros(n_out: usize, n_in: usize) -> Self {
        Self { n_out, n_in, data: vec![0.0; n_out.div_ceil(PANEL) * PANEL * n_in] }
    }

    /// Packs `rows` [n_out, n_in].
    pub fn pack(rows: &[f32], n_in: usize) -> Self {
        let n_out = rows.len().checked_div(n_in).unwrap_or(0);
        let mut panels = Self::zeros(n_out, n_in);
        panels.set_rows(0, rows);
        panels
    }

    /// Packs the transpose of columns `columns` of `matrix` [n_in, width]: output o reads column `columns.start + o`.
    pub fn pack_columns(matrix: &[f32], width: usize, columns: Range<usize>) -> Self {
        let n_in = matrix.len().checked_div(width).unwrap_or(0);
        let mut panels = Self::zeros(columns.len(), n_in);
        for (input, row) in matrix.chunks_exact(width.max(1)).enumerate() {
            panels.set_column(input, &row[columns.clone()]);
        }
        panels
    }

    /// Sets rows `first ..` from `rows` [_, n_in].
    pub fn set_rows(&mut self, first: usize, rows: &[f32]) {
        let n_in = self.n_in;
        let mut out = first;
        for rows in rows.chunks((PANEL * n_in).max(1)) {
            let height = rows.len() / n_in.max(1);
            let panel = &mut self.data[out / PANEL * PANEL * n_in..];
            if out.is_multiple_of(PANEL) && height == PANEL {
                interleave_eight(rows, n_in, 0..n_in, &mut panel[..PANEL * n_in]);
                out += PANEL;
                continue;
            }
            for row in rows.chunks_exact(n_in) {
                let panel = &mut self.data[out / PANEL * PANEL * n_in..][..PANEL * n_in];
                for (eight, &value) in panel.chunks_exact_mut(PANEL).zip(row) {
                    eight[out % PANEL] = value;
                }
                out += 1;
            }
        }
    }

    /// Writes one input's column of W, for outputs from `first` on.
    pub fn set_column_from(&mut self, first: usize, input: usize, column: &[f32]) {
        for (out, &value) in (first..).zip(column) {
            self.data[out / PANEL * PANEL * self.n_in + input * PANEL + out % PANEL] = value;
        }
    }

    /// Writes one input's column of W.
    pub fn set_column(&mut self, input: usize, column: &[f32]) {
        for (eight, panel) in column.chunks(PANEL).zip(self.data.chunks_exact_mut(PANEL * self.n_in)) {
            panel[input * PANEL..][..eight.len()].copy_from_slice(eight);
        }
    }

    /// Copies row `index` into `row` [n_in].
    pub fn copy_row(&self, index: usize, row: &mut [f32]) {
        let panel = &self.data[index / PANEL * PANEL * self.n_in..][..PANEL * self.n_in];
        for (value, eight) in row.iter_mut().zip(panel.chunks_exact(PANEL)) {
            *value = eight[index % PANEL];
        }
    }

    /// Number of outputs.
    pub fn n_out(&self) -> usize {
        self.n_out
    }

    /// Number of inputs.
    pub fn n_in(&self) -> usize {
        self.n_in
    }

    /// Bytes held.
    pub fn byte_len(&self) -> usize {
        size_of_val(self.data.as_slice())
    }

    /// Writes x · Wᵀ into columns `first_out ..` of `y` [n_rows, y_width], over inputs `inputs` of W only (x has
    /// `inputs.len()` columns) and for the first outputs that fit into `y_width`.
    pub fn matmul(&self, x: &PackedRows, inputs: Range<usize>, y: &mut [f32], y_width: usize, first_out: usize) {
        debug_assert_eq!(x.n_in, inputs.len());
        let n_out = self.n_out.min(y_width - first_out);
        let work = 2 * x.n_rows * n_out * inputs.len();
        if x.n_rows == 1 && first_out == 0 {
            // Threads share one row by its outputs.
            return threads::share(&mut y[..n_out], PANEL, work, |first_panel, y| {
                let width = y.len();
                self.matmul_panels(
                    x.all(),
                    inputs.clone(),
                    first_panel,
                    y,
                    Columns { y_width: width, first_out: 0, width },
                );
            });
        }
        threads::share(y, ROWS * y_width, work, |first, y| {
            let rows = x.panels(first, y.len().div_ceil(ROWS * y_width));
            self.matmul_panels(rows, inputs.clone(), 0, y, Columns { y_width, first_out, width: n_out });
        });
    }

    /// Writes x · Wᵀ for outputs `outputs` alone, of which the first is a multiple of [`PANEL`], into `y` [n_rows, outputs.len()].
    pub fn matmul_outputs(&self, x: &PackedRows, outputs: Range<usize>, y: &mut [f32]) {
        let (width, first_panel) = (outputs.len(), outputs.start / PANEL);
        threads::share(y, ROWS * width, 2 * x.n_rows * width * self.n_in, |first, y| {
            let rows = x.panels(first, y.len().div_ceil(ROWS * width));
            self.matmul_panels(rows, 0..self.n_in, first_panel, y, Columns { y_width: width, first_out: 0, width });
        });
    }

    /// The outputs of weight panels `first_panel ..` for some rows, into `to.width` columns of `y`.
    fn matmul_panels(&self, x: SomeRows<'_>, inputs: Range<usize>, first_panel: usize, y: &mut [f32], to: Columns) {
        for part in x.parts(4) {
            let span = (inputs.start + part.start) * PANEL..(inputs.start + part.end) * PANEL;
            let panels = self.data.chunks_exact((PANEL * self.n_in).max(1)).skip(first_panel);
            for (index, panel) in panels.take(to.width.div_ceil(PANEL)).enumerate() {
                let out = index * PANEL;
                let place = Columns { first_out: to.first_out + out, width: PANEL.min(to.width - out), ..to };
                x.times_panel(part.clone(), &panel[span.clone()], y, place);
            }
        }
    }
}

/// Rows of x, packed for [`Panels::matmul`].
#[derive(Clone, Debug)]
pub struct PackedRows {
    pub(super) n_rows: usize,
    pub(super) n_in: usize,
    pub(super) data: Vec<f32>,
}

impl PackedRows {
    /// Packs columns `columns` of `x` [n_rows, width].
    pub fn pack(x: &[f32], width: usize, columns: Range<usize>) -> Self {
        let n_rows = x.len().checked_div(width).unwrap_or(0);
        let n_in = columns.len();
        let mut data = vec![0.0; n_rows * n_in];
        threads::share(&mut data, ROWS * n_in, n_rows * n_in * PACK_WORK, |first, data| {
            let rows = x.chunks((ROWS * width).max(1)).skip(first);
            for (panel, rows) in data.chunks_mut((ROWS * n_in).max(1)).zip(rows) {
                pack_panel(rows, width, &columns, panel);
            }
        });
        Self { n_rows, n_in, data }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of columns.
    pub fn n_in(&self) -> usize {
        self.n_in
    }

    /// The row, where there is only one; packing leaves a single row as it is.
    pub fn only_row(&self) -> Option<&[f32]> {
        (self.n_rows == 1).then_some(self.data.as_slice())
    }

    /// Every packed row.
    pub(super) fn all(&self) -> SomeRows<'_> {
        SomeRows { n_in: self.n_in, data: &self.data }
    }

    /// `n` panels of rows from panel `first` on, fewer at the end.
    pub(super) fn panels(&self, first: usize, n: usize) -> SomeRows<'_> {
        let panel = ROWS * self.n_in;
        let end = ((first + n) * panel).min(self.data.len());
        SomeRows { n_in: self.n_in, data: &self.data[(first * panel).min(end)..end] }
    }
}

/// A part of the packed rows, in whole panels.
#[derive(Clone, Copy)]
pub(super) struct SomeRows<'a> {
    n_in: usize,
    data: &'a [f32],
}

impl SomeRows<'_> {
    /// Multiplies columns `columns` of every row with one weight panel [columns.len(), 8], into `width` columns of `y` from
    /// `first_out` on: written for the first columns of x, added for later ones.
    pub(super) fn times_panel(&self, columns: Range<usize>, panel: &[f32], y: &mut [f32], place: Columns) {
        let kernel = Kernel::best();
        let Columns { y_width, first_out, width } = place;
        for (index, rows) in self.data.chunks((ROWS * self.n_in).max(1)).enumerate() {
            let height = rows.len() / self.n_in.max(1);
            let rows = &rows[columns.start * height..columns.end * height];
            let y = &mut y[index * ROWS * y_width + first_out..];
            kernel.run(height, rows, panel, Target { y, y_width, width, adds: columns.start > 0 });
        }
    }

    /// The columns in parts of about equal length, a multiple of `unit`, that fit into cache together with a weight panel.
    pub(super) fn parts(&self, unit: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let n_in = self.n_in;
        let len = n_in.div_ceil(n_in.div_ceil(DEPTH).max(1)).next_multiple_of(unit);
        (0..n_in).step_by(len.max(1)).map(move |start| start..(start + len).min(n_in))
    }
}

/// Writes columns `columns` of eight rows [8, width] as a weight panel [columns.len(), 8].
pub(super) fn interleave_eight(rows: &[f32], width: usize, columns: Range<usize>, panel: &mut [f32]) {
    let (n_in, n_fours) = (columns.len(), columns.len() / 4);
    let row = |index: usize| rows[index * width + columns.start..][..n_in].as_chunks::<4>().0;
    let (low, high) = ([row(0), row(1), row(2), row(3)], [row(4), row(5), row(6), row(7)]);
    let (steps, rest) = panel[..n_in * PANEL].split_at_mut(n_fours * 4 * PANEL);
    let (steps, _) = steps.as_chunks_mut::<4>().0.as_chunks_mut::<8>();
    for (index, steps) in steps.iter_mut().enumerate() {
        for (half, rows) in [low, high].into_iter().enumerate() {
            for (step, four) in transposed(rows.map(|row| F32x4::load(&row[index]))).into_iter().enumerate() {
                four.store(&mut steps[2 * step + half]);
            }
        }
    }
    for (step, index) in rest.chunks_exact_mut(PANEL).zip(n_fours * 4..) {
        for (lane, slot) in step.iter_mut().enumerate() {
            *slot = rows[lane * width + columns.start + index];
        }
    }
}

/// Writes columns `columns` of up to [`ROWS`] rows [_, width] as an input panel.
fn pack_panel(rows: &[f32], width: usize, columns: &Range<usize>, panel: &mut [f32]) {
    match rows.chunks_exact(width).map(|row| &row[columns.clone()]).collect::<Vec<_>>().as_slice() {
        [only] => panel.copy_from_slice(only),
        rows if rows.len() == ROWS => interleave::<ROWS>(rows, panel),
        rows => {
            for (lane, row) in rows.iter().enumerate() {
                let lanes = panel.iter_mut().skip(lane).step_by(rows.len());
                lanes.zip(*row).for_each(|(slot, &value)| *slot = value);
            }
        }
    }
}

/// Writes N rows interleaved.
fn interleave<const N: usize>(rows: &[&[f32]], panel: &mut [f32]) {
    let Ok(rows) = <[&[f32]; N]>::try_from(rows) else { return };
    let (steps, _) = panel.as_chunks_mut::<N>();
    let rows = rows.map(|row| &row[..steps.len()]);
    for (index, step) in steps.iter_mut().enumerate() {
        for (slot, row) in step.iter_mut().zip(rows) {
            *slot = row[index];
        }
    }
}

/// Destination of sums: `width` columns from `first_out` on, in a matrix of `y_width` columns.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    pub y_width: usize,
    pub first_out: usize,
    pub width: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(len: usize, seed: u32) -> Vec<f32> {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..len).map(next).collect()
    }

    proptest! {
        #[test]
        fn agrees_with_dot_products(n_rows in 1usize..20, n_in in 1usize..40, n_out in 1usize..30, seed in any::<u32>()) {
            let (x, w) = (values(n_rows * n_in, seed), values(n_out * n_in, seed ^ 7));
            let packed = PackedRows::pack(&x, n_in, 0..n_in);
            let panels = Panels::pack(&w, n_in);
            let transposed: Vec<f32> = (0..n_in).flat_map(|i| (0..n_out).map(move |o| (o, i))).map(|(o, i)| w[o * n_in + i]).collect();
            let from_columns = Panels::pack_columns(&transposed, n_out, 0..n_out);
            let mut y = vec![f32::NAN; n_rows * n_out];
            let mut y2 = y.clone();
            panels.matmul(&packed, 0..n_in, &mut y, n_out, 0);
            from_columns.matmul(&packed, 0..n_in, &mut y2, n_out, 0);
            prop_assert_eq!(&y, &y2);
            for row in 0..n_rows {
                for out in 0..n_out {
                    let exact: f64 = (0..n_in).map(|i| f64::from(x[row * n_in + i]) * f64::from(w[out * n_in + i])).sum();
                    prop_assert!((f64::from(y[row * n_out + out]) - exact).abs() < 1e-5);
                }
            }
            // The baseline kernel, which is what ships to browsers, is checked on machines that have a better one too.
            for (index, rows) in packed.data.chunks(ROWS * n_in).enumerate() {
                for (out, panel) in panels.data.chunks_exact(PANEL * n_in).enumerate() {
                    let mut sums = [0.0; PANEL * ROWS];
                    let height = rows.len() / n_in;
                    let target = Target { y: &mut sums, y_width: PANEL, width: PANEL, adds: false };
                    Kernel::Baseline.run(height, rows, panel, target);
                    for (lane, sum) in sums.iter().enumerate().filter(|(lane, _)| lane / PANEL < height) {
                        let (row, out) = (index * ROWS + lane / PANEL, out * PANEL + lane % PANEL);
                        prop_assert!(out >= n_out || (sum - y[row * n_out + out]).abs() < 1e-5);
                    }
                }
            }
        }

        #[test]
        fn some_outputs_are_a_part_of_all(n_rows in 1usize..20, n_in in 1usize..40, n_out in 1usize..60, seed in any::<u32>()) {
            let panels = Panels::pack(&values(n_out * n_in, seed), n_in);
            let packed = PackedRows::pack(&values(n_rows * n_in, !seed), n_in, 0..n_in);
            let mut whole = vec![f32::NAN; n_rows * n_out];
            panels.matmul(&packed, 0..n_in, &mut whole, n_out, 0);
            let outputs = n_out / 2 / PANEL * PANEL..n_out;
            let mut part = vec![f32::NAN; n_rows * outputs.len()];
            panels.matmul_outputs(&packed, outputs.clone(), &mut part);
            for (row, part) in part.chunks_exact(outputs.len()).enumerate() {
                prop_assert_eq!(part, &whole[row * n_out..][outputs.clone()]);
            }
        }

        #[test]
        fn long_sums_are_made_in_parts(n_in in 760usize..1600, seed in any::<u32>()) {
            let (x, w) = (values(7 * n_in, seed), values(9 * n_in, !seed));
            let mut y = vec![f32::NAN; 63];
            Panels::pack(&w, n_in).matmul(&PackedRows::pack(&x, n_in, 0..n_in), 0..n_in, &mut y, 9, 0);
            for (i, &sum) in y.iter().enumerate() {
                let (row, out) = (&x[i / 9 * n_in..][..n_in], &w[i % 9 * n_in..][..n_in]);
                let exact: f64 = row.iter().zip(out).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                prop_assert!((f64::from(sum) - exact).abs() < 1e-4);
            }
        }

        #[test]
        fn rows_come_back(n_in in 1usize..20, n_out in 1usize..20, seed in any::<u32>()) {
            let w = values(n_out * n_in, seed);
            let panels = Panels::pack(&w, n_in);
            let mut row = vec![0.0; n_in];
            for out in 0..n_out {
                panels.copy_row(out, &mut row);
                prop_assert_eq!(&row, &w[out * n_in..][..n_in]);
            }
        }

        #[test]
        fn a_range_of_inputs_is_a_part_of_the_sum(n_in in 2usize..20, cut in 1usize..19, seed in any::<u32>()) {
            let cut = cut.min(n_in - 1);
            let (x, w) = (values(3 * n_in, seed), values(5 * n_in, !seed));
            let panels = Panels::pack(&w, n_in);
            let part = |inputs: Range<usize>| {
                let mut y = vec![0.0; 15];
                panels.matmul(&PackedRows::pack(&x, n_in, inputs.clone()), inputs, &mut y, 5, 0);
                y
            };
            let (whole, low, high) = (part(0..n_in), part(0..cut), part(cut..n_in));
            for i in 0..15 {
                prop_assert!((whole[i] - low[i] - high[i]).abs() < 1e-5);
            }
        }
    }
}

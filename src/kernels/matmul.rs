//! y = x · Wᵀ over packed panels.
//!
//! W [n_out, n_in] is held in panels of [`PANEL`] rows, input-major: panel p holds, for each input i, the weights of
//! outputs 8p … 8p+7. x is packed into panels of up to [`ROWS`] rows the same way. The inner kernel keeps a 6 × 8 block
//! of sums in registers and reads both panels in order, so it never strides. Rejected: dot products along rows (bound
//! by loads), a 4 × 16 block (spills on 16 vector registers).

use std::ops::Range;

/// Outputs per weight panel.
pub const PANEL: usize = 8;
/// Rows of x per input panel.
pub const ROWS: usize = 6;

/// A matrix [n_out, n_in] in panels; rows past `n_out` are zero.
#[derive(Clone, Debug)]
pub struct Panels {
    n_out: usize,
    n_in: usize,
    data: Vec<f32>,
}

impl Panels {
    /// All zeros, to be filled.
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
        for (index, row) in rows.chunks_exact(self.n_in.max(1)).enumerate() {
            let out = first + index;
            let panel = &mut self.data[out / PANEL * PANEL * self.n_in..][..PANEL * self.n_in];
            for (eight, &value) in panel.chunks_exact_mut(PANEL).zip(row) {
                eight[out % PANEL] = value;
            }
        }
    }

    /// Sets what every output reads of one input.
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
        let kernel = Kernel::best();
        let n_out = self.n_out.min(y_width - first_out);
        let panels = self.data.chunks_exact((PANEL * self.n_in).max(1));
        for (index, panel) in panels.take(n_out.div_ceil(PANEL)).enumerate() {
            let out = index * PANEL;
            let panel = &panel[inputs.start * PANEL..inputs.end * PANEL];
            let width = PANEL.min(n_out - out);
            x.times_panel(panel, kernel, |row, eight| {
                y[row * y_width + first_out + out..][..width].copy_from_slice(&eight[..width]);
            });
        }
    }
}

/// Rows of x, packed for [`Panels::matmul`].
#[derive(Clone, Debug)]
pub struct PackedRows {
    n_rows: usize,
    n_in: usize,
    data: Vec<f32>,
}

impl PackedRows {
    /// Packs columns `columns` of `x` [n_rows, width].
    pub fn pack(x: &[f32], width: usize, columns: Range<usize>) -> Self {
        let n_rows = x.len().checked_div(width).unwrap_or(0);
        let n_in = columns.len();
        let mut data = vec![0.0; n_rows * n_in];
        for (panel, rows) in data.chunks_mut((ROWS * n_in).max(1)).zip(x.chunks((ROWS * width).max(1))) {
            let height = rows.len() / width;
            for (lane, row) in rows.chunks_exact(width).enumerate() {
                let lanes = panel.iter_mut().skip(lane).step_by(height);
                for (slot, &value) in lanes.zip(&row[columns.clone()]) {
                    *slot = value;
                }
            }
        }
        Self { n_rows, n_in, data }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Multiplies every row with one weight panel [n_in, 8] and hands out (row, its 8 sums).
    fn times_panel(&self, panel: &[f32], kernel: Kernel, mut write: impl FnMut(usize, &[f32; PANEL])) {
        for (index, rows) in self.data.chunks((ROWS * self.n_in).max(1)).enumerate() {
            let height = rows.len() / self.n_in.max(1);
            let sums = kernel.run(height, rows, panel);
            for (lane, eight) in sums[..height].iter().enumerate() {
                write(index * ROWS + lane, eight);
            }
        }
    }
}

/// Which instructions the inner kernel is compiled for.
#[derive(Clone, Copy)]
enum Kernel {
    /// What the target guarantees: SSE2 natively, simd128 in the browser.
    Baseline,
    /// x86-64 with AVX2 and fused multiply-add, when the processor has them.
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Kernel {
    fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            return Kernel::Avx2;
        }
        Kernel::Baseline
    }

    fn run(self, height: usize, rows: &[f32], panel: &[f32]) -> [[f32; PANEL]; ROWS] {
        match self {
            Kernel::Baseline => by_height(height, rows, panel),
            // SAFETY: `best` is the only place that makes this value, and only where the processor has both features.
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => unsafe { by_height_avx2(height, rows, panel) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn by_height_avx2(height: usize, rows: &[f32], panel: &[f32]) -> [[f32; PANEL]; ROWS] {
    match height {
        6 => block::<6, true>(rows, panel),
        5 => block::<5, true>(rows, panel),
        4 => block::<4, true>(rows, panel),
        3 => block::<3, true>(rows, panel),
        2 => block::<2, true>(rows, panel),
        _ => block::<1, true>(rows, panel),
    }
}

fn by_height(height: usize, rows: &[f32], panel: &[f32]) -> [[f32; PANEL]; ROWS] {
    match height {
        6 => block::<6, false>(rows, panel),
        5 => block::<5, false>(rows, panel),
        4 => block::<4, false>(rows, panel),
        3 => block::<3, false>(rows, panel),
        2 => block::<2, false>(rows, panel),
        _ => block::<1, false>(rows, panel),
    }
}

/// Sums of `H` rows [n_in, H] times one panel [n_in, 8], held in registers throughout.
#[inline(always)]
fn block<const H: usize, const FUSED: bool>(rows: &[f32], panel: &[f32]) -> [[f32; PANEL]; ROWS] {
    let mut sums = [[0.0f32; PANEL]; H];
    let (panel, _) = panel.as_chunks::<PANEL>();
    let (rows, _) = rows.as_chunks::<H>();
    for (weights, inputs) in panel.iter().zip(rows) {
        for lane in 0..H {
            for out in 0..PANEL {
                sums[lane][out] = if FUSED {
                    inputs[lane].mul_add(weights[out], sums[lane][out])
                } else {
                    sums[lane][out] + inputs[lane] * weights[out]
                };
            }
        }
    }
    let mut all = [[0.0; PANEL]; ROWS];
    all[..H].copy_from_slice(&sums);
    all
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
            for (index, panel) in panels.data.chunks_exact(PANEL * n_in).enumerate() {
                packed.times_panel(panel, Kernel::Baseline, |row, eight| {
                    for (lane, sum) in eight.iter().enumerate().take(n_out.saturating_sub(index * PANEL)) {
                        assert!((sum - y[row * n_out + index * PANEL + lane]).abs() < 1e-5);
                    }
                });
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

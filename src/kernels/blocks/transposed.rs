//! x · W over blocks: the reverse of a product. A few columns of blocks are widened for many outputs at a time.

use super::{Blocks, threads};
use crate::matmul::{Columns, PackedRows, ROWS};

/// Fewest inputs that are widened at a time.
const TILE: usize = 64;

impl Blocks {
    /// Writes x · W into `y` [n_rows, n_in], for x [n_rows, n_out].
    pub fn matmul_transposed(&self, x: &PackedRows, y: &mut [f32]) {
        let (n_in, tile) = (self.n_in, self.format.block_len().max(TILE));
        threads::share(y, ROWS * n_in, 2 * x.n_rows() * n_in * self.n_out, |first, y| {
            let rows = x.panels(first, y.len().div_ceil(ROWS * n_in));
            let (mut wide, mut panel) = (Vec::new(), Vec::new());
            for outputs in rows.parts(1) {
                for first_in in (0..n_in).step_by(tile) {
                    let inputs = first_in..(first_in + tile).min(n_in);
                    wide.resize(outputs.len() * inputs.len(), 0.0);
                    for (output, row) in outputs.clone().zip(wide.chunks_exact_mut(inputs.len())) {
                        self.format.widen(self.row_part(output, &inputs), row);
                    }
                    let place = Columns { y_width: n_in, first_out: first_in, width: inputs.len() };
                    rows.times_rows(outputs.clone(), &wide, &mut panel, y, place);
                }
            }
        });
    }
}

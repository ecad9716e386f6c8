//! The attention of a layer: from queries, keys and values to z.

use std::ops::Range;

use crate::analysis::attention::{AttnLayer, Keys, pattern, queries};
use crate::edit::InvalidEdit;
use crate::engine::hooks::Hooks;
use crate::kernels::{PackedRows, Panels};

/// What attention reads: keys as they enter the product, values per key head transposed [d_head, pos].
#[derive(Debug)]
pub(super) struct Attend {
    keys: Keys,
    values: Vec<Panels>,
}

impl Attend {
    /// From keys and values [pos, n_key_value_heads, d_head] as projected.
    pub fn new(of: &AttnLayer<'_>, k: &[f32], v: &[f32], hooks: &mut Hooks<'_>) -> Result<Self, InvalidEdit> {
        let spec = of.spec;
        let width = spec.n_key_value_heads * spec.d_head;
        let columns = (0..spec.n_key_value_heads).map(|head| head * spec.d_head..(head + 1) * spec.d_head);
        let values = columns.map(|columns| Panels::pack_columns(v, width, columns)).collect();
        Ok(Self { keys: Keys::new(of, k, hooks)?, values })
    }

    /// Fills rows of z [pos, n_heads, d_head] from all queries `q` of the same shape.
    pub fn rows(
        &self,
        of: &AttnLayer<'_>,
        rows: Range<usize>,
        n_pos: usize,
        q: &[f32],
        hooks: &mut Hooks<'_>,
        z: &mut [f32],
    ) -> Result<(), InvalidEdit> {
        let spec = of.spec;
        let width = spec.n_heads * spec.d_head;
        let span = rows.start * width..rows.end * width;
        let queries = queries(of, rows.clone(), n_pos, &q[span.clone()], hooks)?;
        let z = &mut z[span];
        for head in 0..spec.n_heads {
            let weights = pattern(of, head, rows.clone(), &queries, &self.keys, hooks)?;
            let n_key = weights.len() / rows.len();
            let values = &self.values[head / spec.queries_per_key_head()];
            values.matmul(&PackedRows::pack(&weights, n_key, 0..n_key), 0..n_key, z, width, head * spec.d_head);
        }
        Ok(())
    }
}

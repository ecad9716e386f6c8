//! The attention of a layer: from queries, keys and values to z.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;

use crate::analysis::attention::{AttnLayer, Keys, pattern, queries};
use crate::engine::error::EngineError;
use crate::engine::hooks::{Hooks, Squares};
use crate::kernels::{PackedRows, Panels, threads};

/// What attention reads: keys as they enter the product, values per key head transposed [d_head, pos].
#[derive(Debug)]
pub(super) struct Attend {
    keys: Keys,
    values: Vec<Panels>,
}

impl Attend {
    /// From keys and values [pos, n_key_value_heads, d_head] as projected.
    pub fn new(of: &AttnLayer<'_>, k: &[f32], v: &[f32], hooks: &mut Hooks<'_>) -> Result<Self, EngineError> {
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
    ) -> Result<(), EngineError> {
        let spec = of.spec;
        let width = spec.n_heads * spec.d_head;
        let span = rows.start * width..rows.end * width;
        let queries = queries(of, rows.clone(), n_pos, &q[span.clone()], hooks)?;
        // One head after the other, [n_heads, rows.len(), d_head], so that several can be made at a time.
        let unit = rows.len() * spec.d_head;
        let mut by_head = vec![0.0; spec.n_heads * unit];
        let edits = hooks.edits;
        let refused = Mutex::new(BTreeMap::new());
        threads::share(&mut by_head, unit, self.work(of, &rows), |first, heads| {
            for (head, z) in (first..).zip(heads.chunks_exact_mut(unit)) {
                match pattern(of, head, rows.clone(), &queries, &self.keys, &mut Squares(edits)) {
                    Ok(weights) => self.mix(head / spec.queries_per_key_head(), &weights, z),
                    Err(error) => _ = refused.lock().map(|mut refused| refused.insert(head, error)),
                }
            }
        });
        if let Some((_, error)) = refused.into_inner().unwrap_or_default().pop_first() {
            return Err(error);
        }
        for (head, from) in by_head.chunks_exact(unit.max(1)).enumerate() {
            let columns = head * spec.d_head..(head + 1) * spec.d_head;
            for (to, from) in z[span.clone()].chunks_exact_mut(width).zip(from.chunks_exact(spec.d_head)) {
                to[columns.clone()].copy_from_slice(from);
            }
        }
        Ok(())
    }

    /// Values of a key head, weighted: [rows, n_key] · [n_key, d_head] into `z` [rows, d_head].
    fn mix(&self, key_head: usize, weights: &[f32], z: &mut [f32]) {
        let values = &self.values[key_head];
        let n_key = weights.len() / (z.len() / values.n_out()).max(1);
        values.matmul(&PackedRows::pack(weights, n_key, 0..n_key), 0..n_key, z, values.n_out(), 0);
    }

    /// About how many operations these rows take; none where there are too few heads for as many threads: then each head's own
    /// products are shared.
    fn work(&self, of: &AttnLayer<'_>, rows: &Range<usize>) -> usize {
        let has_enough = of.spec.n_heads >= 2 * threads::count();
        let n_key = of.visible_keys(rows, self.keys.n_pos());
        if has_enough { 4 * of.spec.n_heads * of.spec.d_head * rows.len() * n_key } else { 0 }
    }
}

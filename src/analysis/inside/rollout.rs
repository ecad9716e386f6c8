//! Attention rollout (Abnar & Zuidema 2020): attention multiplied through the layers (docs/methods.md, "Attention rollout").

use crate::analysis::row_blocks::RowBlocks;
use crate::analysis::{AttentionSource, Sizes, SourceError};
use crate::kernels::{PackedRows, Panels};

/// A rollout under way, layer by layer.
#[derive(Default)]
pub struct Rollout {
    layer: usize,
    blocks: Option<RowBlocks>,
    /// The mean over the heads of the layer, as far as it is there. [n, n]
    mean: Vec<f32>,
    /// The last layer's rollout; empty before the first. [n, n]
    last: Vec<f32>,
}

impl Rollout {
    /// Does the next piece of work; returns the rollout of a layer [query_pos, key_pos] where that is done.
    ///
    /// # Errors
    /// Those of the source, after which the step can be taken again; and where queries and keys are of different tokens.
    pub fn step(&mut self, source: &dyn AttentionSource) -> Result<Option<Vec<f32>>, SourceError> {
        let Sizes { n_layers, n_heads, n_query, n_key, .. } = source.sizes();
        if n_query != n_key {
            let reason = "queries and keys are different tokens, and no identity can be mixed in".to_owned();
            return Err(SourceError::Missing { what: "rollout", reason });
        }
        if self.layer >= n_layers {
            return Ok(None);
        }
        let blocks = self.blocks.get_or_insert_with(|| RowBlocks::new(self.layer, (0..n_heads).collect()));
        self.mean.resize(n_query * n_key, 0.0);
        let mean = &mut self.mean;
        let is_more = blocks.next(source, |_, rows, weights| {
            let sums = &mut mean[rows.start * n_key..rows.end * n_key];
            sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight);
        })?;
        if is_more {
            return Ok(None);
        }
        self.blocks = None;
        self.layer += 1;
        let mean = std::mem::take(&mut self.mean);
        self.last = next(&mean, n_heads, n_query, &self.last);
        Ok(Some(self.last.clone()))
    }
}

/// R_l = (½ mean_h A + ½ I) R_(l−1), from the sum of A over the heads.
fn next(sum: &[f32], n_heads: usize, n: usize, last: &[f32]) -> Vec<f32> {
    let half = 0.5 / n_heads.max(1) as f32;
    let mut mixed: Vec<f32> = sum.iter().map(|weight| weight * half).collect();
    mixed.iter_mut().step_by(n + 1).for_each(|own| *own += 0.5);
    if last.is_empty() {
        return mixed;
    }
    let mut product = vec![0.0; n * n];
    Panels::pack_columns(last, n, 0..n).matmul(&PackedRows::pack(&mixed, n, 0..n), 0..n, &mut product, n, 0);
    product
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn layers_are_mixed_with_the_identity_and_multiplied() {
        // Two heads of two tokens: the sum of their patterns.
        let first = next(&[2.0, 0.0, 1.0, 1.0], 2, 2, &[]);
        assert_eq!(first, [1.0, 0.0, 0.25, 0.75]);
        let second = next(&[2.0, 0.0, 2.0, 0.0], 2, 2, &first);
        assert_eq!(second, [1.0, 0.0, 0.625, 0.375]);
    }
}

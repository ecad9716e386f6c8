//! Whole patterns of some heads.

use super::{Answering, MAX_HELD, Reply, expect_at_most};
use crate::analysis::row_blocks::RowBlocks;
use crate::analysis::{AttentionSource, SourceError};
use crate::protocol::Answer;

/// The patterns computed so far.
pub(super) struct Patterns {
    layer: u32,
    heads: Vec<u32>,
    blocks: RowBlocks,
    /// [heads.len(), n_query, n_key]
    weights: Vec<f32>,
}

impl Patterns {
    pub fn new(layer: u32, heads: Vec<u32>) -> Self {
        let blocks = RowBlocks::new(layer as usize, heads.iter().map(|&head| head as usize).collect());
        Self { layer, heads, blocks, weights: Vec::new() }
    }
}

impl Answering for Patterns {
    fn step(&mut self, source: &dyn AttentionSource) -> Result<Option<Reply>, SourceError> {
        let sizes = source.sizes();
        if self.weights.is_empty() {
            expect_at_most(MAX_HELD, self.heads.len(), &sizes)?;
            self.weights.reserve_exact(self.heads.len() * sizes.n_query * sizes.n_key);
        }
        let weights = &mut self.weights;
        if self.blocks.next(source, |_, _, block| weights.extend_from_slice(block))? {
            return Ok(None);
        }
        let answer = Answer::Patterns {
            layer: self.layer,
            heads: std::mem::take(&mut self.heads),
            n_query: sizes.n_query as u32,
            n_key: sizes.n_key as u32,
        };
        Ok(Some(Reply { answer, buffers: vec![std::mem::take(&mut self.weights)] }))
    }
}

//! Scores of every head, over all positions and without the positions that attract most attention.

use super::{Answering, MAX_HELD, Reply, expect_at_most};
use crate::analysis::scores::AllHeads;
use crate::analysis::{AttentionSource, SourceError};
use crate::protocol::Answer;

/// The scores computed so far.
pub(super) struct Scores(Option<AllHeads>);

impl Scores {
    pub fn new(n_block: Option<u32>) -> Self {
        Self(Some(AllHeads::new(n_block.map(|n_block| n_block as usize))))
    }
}

impl Answering for Scores {
    fn step(&mut self, source: &dyn AttentionSource) -> Result<Option<Reply>, SourceError> {
        let Some(heads) = &mut self.0 else { return Ok(None) };
        expect_at_most(MAX_HELD, 1, &source.sizes())?;
        if heads.step(source)? {
            return Ok(None);
        }
        let sizes = source.sizes();
        let answer = Answer::Scores { n_layers: sizes.n_layers as u32, n_heads: sizes.n_heads as u32 };
        Ok(self.0.take().map(|heads| Reply { answer, buffers: vec![heads.finish()] }))
    }
}

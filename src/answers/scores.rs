//! What each head of the model does, as numbers, with all positions and without those that draw most attention.

use super::blocks::Blocks;
use super::{Answering, MAX_HELD, Reply, expect_at_most};
use crate::analysis::scores::{Facts, LeaveOut, measure};
use crate::analysis::{AttentionSource, SourceError};
use crate::protocol::Answer;
use crate::trace::{Attn, Side};

/// In the order of the answer.
const VARIANTS: [LeaveOut; 2] = [LeaveOut { special: false, first: false }, LeaveOut { special: true, first: true }];

/// The scores as far as they are there.
pub(super) struct Scores {
    n_block: Option<u32>,
    layer: usize,
    /// The layer under way.
    under_way: Option<(Blocks, Facts)>,
    /// The head under way, [query_pos, key_pos].
    square: Vec<f32>,
    /// Per variant [n_layers, n_heads, n_scores].
    values: [Vec<f32>; VARIANTS.len()],
}

impl Scores {
    pub fn new(n_block: Option<u32>) -> Self {
        Self { n_block, layer: 0, under_way: None, square: Vec::new(), values: Default::default() }
    }
}

impl Answering for Scores {
    fn step(&mut self, source: &dyn AttentionSource) -> Result<Option<Reply>, SourceError> {
        let sizes = source.sizes();
        if self.layer < sizes.n_layers {
            expect_at_most(MAX_HELD, 1, &sizes)?;
            let Self { n_block, layer, under_way, square, values } = self;
            let (blocks, facts) = under_way.get_or_insert_with(|| {
                let allowed = (0..sizes.n_query).map(|query| source.allowed_keys(*layer, query)).collect();
                let facts = match source.attn() {
                    Attn::Own => {
                        Facts::of(source.tokens(Side::Query), allowed, n_block.map(|n_block| n_block as usize))
                    }
                    Attn::Cross => Facts::none(),
                };
                (Blocks::new(*layer, (0..sizes.n_heads).collect()), facts)
            });
            // What rests on a sink is read from no token.
            let n_key = sizes.n_key - usize::from(sizes.has_sink);
            let has_more = blocks.next(source, |_, rows, weights| {
                weights.chunks_exact(sizes.n_key.max(1)).for_each(|row| square.extend_from_slice(&row[..n_key]));
                if rows.end == sizes.n_query {
                    for (values, leave_out) in values.iter_mut().zip(VARIANTS) {
                        values.extend(measure(square, n_key, facts, leave_out).to_row());
                    }
                    square.clear();
                }
            })?;
            if !has_more {
                self.layer += 1;
                self.under_way = None;
            }
            return Ok(None);
        }
        let answer = Answer::Scores { n_layers: sizes.n_layers as u32, n_heads: sizes.n_heads as u32 };
        Ok(Some(Reply { answer, buffers: vec![std::mem::take(&mut self.values).concat()] }))
    }
}

//! The scores of every head of a source, a block of pattern rows at a time.

use super::{Facts, LeaveOut, measure};
use crate::analysis::row_blocks::RowBlocks;
use crate::analysis::{AttentionSource, SourceError};
use crate::trace::{Attn, Side};

/// With all positions, and without special tokens and the first position: the order of [`AllHeads::finish`].
const VARIANTS: [LeaveOut; 2] = [LeaveOut { special: false, first: false }, LeaveOut { special: true, first: true }];

/// Scores of every head, under way.
pub struct AllHeads {
    n_block: Option<usize>,
    layer: usize,
    under_way: Option<(RowBlocks, Facts)>,
    /// The pattern under way, [query_pos, key_pos].
    square: Vec<f32>,
    /// Per variant [n_layers, n_heads, n_scores].
    values: [Vec<f32>; VARIANTS.len()],
}

impl AllHeads {
    /// Nothing is measured yet. `n_block` is the length of the random block, where the input is one read twice.
    pub fn new(n_block: Option<usize>) -> Self {
        Self { n_block, layer: 0, under_way: None, square: Vec::new(), values: Default::default() }
    }

    /// Measures the next rows of `source`, the same one each time. Returns whether there are more.
    ///
    /// # Errors
    /// The source's; after [`SourceError::Wants`] the step can be taken again.
    pub fn step(&mut self, source: &dyn AttentionSource) -> Result<bool, SourceError> {
        let sizes = source.sizes();
        if self.layer >= sizes.n_layers {
            return Ok(false);
        }
        let Self { n_block, layer, under_way, square, values } = self;
        let (blocks, facts) = under_way.get_or_insert_with(|| {
            let allowed = (0..sizes.n_query).map(|query| source.allowed_keys(*layer, query)).collect();
            let facts = match source.attn() {
                Attn::Own => Facts::of(source.tokens(Side::Query), allowed, *n_block),
                Attn::Cross => Facts::none(),
            };
            (RowBlocks::new(*layer, (0..sizes.n_heads).collect()), facts)
        });
        // What rests on a sink is read from no token.
        let n_key = sizes.n_key - usize::from(sizes.has_sink);
        let has_more_rows = blocks.next(source, |_, rows, weights| {
            weights.chunks_exact(sizes.n_key.max(1)).for_each(|row| square.extend_from_slice(&row[..n_key]));
            if rows.end == sizes.n_query {
                for (values, leave_out) in values.iter_mut().zip(VARIANTS) {
                    values.extend(measure(square, n_key, facts, leave_out).to_row());
                }
                square.clear();
            }
        })?;
        if !has_more_rows {
            self.layer += 1;
            self.under_way = None;
        }
        Ok(self.layer < sizes.n_layers)
    }

    /// How many layers are done.
    pub fn n_layers_done(&self) -> usize {
        self.layer
    }

    /// The scores as [`super::HeadScores::to_row`] gives them, [2, n_layers, n_heads, n_scores]: with all positions, then without special
    /// tokens and the first position.
    pub fn finish(self) -> Vec<f32> {
        self.values.concat()
    }
}

//! Walks through the patterns of some heads of a layer, a block of rows at a time.

use std::ops::Range;

use super::{AttentionSource, LayerSource, SourceError};

/// Weights per block: some milliseconds of work in a browser.
const BLOCK_WEIGHTS: usize = 1 << 18;

/// A walk under way.
pub struct RowBlocks {
    layer: usize,
    heads: Vec<usize>,
    /// The index in `heads` of the next head.
    head_slot: usize,
    /// That head's next row.
    row: usize,
    /// What the layer's heads share, made once.
    source: Option<Box<dyn LayerSource>>,
}

impl RowBlocks {
    /// Visits these heads one after the other, each from its first row.
    pub fn new(layer: usize, heads: Vec<usize>) -> Self {
        Self { layer, heads, head_slot: 0, row: 0, source: None }
    }

    /// Hands out the next rows: the head's index in the list, which rows, and their weights [rows.len(), n_key]. Returns whether
    /// there are more.
    ///
    /// # Errors
    /// The source's; the same block is next again.
    pub fn next(
        &mut self,
        source: &dyn AttentionSource,
        take: impl FnOnce(usize, Range<usize>, &[f32]),
    ) -> Result<bool, SourceError> {
        let sizes = source.sizes();
        let Some(&head) = self.heads.get(self.head_slot) else { return Ok(false) };
        let n_rows = (BLOCK_WEIGHTS / sizes.n_key.max(1)).max(1);
        let rows = self.row..(self.row + n_rows).min(sizes.n_query);
        let layer = match self.source.take() {
            Some(layer) => layer,
            None => source.layer_source(self.layer)?,
        };
        // Taken out while it is used: after an error the layer is made anew, since it holds only what was here when it was made.
        let weights = layer.pattern(head, rows.clone())?;
        self.source = Some(layer);
        self.row = rows.end;
        take(self.head_slot, rows, &weights);
        if self.row >= sizes.n_query {
            self.row = 0;
            self.head_slot += 1;
        }
        Ok(self.head_slot < self.heads.len())
    }
}

//! Walks through the pictures of a quantity, some rows at a time: of each layer its heads, or the layer as a whole.

use std::ops::Range;

use crate::analysis::inside::Pass;
use crate::analysis::inside::rollout::Rollout;
use crate::analysis::inside::value_zeroing::ValueZeroing;
use crate::analysis::row_blocks::RowBlocks;
use crate::analysis::{AttentionSource, SourceError};
use crate::protocol::{Quantity, Stage};

/// The most tokens of a rollout: each layer multiplies matrices of this size.
const MAX_ROLLED: usize = 2_048;

/// A walk under way.
pub(super) struct Walk {
    quantity: Quantity,
    layers: Vec<usize>,
    heads: Vec<usize>,
    /// The index in `layers` of the next one.
    layer_slot: usize,
    /// ‖f_j‖ of each head of the layer, as far as it is there.
    lengths: Vec<Vec<f32>>,
    rows: Option<RowBlocks>,
    zeroing: Option<Box<dyn Pass<ValueZeroing>>>,
    rollout: Rollout,
    /// How many layers have been rolled out.
    n_rolled: usize,
    /// Queries with huge activations in the last layer of value zeroing.
    pub huge: Vec<usize>,
}

impl Walk {
    /// A walk from the first picture of the first layer.
    pub fn new(quantity: Quantity, layers: &[u32], heads: Vec<u32>) -> Self {
        Self {
            quantity,
            layers: layers.iter().map(|&layer| layer as usize).collect(),
            heads: heads.into_iter().map(|head| head as usize).collect(),
            layer_slot: 0,
            lengths: Vec::new(),
            rows: None,
            zeroing: None,
            rollout: Rollout::default(),
            n_rolled: 0,
            huge: Vec::new(),
        }
    }

    /// Pictures of each layer.
    pub fn n_parts(&self) -> usize {
        if self.quantity.is_layer_wide() { 1 } else { self.heads.len() }
    }

    /// Does the next piece of work; where it makes rows, hands them out as [rows.len(), n_key]. Returns whether there is more.
    ///
    /// # Errors
    /// The source's; the same piece is next again.
    pub fn next(
        &mut self,
        source: &dyn AttentionSource,
        take: impl FnOnce(Range<usize>, &[f32]),
    ) -> Result<bool, SourceError> {
        let Some(&layer) = self.layers.get(self.layer_slot) else { return Ok(false) };
        let n_layers = source.sizes().n_layers;
        if layer >= n_layers {
            return Err(SourceError::NoSuch(format!("layer {layer} is not there: {n_layers} layers, counted from 0")));
        }
        let is_layer_done = match self.quantity {
            Quantity::Weights | Quantity::Norms => self.next_of_heads(layer, source, take)?,
            Quantity::ValueZeroing => self.next_of_zeroing(layer, source, take)?,
            Quantity::Rollout => self.next_of_rollout(layer, source, take)?,
        };
        if is_layer_done {
            self.layer_slot += 1;
        }
        Ok(self.layer_slot < self.layers.len())
    }

    /// How far value zeroing is, which runs a layer once for each position; other quantities are quick.
    pub fn progress(&self) -> Option<(Stage, [usize; 2])> {
        let [done, total] = self.zeroing.as_ref()?.progress()?;
        Some((Stage::ValueZeroing, [self.layer_slot * total + done, self.layers.len() * total]))
    }

    /// The lengths of a head first, then weights times lengths.
    fn next_of_heads(
        &mut self,
        layer: usize,
        source: &dyn AttentionSource,
        take: impl FnOnce(Range<usize>, &[f32]),
    ) -> Result<bool, SourceError> {
        if self.quantity == Quantity::Norms
            && let Some(&head) = self.heads.get(self.lengths.len())
        {
            self.lengths.push(source.value_output_norms(layer, head)?);
            return Ok(false);
        }
        let heads = &self.heads;
        let blocks = self.rows.get_or_insert_with(|| RowBlocks::new(layer, heads.clone()));
        let (lengths, n_key) = (&self.lengths, source.sizes().n_key.max(1));
        let is_more = blocks.next(source, |slot, rows, weights| match lengths.get(slot) {
            // A sink stands after the last length and writes nothing.
            Some(lengths) => {
                let length = |key: usize| lengths.get(key).copied().unwrap_or(0.0);
                let scaled = weights.iter().enumerate().map(|(at, weight)| weight * length(at % n_key));
                take(rows, &scaled.collect::<Vec<f32>>());
            }
            None => take(rows, weights),
        })?;
        if !is_more {
            self.rows = None;
            self.lengths.clear();
        }
        Ok(!is_more)
    }

    fn next_of_zeroing(
        &mut self,
        layer: usize,
        source: &dyn AttentionSource,
        take: impl FnOnce(Range<usize>, &[f32]),
    ) -> Result<bool, SourceError> {
        let pass = match &mut self.zeroing {
            Some(pass) => pass,
            None => self.zeroing.insert(source.inside().value_zeroing(layer, source.attn())?),
        };
        let Some(ValueZeroing { shares, huge }) = pass.step()? else { return Ok(false) };
        self.zeroing = None;
        self.huge = huge;
        take(0..source.sizes().n_query, &shares);
        Ok(true)
    }

    fn next_of_rollout(
        &mut self,
        layer: usize,
        source: &dyn AttentionSource,
        take: impl FnOnce(Range<usize>, &[f32]),
    ) -> Result<bool, SourceError> {
        let n = source.sizes().n_query;
        if n > MAX_ROLLED {
            let message = format!("a rollout of {n} tokens takes too long: at most {MAX_ROLLED} are rolled out");
            return Err(SourceError::TooLarge(message));
        }
        let Some(rolled) = self.rollout.step(source)? else { return Ok(false) };
        self.n_rolled += 1;
        if self.n_rolled <= layer {
            return Ok(false);
        }
        take(0..n, &rolled);
        Ok(true)
    }
}

//! Adds tokens to a finished run and takes them back, for generation and for returning to an earlier token of it.
//!
//! Kept keys and values stay right only while earlier positions are rotated as before. Where a rotation depends on the length of the
//! input (NTK-aware scaling, LongRoPE), every token is computed anew, so that a continuation equals a run of the whole text.

use std::sync::Arc;

use super::{LayerRun, Run};
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::trace::Tokens;

/// What a run held before it started anew.
#[derive(Debug)]
pub(super) struct Replaced {
    tokens: Tokens,
    layers: Vec<Arc<LayerRun>>,
    positions: Vec<f32>,
    ended: Vec<f32>,
    captures: Captures,
}

impl Run {
    /// Lets a finished run read one more token: the next steps compute that token's row only, from the kept keys and values, or
    /// every row where the longer input is rotated otherwise. Edits of all positions act on it; a position mean stays the mean over
    /// the tokens that the edit was bound to, and a given pattern row has no weight on later tokens.
    ///
    /// # Errors
    /// When the run is not done or did not keep every layer, a token may be seen by earlier ones, or the context is full.
    pub fn push(&mut self, id: u32) -> Result<(), EngineError> {
        if !self.is_done {
            return Err(EngineError::Request("a token can be added only to a finished run".to_owned()));
        }
        self.expect_all_layers()?;
        let spec = &self.model.spec;
        if !spec.is_causal() {
            let message =
                format!("{} reads in both directions: a token that follows changes all before it", spec.architecture);
            return Err(EngineError::Request(message));
        }
        let written = self.model.tokens_from_ids(&[id])?;
        let mut tokens = self.tokens.clone();
        tokens.push(&written, 0);
        self.model.check(&tokens)?;
        if !self.model.spec.rotates_alike(self.tokens.len(), tokens.len()) {
            self.start_anew();
        }
        self.tokens = tokens;
        (self.layer, self.is_done) = (0, false);
        Ok(())
    }

    /// Puts aside what was computed, so that the next steps compute every token.
    fn start_anew(&mut self) {
        let mut captures = self.captures.clone();
        std::mem::swap(&mut captures, &mut self.captures);
        self.captures.forget();
        self.replaced = Some(Box::new(Replaced {
            tokens: self.tokens.clone(),
            layers: std::mem::take(&mut self.layers),
            positions: std::mem::take(&mut self.positions),
            ended: std::mem::take(&mut self.ended),
            captures,
        }));
    }

    /// Brings back what was put aside, where computing everything anew was not brought to its end.
    fn take_back(&mut self) {
        let Some(replaced) = self.replaced.take() else { return };
        let Replaced { tokens, layers, positions, ended, captures } = *replaced;
        (self.tokens, self.layers, self.positions) = (tokens, layers, positions);
        (self.ended, self.captures, self.block) = (ended, captures, None);
        self.stream.clear();
        (self.layer, self.is_done) = (self.model.spec.n_layers, true);
    }

    /// Forgets the tokens from `n_pos` on, those under way too; at least one stays. What earlier tokens know is not changed by
    /// it, since they do not see later ones; where the shorter input is rotated otherwise, the next steps compute it anew.
    pub fn rewind(&mut self, n_pos: usize) {
        self.take_back();
        let spec = &self.model.spec;
        let n_done = self.ended.len() / spec.d_model;
        let n_pos = n_pos.clamp(1, n_done.max(1));
        if n_done == 0 || (n_pos == self.tokens.len() && self.is_done) || !spec.is_causal() {
            return;
        }
        if !spec.rotates_alike(n_pos, n_done) {
            // A token that was under way goes first.
            self.rewind(n_done);
            self.start_anew();
            self.tokens.truncate(n_pos);
            (self.layer, self.is_done) = (0, false);
            return;
        }
        let (stream, queries, keys) =
            (n_pos * spec.d_model, n_pos * spec.n_heads * spec.d_head, n_pos * spec.n_key_value_heads * spec.d_head);
        if let Some(block) = self.block.take() {
            let (layer, (kept, _)) = (self.layer, block.finish(spec.d_model));
            self.keep(layer, kept);
        }
        for layer in &mut self.layers {
            let layer = Arc::make_mut(layer);
            layer.resid_pre.truncate(stream);
            layer.q.truncate(queries);
            layer.k.truncate(keys);
            layer.v.truncate(keys);
            if let Some(cross) = &mut layer.cross {
                cross.q.truncate(queries);
            }
        }
        self.captures.rewind(n_pos, &self.model.spec);
        self.tokens.truncate(n_pos);
        self.n_prompt = self.n_prompt.min(n_pos);
        self.stream.clear();
        self.positions.truncate(stream);
        self.ended.truncate(stream);
        (self.layer, self.is_done) = (self.model.spec.n_layers, true);
    }
}

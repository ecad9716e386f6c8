//! More tokens for a run that is done, and fewer: what generation and going back in it are made of.

use std::sync::Arc;

use super::Run;
use crate::engine::error::EngineError;

impl Run {
    /// Lets a run that is done read one more token: the next steps compute that token's row only, from the keys and values
    /// that are kept. Edits act on it as far as they name it: those of all positions do, a position mean stays the mean over the
    /// tokens it was bound to, a given pattern row has no weight on later tokens.
    ///
    /// # Errors
    /// When the run is not done or did not keep every layer, a token may be seen by earlier ones, or the context is full.
    pub fn push(&mut self, id: u32) -> Result<(), EngineError> {
        if !self.is_done {
            return Err(EngineError::Request("a token can follow only when the tokens before it are done".to_owned()));
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
        self.tokens = tokens;
        (self.layer, self.is_done) = (0, false);
        Ok(())
    }

    /// Forgets the tokens from `n_pos` on, those under way too; at least one stays. What earlier tokens know is not changed by
    /// it, since they do not see later ones.
    pub fn rewind(&mut self, n_pos: usize) {
        let spec = &self.model.spec;
        let n_done = self.ended.len() / spec.d_model;
        let n_pos = n_pos.clamp(1, n_done.max(1));
        if n_done == 0 || (n_pos == self.tokens.len() && self.is_done) || !spec.is_causal() {
            return;
        }
        let (stream, queries, keys) =
            (n_pos * spec.d_model, n_pos * spec.n_heads * spec.d_head, n_pos * spec.n_key_value_heads * spec.d_head);
        if let Some(work) = self.work.take() {
            let (layer, (kept, _)) = (self.layer, work.finish(spec.d_model));
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

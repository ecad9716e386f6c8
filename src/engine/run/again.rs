//! Runs the same input again under other edits; layers before the first difference are shared instead of computed.

use std::sync::Arc;

use super::Run;
use crate::engine::edits::CompiledEdits;
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::trace::{BlockSite, Hook};

impl Run {
    /// Prepares a run of the same tokens under other edits. It starts at the first layer at which the edits differ from
    /// this run's (or `captures` wants something), and shares what is kept of the layers before.
    ///
    /// # Errors
    /// When this run is not done, or did not keep every layer.
    pub fn again(&self, edits: CompiledEdits, captures: Captures) -> Result<Self, EngineError> {
        if !self.is_done {
            return Err(EngineError::Request("only a finished run can be run again under other edits".to_owned()));
        }
        self.expect_all_layers()?;
        let first = self.edits.first_difference(&edits).into_iter().chain(captures.first()).min();
        let layer = self.restart(first);
        let mut run = Self::on(Arc::clone(&self.model), self.source.clone(), self.tokens.clone(), edits, captures)?;
        run.n_prompt = self.n_prompt;
        let Some(layer) = layer else { return Ok(run) };
        run.layers.extend_from_slice(&self.layers[..layer]);
        run.layer = layer;
        run.positions.clone_from(&self.positions);
        let is_before = |hook: Hook| hook.layer().is_some_and(|at| at < layer);
        let means = self.captures.means.iter().filter(|((hook, _), _)| is_before(*hook));
        run.captures.means = means.map(|(place, mean)| (*place, mean.clone())).collect();
        if layer < self.layers.len() {
            run.stream.clone_from(&self.layers[layer].resid_pre);
        } else {
            run.ended.clone_from(&self.ended);
            run.is_done = true;
        }
        Ok(run)
    }

    /// The same run once more, to be continued in another way: it shares all that this one keeps.
    ///
    /// # Errors
    /// When this run is not done, or did not keep every layer.
    pub fn twin(&self) -> Result<Self, EngineError> {
        self.again(self.edits.clone(), Captures::none())
    }

    /// Prepares the same run again from the start, with `captures`: the same tokens, edits, and means that edits have made, hence
    /// the same values.
    ///
    /// # Errors
    /// When this run is not done.
    pub fn capturing(&self, captures: Captures) -> Result<Self, EngineError> {
        if !self.is_done {
            return Err(EngineError::Request("only a finished run can be recorded".to_owned()));
        }
        let (model, edits) = (Arc::clone(&self.model), self.edits.clone());
        let mut run = Self::on(model, self.source.clone(), self.tokens.clone(), edits, captures)?;
        run.captures.means.clone_from(&self.captures.means);
        Ok(run)
    }

    /// What makes the inside of this run's layers again: captures of `hooks`, with the means that edits have made.
    pub(in crate::engine) fn remaking(&self, hooks: impl IntoIterator<Item = Hook>) -> Captures {
        let mut captures = Captures::of(hooks);
        captures.means.clone_from(&self.captures.means);
        captures
    }

    /// What positions add to the inputs of queries and keys [pos, d_model]; empty where they are in the stream.
    pub(in crate::engine) fn positions_beside(&self) -> &[f32] {
        &self.positions
    }

    /// How many layers are the same memory in both runs.
    pub fn n_layers_shared(&self, other: &Run) -> usize {
        self.layers.iter().zip(&other.layers).take_while(|(a, b)| Arc::ptr_eq(a, b)).count()
    }

    /// The layer to start from when `first` is the first hook whose edits or captures differ; the number of layers when none
    /// does, and `None` for a start from the embedding.
    fn restart(&self, first: Option<Hook>) -> Option<usize> {
        let mut layer = match first {
            None => return Some(self.layers.len()),
            Some(Hook::Block(layer, _)) => layer,
            Some(Hook::LnFinal) => self.layers.len().checked_sub(1)?,
            Some(Hook::Embed | Hook::PosEmbed | Hook::TokenTypeEmbed | Hook::FullEmbed) => return None,
        };
        // A kept resid_pre has the old edits in it: where there are any, start one layer earlier.
        while self.edits.touches(Hook::Block(layer, BlockSite::ResidPre)) {
            layer = layer.checked_sub(1)?;
        }
        Some(layer)
    }
}

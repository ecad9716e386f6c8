//! One input through one model, step by step.
//!
//! ```text
//!            for each layer                      for each block of rows, one step each
//! embed ──┬─▶ Project   norm, q, k, v            rows do not depend on each other
//!         │   Attend    scores, pattern, z       needs the keys and values of all rows
//!         │   Finish    attn_out, mlp, stream    needs z of all rows (a mean over positions)
//!         └────────────────────────────────────▶ final norm
//! ```
//!
//! A step is sized to some tens of milliseconds, so whoever drives it can stop between any two. Kept per layer: the
//! stream entering it and q, k, v as projected; patterns are made again from these when they are looked at, through the
//! same hooks. Rejected: whole layers as steps (half a second at 1,024 tokens), keeping patterns (n² per head).

mod layer;

use std::ops::Range;
use std::sync::Arc;

use super::edits::CompiledEdits;
use super::error::EngineError;
use super::hooks::{Captures, Hooks};
use super::model::Model;
use crate::analysis::attention::Tap;
use crate::trace::spec::NormPlacement;
use crate::trace::{BlockSite, Hook, Tokens};
use layer::Work;

/// Multiplications and additions per step: about 20 ms on one core in a browser.
const STEP_FLOP: usize = 400_000_000;

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Call again.
    More,
    /// Everything is there.
    Done,
}

/// What a run keeps of one layer.
#[derive(Clone, Debug)]
pub struct LayerRun {
    /// [pos, d_model]
    pub resid_pre: Vec<f32>,
    /// [pos, n_heads, d_head], before rotation
    pub q: Vec<f32>,
    /// [pos, n_key_value_heads, d_head], before rotation
    pub k: Vec<f32>,
    /// [pos, n_key_value_heads, d_head]
    pub v: Vec<f32>,
}

/// One input through one model.
#[derive(Debug)]
pub struct Run {
    pub(super) model: Arc<Model>,
    tokens: Tokens,
    pub(super) edits: CompiledEdits,
    captures: Captures,
    layers: Vec<LayerRun>,
    work: Option<Work>,
    /// The stream entering the next layer, at the end what the unembedding reads. [pos, d_model]
    stream: Vec<f32>,
    is_done: bool,
}

impl Run {
    /// Prepares a run; nothing is computed yet.
    ///
    /// # Errors
    /// When the model cannot read the input.
    pub fn new(
        model: Arc<Model>,
        tokens: Tokens,
        edits: CompiledEdits,
        captures: Captures,
    ) -> Result<Self, EngineError> {
        model.check(&tokens)?;
        let layers = Vec::with_capacity(model.spec.n_layers);
        Ok(Self { model, tokens, edits, captures, layers, work: None, stream: Vec::new(), is_done: false })
    }

    /// Does the next piece of work.
    ///
    /// # Errors
    /// When an edit cannot be made, or a value is no longer finite.
    pub fn step(&mut self) -> Result<Step, EngineError> {
        if self.is_done {
            return Ok(Step::Done);
        }
        let model = Arc::clone(&self.model);
        let n_pos = self.tokens.len();
        let mut hooks = Hooks { n_pos, edits: &self.edits, captures: &mut self.captures };
        if self.stream.is_empty() && self.work.is_none() {
            self.stream = embed(&model, &self.tokens, &mut hooks)?;
            return Ok(Step::More);
        }
        let layer = self.layers.len();
        if layer < model.spec.n_layers {
            let work = match &mut self.work {
                Some(work) => work,
                none => {
                    let mut stream = std::mem::take(&mut self.stream);
                    hooks.rows(Hook::Block(layer, BlockSite::ResidPre), 0..n_pos, &mut stream)?;
                    none.insert(Work::new(&model.spec, layer, stream))
                }
            };
            if work.step(&model, &mut hooks, STEP_FLOP)? == Step::Done
                && let Some(work) = self.work.take()
            {
                let (kept, next) = work.finish();
                if next.iter().any(|value| !value.is_finite()) {
                    return Err(EngineError::NotFinite { layer });
                }
                self.layers.push(kept);
                self.stream = next;
            }
            return Ok(Step::More);
        }
        if let (NormPlacement::Pre, Some(norm)) = (model.spec.norm_placement, &model.final_norm) {
            self.stream = model.norm(norm, &self.stream);
            hooks.rows(Hook::LnFinal, 0..n_pos, &mut self.stream)?;
        }
        self.is_done = true;
        Ok(Step::Done)
    }

    /// Runs to the end without a pause.
    ///
    /// # Errors
    /// Those of [`Run::step`].
    pub fn complete(&mut self) -> Result<(), EngineError> {
        while self.step()? == Step::More {}
        Ok(())
    }

    /// Layers done, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        (self.layers.len(), self.model.spec.n_layers)
    }

    /// What was read.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The model.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// What was captured.
    pub fn captures(&mut self) -> &mut Captures {
        &mut self.captures
    }

    /// A captured activation, in the hook's shape.
    pub fn captured(&self, hook: Hook) -> Option<&[f32]> {
        self.captures.get(hook)
    }

    /// What is kept of a layer that is done.
    ///
    /// # Errors
    /// When there is no such layer, or it is not done.
    pub fn layer(&self, layer: usize) -> Result<&LayerRun, EngineError> {
        let n_layers = self.model.spec.n_layers;
        let missing = || EngineError::Request(format!("layer {layer} is not there: {n_layers} layers, counted from 0"));
        self.layers.get(layer).ok_or_else(missing)
    }

    /// What the unembedding reads: `ln_final.hook_out`, or a post-norm model's last normalised stream. [pos, d_model]
    pub fn final_stream(&self) -> &[f32] {
        if self.is_done { &self.stream } else { &[] }
    }

    /// Logits [positions.len(), d_vocab] after the tokens of some positions.
    ///
    /// # Errors
    /// When the run is not done, a position does not exist, or the checkpoint has no unembedding.
    pub fn logits(&self, positions: Range<usize>) -> Result<Vec<f32>, EngineError> {
        let d_model = self.model.spec.d_model;
        let rows = self.final_stream().get(positions.start * d_model..positions.end * d_model);
        let missing =
            || EngineError::Request(format!("positions {positions:?} are not there: {} tokens", self.tokens.len()));
        self.model.unembed(rows.ok_or_else(missing)?)
    }
}

/// The stream entering the first block, [pos, d_model].
fn embed(model: &Model, tokens: &Tokens, hooks: &mut Hooks<'_>) -> Result<Vec<f32>, EngineError> {
    let (n_pos, d_model) = (tokens.len(), model.spec.d_model);
    let rows = |weight: &super::Weight, indices: &mut dyn Iterator<Item = usize>| {
        let mut rows = vec![0.0; n_pos * d_model];
        for (row, index) in rows.chunks_exact_mut(d_model).zip(indices) {
            weight.copy_row(index.min(weight.n_out() - 1), row);
        }
        rows
    };
    let mut stream = rows(&model.embed, &mut tokens.ids.iter().map(|&id| id as usize));
    hooks.rows(Hook::Embed, 0..n_pos, &mut stream)?;
    let mut add = |hook: Hook, mut more: Vec<f32>| -> Result<(), EngineError> {
        hooks.rows(hook, 0..n_pos, &mut more)?;
        stream.iter_mut().zip(more).for_each(|(value, more)| *value += more);
        Ok(())
    };
    if let Some(types) = &model.token_type_embed {
        add(Hook::TokenTypeEmbed, rows(types, &mut tokens.type_ids.iter().map(|&id| id as usize)))?;
    }
    if let Some(positions) = &model.pos_embed {
        add(Hook::PosEmbed, rows(positions, &mut (0..n_pos)))?;
    }
    if let Some(norm) = &model.embed_norm {
        stream = model.norm(norm, &stream);
        hooks.rows(Hook::FullEmbed, 0..n_pos, &mut stream)?;
    }
    Ok(stream)
}

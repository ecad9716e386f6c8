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
//!
//! What is kept of a layer can be shared: a run with other edits starts again from the first layer they touch (`again`).
//! A run that is done can read one more token, for which only that token's row is computed (`extend`).

mod again;
mod attend;
mod cross;
mod embed;
mod extend;
mod layer;
mod mlp;

use std::ops::Range;
use std::sync::Arc;

use super::edits::CompiledEdits;
use super::error::EngineError;
use super::hooks::{Captures, Hooks};
use super::model::{Model, WideBlock};
use crate::analysis::attention::Tap;
use crate::kernels::finite::is_finite;
use crate::kernels::threads::together;
use crate::trace::{BlockSite, Hook, Tokens};
use layer::Work;

/// Multiplications and additions per step: about 25 ms on one core in a browser.
const STEP_FLOP: usize = 1_000_000_000;

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Call again.
    More,
    /// Everything is there.
    Done,
}

/// What a run keeps of one layer.
#[derive(Clone, Debug, Default)]
pub struct LayerRun {
    /// [pos, d_model]
    pub resid_pre: Vec<f32>,
    /// [pos, n_heads, d_head], before rotation
    pub q: Vec<f32>,
    /// [pos, n_key_value_heads, d_head], before rotation
    pub k: Vec<f32>,
    /// [pos, n_key_value_heads, d_head]
    pub v: Vec<f32>,
    /// Of a decoder that reads an encoder.
    pub cross: Option<CrossRun>,
}

/// What a run keeps of one layer's attention to the encoder.
#[derive(Clone, Debug)]
pub struct CrossRun {
    /// [pos, n_heads, d_head]
    pub q: Vec<f32>,
    /// [source_pos, n_key_value_heads, d_head]
    pub k: Vec<f32>,
    /// [source_pos, n_key_value_heads, d_head]
    pub v: Vec<f32>,
}

/// One input through one model.
#[derive(Debug)]
pub struct Run {
    pub(super) model: Arc<Model>,
    tokens: Tokens,
    /// Tokens that were given; those after them were written.
    n_prompt: usize,
    /// The encoder's run, which a decoder reads.
    source: Option<Arc<Run>>,
    pub(super) edits: CompiledEdits,
    captures: Captures,
    layers: Vec<Arc<LayerRun>>,
    /// The layer that comes next; those before it know all tokens.
    layer: usize,
    work: Option<Work>,
    /// The stream of the new tokens entering the next layer. [pos, d_model]
    stream: Vec<f32>,
    /// What learned positions add to the inputs of queries and keys [pos, d_model]; empty where they are in the stream.
    positions: Vec<f32>,
    /// What the unembedding reads, of tokens that have gone through all layers. [pos, d_model]
    ended: Vec<f32>,
    is_done: bool,
    /// What the run held before all its tokens had to be computed anew, until that is done.
    replaced: Option<Box<extend::Replaced>>,
    /// Which layers are kept once they are done; all, where nothing is said.
    kept_layers: Option<Vec<usize>>,
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
        if model.encoder.is_some() {
            let message = "a decoder reads what an encoder has read: run the encoder first".to_owned();
            return Err(EngineError::Request(message));
        }
        Self::on(model, None, tokens, edits, captures)
    }

    /// Prepares the run of a decoder on what `source`, a run of its encoder that is done, has read.
    ///
    /// # Errors
    /// When the model cannot read the input, or `source` is no such run.
    pub fn decode(
        model: Arc<Model>,
        source: Arc<Run>,
        tokens: Tokens,
        edits: CompiledEdits,
        captures: Captures,
    ) -> Result<Self, EngineError> {
        let is_own = model.encoder.as_ref().is_some_and(|encoder| Arc::ptr_eq(encoder, &source.model));
        if !is_own || !source.is_done {
            return Err(EngineError::Request("this is no finished run of the model's encoder".to_owned()));
        }
        Self::on(model, Some(source), tokens, edits, captures)
    }

    fn on(
        model: Arc<Model>,
        source: Option<Arc<Run>>,
        tokens: Tokens,
        edits: CompiledEdits,
        captures: Captures,
    ) -> Result<Self, EngineError> {
        model.check(&tokens)?;
        Ok(Self {
            layers: Vec::with_capacity(model.spec.n_layers),
            model,
            n_prompt: tokens.len(),
            tokens,
            source,
            edits,
            captures,
            layer: 0,
            work: None,
            stream: Vec::new(),
            positions: Vec::new(),
            ended: Vec::new(),
            is_done: false,
            replaced: None,
            kept_layers: None,
        })
    }

    /// Does the next piece of work.
    ///
    /// # Errors
    /// When an edit cannot be made, or a value is no longer finite.
    pub fn step(&mut self) -> Result<Step, EngineError> {
        self.step_through(None)
    }

    /// The same, with a block that is widened already where it is the one that comes next.
    pub(super) fn step_through(&mut self, wide: Option<&WideBlock>) -> Result<Step, EngineError> {
        if self.is_done {
            return Ok(Step::Done);
        }
        let model = Arc::clone(&self.model);
        let n_pos = self.tokens.len();
        let first = self.ended.len() / model.spec.d_model;
        let source = self.source.as_deref().map(Run::final_stream);
        let mut hooks = Hooks { n_pos, edits: &self.edits, captures: &mut self.captures };
        if self.stream.is_empty() && self.work.is_none() {
            let (stream, positions) = embed::embed(&model, &self.tokens, first, &mut hooks)?;
            self.stream = stream;
            self.positions.truncate(first * model.spec.d_model);
            self.positions.extend(positions);
            return Ok(Step::More);
        }
        let layer = self.layer;
        if layer < model.spec.n_layers {
            let work = match &mut self.work {
                Some(work) => work,
                none => {
                    let mut stream = std::mem::take(&mut self.stream);
                    hooks.rows(Hook::Block(layer, BlockSite::ResidPre), first..n_pos, &mut stream)?;
                    let past = self.layers.get_mut(layer).map(|kept| std::mem::take(Arc::make_mut(kept)));
                    none.insert(Work::new(&model.spec, layer, past, stream, source))
                }
            };
            let wide = wide.filter(|wide| wide.layer == layer).map(|wide| &wide.block);
            let block = wide.unwrap_or(&model.blocks[layer]);
            if work.step((&model, block), &mut hooks, (source, &self.positions), together(STEP_FLOP))? == Step::Done
                && let Some(work) = self.work.take()
            {
                let (kept, next) = work.finish(model.spec.d_model);
                self.keep(layer, kept);
                self.layer += 1;
                self.stream = next;
            }
            return Ok(Step::More);
        }
        if let Some(norm) = &model.final_norm {
            self.stream = model.norm(norm, &self.stream);
            hooks.rows(Hook::LnFinal, first..n_pos, &mut self.stream)?;
        }
        match self.ended.is_empty() {
            true => self.ended = std::mem::take(&mut self.stream),
            false => self.ended.append(&mut self.stream),
        }
        (self.is_done, self.replaced) = (true, None);
        Ok(Step::Done)
    }

    /// Lets the run keep only some of the layers that it computes: of a large model each takes as much as many tokens' worth of
    /// streams, queries, keys and values. Such a run is not taken further.
    pub fn keep_only(&mut self, layers: Vec<usize>) {
        self.kept_layers = Some(layers);
    }

    /// Refuses what needs every layer.
    fn expect_all_layers(&self) -> Result<(), EngineError> {
        match self.kept_layers {
            None => Ok(()),
            Some(_) => {
                Err(EngineError::Request("a run that keeps only some layers cannot be taken further".to_owned()))
            }
        }
    }

    fn keep(&mut self, layer: usize, kept: LayerRun) {
        let is_kept = self.kept_layers.as_ref().is_none_or(|layers| layers.contains(&layer));
        let kept = if is_kept { kept } else { LayerRun::default() };
        match self.layers.get_mut(layer) {
            Some(place) => *place = Arc::new(kept),
            None => self.layers.push(Arc::new(kept)),
        }
    }

    /// Runs to the end without a pause.
    ///
    /// # Errors
    /// Those of [`Run::step`].
    pub fn complete(&mut self) -> Result<(), EngineError> {
        while self.step()? == Step::More {}
        Ok(())
    }

    /// Whether everything is there.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// Layers done, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        (self.layer, self.model.spec.n_layers)
    }

    /// What was read.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The encoder's run that this one reads.
    pub fn source(&self) -> Option<&Arc<Run>> {
        self.source.as_ref()
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
    /// When there is no such layer, it is not done, or it was not to be kept.
    pub fn layer(&self, layer: usize) -> Result<&LayerRun, EngineError> {
        let n_layers = self.model.spec.n_layers;
        let missing = || EngineError::Request(format!("layer {layer} is not there: {n_layers} layers, counted from 0"));
        let kept = self.layers.get(layer).map(Arc::as_ref).ok_or_else(missing)?;
        match kept.resid_pre.is_empty() {
            true => Err(EngineError::Request(format!("layer {layer} was not kept in this run"))),
            false => Ok(kept),
        }
    }

    /// How many tokens were given; those after them were written.
    pub fn n_prompt(&self) -> usize {
        self.n_prompt
    }

    /// What the unembedding reads: `ln_final.hook_out`, or a post-norm model's last normalised stream. [pos, d_model]
    pub fn final_stream(&self) -> &[f32] {
        if self.is_done { &self.ended } else { &[] }
    }

    /// Logits [positions.len(), d_vocab] after the tokens of some positions.
    ///
    /// # Errors
    /// When the run is not done, a position does not exist, the checkpoint has no unembedding, or a logit is NaN or +∞.
    pub fn logits(&self, positions: Range<usize>) -> Result<Vec<f32>, EngineError> {
        let d_model = self.model.spec.d_model;
        let rows = self.final_stream().get(positions.start * d_model..positions.end * d_model);
        let missing =
            || EngineError::Request(format!("positions {positions:?} are not there: {} tokens", self.tokens.len()));
        let logits = self.model.unembed(rows.ok_or_else(missing)?)?;
        // −∞ is a token that never follows: some checkpoints have biases of −∞.
        let is_wrong = |logit: &f32| logit.is_nan() || *logit == f32::INFINITY;
        match if is_finite(&logits) { None } else { logits.iter().position(is_wrong) } {
            None => Ok(logits),
            Some(index) => {
                let position = positions.start + index / self.model.spec.d_vocab;
                Err(EngineError::LogitsNotFinite { position })
            }
        }
    }
}

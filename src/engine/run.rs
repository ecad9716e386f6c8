//! One input through one model, step by step: embedding (`embed`), one block after another (`block`), final norm.
//!
//! A step takes some tens of milliseconds, so its caller can stop between any two. A run keeps, per layer, the stream
//! entering it and q, k, v as projected; patterns are made again from these when a view asks, through the same hooks.
//! Rejected: whole layers as steps (half a second at 1,024 tokens), and keeping patterns (n² numbers per head).
//!
//! Runs share what they keep of a layer: a run with other edits starts again from the first layer that the edits change
//! (`again`). A finished run can read one more token, for which it computes that token's row only (`extend`).

mod again;
pub(super) mod block;
pub(super) mod conv;
pub(super) mod embed;
pub(super) mod experts;
mod extend;
mod logits;
pub(super) mod phase;
pub(super) mod sublayers;
mod together;

use std::ops::Range;
use std::sync::Arc;

use super::edits::CompiledEdits;
use super::error::EngineError;
use super::hooks::{Captures, Hooks};
use super::model::{Model, WideBlock};
use crate::analysis::attention::Tap;
use crate::kernels::threads::together;
use crate::trace::{BlockSite, Hook, Tokens};
use block::BlockRun;
use sublayers::BlockContext;
pub(super) use together::{rows_of_a_step, step_together};

/// Multiplications and additions per step: about 25 ms on one core in a browser.
const STEP_FLOP: usize = 1_000_000_000;

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Call again.
    More,
    /// Everything is done; another call does nothing.
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
    /// Cross-attention, in a decoder that reads an encoder.
    pub cross: Option<CrossRun>,
}

/// What a run keeps of one layer's attention to the encoder.
#[derive(Clone, Debug, Default)]
pub struct CrossRun {
    /// [pos, n_heads, d_head]
    pub q: Vec<f32>,
    /// [source_pos, n_key_value_heads, d_head]
    pub k: Vec<f32>,
    /// [source_pos, n_key_value_heads, d_head]
    pub v: Vec<f32>,
}

/// One input through one model.
///
/// ```
/// use std::sync::Arc;
///
/// use headlight::engine::{Captures, CompiledEdits, Model, Run, Step, top_predictions};
/// use headlight::trace::{BlockSite, Hook};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = std::fs::read_to_string("tests/fixtures/golden/gpt2/config.json")?;
/// let model = Arc::new(Model::seeded(&config, 7)?);
/// let tokens = model.tokens_from_ids(&[5, 17, 42, 8])?;
/// let hidden = Hook::Block(1, BlockSite::MlpPost);
///
/// let mut run = Run::new(model, tokens, CompiledEdits::none(), Captures::of([hidden]))?;
/// while run.step()? == Step::More {
///     // Between two steps a caller can report progress, or drop the run.
/// }
/// let pattern = run.attention(0)?.pattern(2)?;                 // [query_pos, key_pos]
/// assert!((pattern[12..].iter().sum::<f32>() - 1.0).abs() < 1e-6);
/// assert_eq!(run.activation(hidden)?.len(), 4 * 192);          // [pos, d_mlp]
/// assert_eq!(top_predictions(&run, 3, 5)?.len(), 5);
/// # Ok(())
/// # }
/// ```
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
    /// The next layer; the layers before it have read all tokens.
    layer: usize,
    /// The block of `layer`, once it has begun.
    block: Option<BlockRun>,
    /// The stream of the new tokens entering the next layer. [pos, d_model]
    stream: Vec<f32>,
    /// What positions add to the inputs of queries and keys [pos, d_model]; empty where they are in the stream.
    positions: Vec<f32>,
    /// What the unembedding reads, for tokens that have gone through all layers. [pos, d_model]
    ended: Vec<f32>,
    is_done: bool,
    /// What the run held before all its tokens had to be computed anew, until that is done.
    replaced: Option<Box<extend::Replaced>>,
    /// The layers to keep; `None` keeps all.
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
            let message = "this model has an encoder: run it first, then the decoder on its run".to_owned();
            return Err(EngineError::Request(message));
        }
        Self::on(model, None, tokens, edits, captures)
    }

    /// Prepares the run of a decoder that attends to `source`, a finished run of its encoder.
    ///
    /// # Errors
    /// When the model cannot read the input, or `source` is not a finished run of its encoder.
    pub fn decode(
        model: Arc<Model>,
        source: Arc<Run>,
        tokens: Tokens,
        edits: CompiledEdits,
        captures: Captures,
    ) -> Result<Self, EngineError> {
        let is_own = model.encoder.as_ref().is_some_and(|encoder| Arc::ptr_eq(encoder, &source.model));
        if !is_own || !source.is_done {
            return Err(EngineError::Request("the source is not a finished run of this model's encoder".to_owned()));
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
            block: None,
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

    /// Takes a step with a block whose weights are widened already, if that block comes next.
    pub(super) fn step_through(&mut self, wide: Option<&WideBlock>) -> Result<Step, EngineError> {
        if self.is_done {
            return Ok(Step::Done);
        }
        if self.stream.is_empty() && self.block.is_none() {
            self.step_embed()?;
        } else if self.layer < self.model.spec.n_layers {
            self.step_block(wide)?;
        } else {
            self.step_final_norm()?;
            return Ok(Step::Done);
        }
        Ok(Step::More)
    }

    /// The embedding of the tokens that are new.
    fn step_embed(&mut self) -> Result<(), EngineError> {
        let (d_model, new) = (self.model.spec.d_model, self.new_positions());
        let mut hooks = Hooks { n_pos: new.end, edits: &self.edits, captures: &mut self.captures };
        let (stream, positions) = embed::embed(&self.model, &self.tokens, new.start, &mut hooks)?;
        self.stream = stream;
        self.positions.truncate(new.start * d_model);
        self.positions.extend(positions);
        Ok(())
    }

    /// The next rows of the next block.
    fn step_block(&mut self, wide: Option<&WideBlock>) -> Result<(), EngineError> {
        let (layer, new) = (self.layer, self.new_positions());
        let model = Arc::clone(&self.model);
        let source = self.source.as_deref().map(Run::final_stream);
        let mut hooks = Hooks { n_pos: new.end, edits: &self.edits, captures: &mut self.captures };
        let block = match &mut self.block {
            Some(block) => block,
            none => {
                let mut stream = std::mem::take(&mut self.stream);
                hooks.rows(Hook::Block(layer, BlockSite::ResidPre), new, &mut stream)?;
                let kept = self.layers.get_mut(layer).map(|kept| std::mem::take(Arc::make_mut(kept)));
                let n_source = source.map(|source| source.len() / model.spec.d_model);
                none.insert(BlockRun::new(&model.spec, kept, stream, n_source))
            }
        };
        let wide = wide.filter(|wide| wide.layer == layer).map(|wide| &wide.block);
        let mut context = BlockContext {
            model: &model,
            weights: wide.unwrap_or(&model.blocks[layer]),
            layer,
            positions: &self.positions,
            source: source.unwrap_or_default(),
            hooks: &mut hooks,
        };
        if block.step(&mut context, together(STEP_FLOP))? == Step::Done
            && let Some(block) = self.block.take()
        {
            let (kept, next) = block.finish(model.spec.d_model);
            self.keep(layer, kept);
            self.layer += 1;
            self.stream = next;
        }
        Ok(())
    }

    /// What the unembedding reads of the new tokens.
    fn step_final_norm(&mut self) -> Result<(), EngineError> {
        let new = self.new_positions();
        if let Some(norm) = &self.model.final_norm {
            let mut hooks = Hooks { n_pos: new.end, edits: &self.edits, captures: &mut self.captures };
            self.stream = self.model.norm(norm, &self.stream);
            hooks.rows(Hook::LnFinal, new, &mut self.stream)?;
        }
        match self.ended.is_empty() {
            true => self.ended = std::mem::take(&mut self.stream),
            false => self.ended.append(&mut self.stream),
        }
        (self.is_done, self.replaced) = (true, None);
        Ok(())
    }

    /// The positions whose rows this pass computes: all, or those pushed since the run was last done.
    fn new_positions(&self) -> Range<usize> {
        self.ended.len() / self.model.spec.d_model..self.tokens.len()
    }

    /// Lets the run keep only some of the layers that it computes, since of a large model and a long input each layer's stream,
    /// queries, keys and values take much memory. Such a run is not taken further.
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

    /// How many layers are done, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        (self.layer, self.model.spec.n_layers)
    }

    /// The tokens that the run reads.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The encoder's run that this one reads.
    pub fn source(&self) -> Option<&Arc<Run>> {
        self.source.as_ref()
    }

    /// The model, or the decoder of a model with two stacks.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The captured activations, to be taken or cleared.
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

    /// The same, to be kept beside the run.
    pub(super) fn shared_layer(&self, layer: usize) -> Result<Arc<LayerRun>, EngineError> {
        self.layer(layer).map(|_| Arc::clone(&self.layers[layer]))
    }

    /// How many tokens were given; those after them were written.
    pub fn n_prompt(&self) -> usize {
        self.n_prompt
    }

    /// What the unembedding reads: `ln_final.hook_out`, or a post-norm model's last normalised stream. [pos, d_model]
    pub fn final_stream(&self) -> &[f32] {
        if self.is_done { &self.ended } else { &[] }
    }

    /// The stream that enters the next layer, between two layers of a run under way. [pos, d_model]
    pub(super) fn entering(&self) -> &[f32] {
        &self.stream
    }
}

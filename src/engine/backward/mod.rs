//! The reverse pass: from an outcome of a finished run back through the model, ∂M/∂a for every hook a that somebody asks for.
//!
//! It works from what a run keeps (the stream entering each layer, q, k, v) and makes a layer's inside again, a few rows at a time, so
//! that it needs no second memory of n² or d_mlp numbers for all layers. Every step of the model has its reverse beside it: kernels and
//! `analysis::attention` in the same files, `run/block` in `block`, `run/sublayers` in `sublayers`, `run/embed` in `embed`, edits in
//! `edits/reverse`. An architecture that needs no new step needs nothing here.
//!
//! A gradient is by the activation as later steps read it, after the edits of its hook. Weights have no gradients: nothing is
//! trained.
//!
//! ```
//! use std::sync::Arc;
//!
//! use headlight::analysis::inside::direct::Contrast;
//! use headlight::engine::backward::{Asked, Backward, Differentiated};
//! use headlight::engine::{Captures, CompiledEdits, Model, Run, Step};
//! use headlight::trace::{BlockSite, Hook};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let config = std::fs::read_to_string("tests/fixtures/golden/gpt2/config.json")?;
//! let model = Arc::new(Model::seeded(&config, 7)?);
//! let tokens = model.tokens_from_ids(&[5, 17, 42, 8])?;
//! let mut run = Run::new(model, tokens, CompiledEdits::none(), Captures::none())?;
//! run.complete()?;
//!
//! let contrast = Contrast { answers: vec![5], others: vec![9] };
//! let asked = Asked::of([Hook::Block(1, BlockSite::Z)]);
//! let mut backward = Backward::new(Arc::new(run), Differentiated::Logits { contrast, position: 3 }, asked)?;
//! while backward.step()? == Step::More {
//!     // Between two steps a caller can report progress, or drop the pass.
//! }
//! let parts = backward.drain();
//! assert_eq!(parts[0].gradient.len(), 4 * 48);                 // [pos, n_heads, d_head]
//! # Ok(())
//! # }
//! ```

mod attention;
mod block;
mod conv;
mod embed;
mod hooks;
mod outcome;
mod stack;
mod sublayers;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::EngineError;
use super::run::{Run, Step};
use crate::trace::{Hook, Stack, StackHook};

pub use outcome::Differentiated;

use outcome::Start;
use stack::StackReverse;

/// The gradients that a reverse pass hands out.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Of the only stack, or of the decoder.
    own: BTreeSet<Hook>,
    /// Of the encoder.
    encoder: BTreeSet<Hook>,
    /// Whether the activations come with their gradients.
    has_values: bool,
}

impl Asked {
    /// Those by these hooks of the only stack, or of the decoder.
    pub fn of(hooks: impl IntoIterator<Item = Hook>) -> Self {
        Self { own: hooks.into_iter().collect(), ..Self::default() }
    }

    /// Those by the hooks of all stacks that a run goes through and `is_wanted` names.
    pub fn matching(run: &Run, is_wanted: impl Fn(StackHook) -> bool) -> Self {
        let stack = run.source().map(|_| Stack::Decoder);
        let hooks = |run: &Run, stack: Option<Stack>| -> BTreeSet<Hook> {
            let all = Hook::all(run.model().spec()).into_iter();
            all.filter(|&hook| is_wanted(StackHook { stack, hook })).collect()
        };
        let encoder = run.source().map(|source| hooks(source, Some(Stack::Encoder))).unwrap_or_default();
        Self { own: hooks(run, stack), encoder, has_values: false }
    }

    /// The same with the activations beside their gradients.
    #[must_use]
    pub fn with_values(self) -> Self {
        Self { has_values: true, ..self }
    }
}

/// The gradient of the outcome by one activation.
#[derive(Clone, Debug, PartialEq)]
pub struct HookGradient {
    /// The activation.
    pub hook: StackHook,
    /// In the hook's shape.
    pub gradient: Vec<f32>,
    /// The activation itself, where it was asked for.
    pub value: Option<Vec<f32>>,
}

/// A reverse pass under way. Gradients are handed out layer by layer, the last layer first.
#[derive(Debug)]
pub struct Backward {
    run: Arc<Run>,
    start: Option<Start>,
    value: f64,
    reads: Vec<usize>,
    stack: Option<StackReverse>,
    asked: Asked,
    parts: Vec<HookGradient>,
    /// Stacks that are done.
    n_stacks_done: usize,
}

impl Backward {
    /// Prepares the reverse of a finished run.
    ///
    /// # Errors
    /// When the run is not done, has not kept every layer, or has no such outcome.
    pub fn new(run: Arc<Run>, of: Differentiated, asked: Asked) -> Result<Self, EngineError> {
        let start = Some(Start::new(&run, of)?);
        Ok(Self {
            run,
            start,
            value: f64::NAN,
            reads: Vec::new(),
            stack: None,
            asked,
            parts: Vec::new(),
            n_stacks_done: 0,
        })
    }

    /// Does the next piece of work, some tens of milliseconds.
    ///
    /// # Errors
    /// When a layer was not kept, or its inside cannot be made again.
    pub fn step(&mut self) -> Result<Step, EngineError> {
        if let Some(start) = &mut self.start {
            if start.step(&self.run)? == Step::Done
                && let Some(start) = self.start.take()
            {
                self.value = start.value;
                let rows = start.grad.chunks_exact(self.run.model().spec().d_model).enumerate();
                let read = rows.filter(|(_, row)| row.iter().any(|grad| *grad != 0.0));
                self.reads = read.map(|(position, _)| position).collect();
                let asked = std::mem::take(&mut self.asked.own);
                self.stack = Some(StackReverse::new(
                    Arc::clone(&self.run),
                    self.run.source().map(|_| Stack::Decoder),
                    (asked, self.asked.has_values),
                    start.grad,
                    !self.asked.encoder.is_empty(),
                )?);
            }
            return Ok(Step::More);
        }
        let Some(stack) = &mut self.stack else { return Ok(Step::Done) };
        let step = stack.step()?;
        self.parts.append(&mut stack.parts);
        if step == Step::More {
            return Ok(Step::More);
        }
        let grad = self.stack.take().map(|stack| stack.source).unwrap_or_default();
        self.n_stacks_done += 1;
        let encoder = self.run.source().filter(|_| self.n_stacks_done == 1 && !self.asked.encoder.is_empty());
        let Some(encoder) = encoder else { return Ok(Step::Done) };
        let asked = (std::mem::take(&mut self.asked.encoder), self.asked.has_values);
        self.stack = Some(StackReverse::new(Arc::clone(encoder), Some(Stack::Encoder), asked, grad, false)?);
        Ok(Step::More)
    }

    /// The outcome, once the first step is done; NaN before.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The positions at which the outcome reads the last stream, once the first step is done.
    pub fn reads(&self) -> &[usize] {
        &self.reads
    }

    /// How many layers are done, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        let n_layers = |run: &Run| run.model().spec().n_layers;
        let (own, encoder) = (n_layers(&self.run), self.run.source().map_or(0, |source| n_layers(source)));
        let before = if self.n_stacks_done > 0 { own } else { 0 };
        let done = match (&self.stack, self.n_stacks_done) {
            (Some(stack), _) => before + stack.n_layers_done(),
            (None, 0) => 0,
            (None, _) => own + encoder,
        };
        (done, own + encoder)
    }

    /// The gradients that were completed since the last call.
    pub fn drain(&mut self) -> Vec<HookGradient> {
        std::mem::take(&mut self.parts)
    }
}

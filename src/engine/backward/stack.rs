//! The reverse of one stack: final norm, one block after another from the last, embedding.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::HookGradient;
use super::block::BlockReverse;
use super::embed::embed_reverse;
use super::hooks::{Kept, ReverseHooks};
use super::sublayers::ReverseContext;
use crate::engine::error::EngineError;
use crate::engine::hooks::{Captures, Hooks};
use crate::engine::run::sublayers::BlockContext;
use crate::engine::run::{Run, Step};
use crate::kernels::threads::together;
use crate::trace::spec::Positions;
use crate::trace::{BlockSite, Hook, Stack, StackHook};

/// Multiplications and additions per step: about 25 ms on one core in a browser.
const STEP_FLOP: usize = 800_000_000;

/// The reverse of a stack under way.
#[derive(Debug)]
pub(super) struct StackReverse {
    run: Arc<Run>,
    stack: Option<Stack>,
    asked: BTreeSet<Hook>,
    has_values: bool,
    /// Activations that are made again and asked for, and the means that edits have made.
    captures: Captures,
    kept: Kept,
    /// Gradient by what the next block reads. [pos, d_model]
    next: Vec<f32>,
    /// Layers that are not done; the last of them is next.
    n_layers_left: usize,
    /// Layers below need no reverse.
    lowest: usize,
    block: Option<BlockReverse>,
    is_done: bool,
    /// By what positions add beside the stream. [pos, d_model]
    positions: Vec<f32>,
    /// By the encoder's last stream. [source_pos, d_model]
    pub source: Vec<f32>,
    pub parts: Vec<HookGradient>,
}

impl StackReverse {
    /// Starts at the gradient by the final stream. `reaches_source`: whether the encoder's gradients are wanted, for which every layer
    /// is gone through.
    pub fn new(
        run: Arc<Run>,
        stack: Option<Stack>,
        (asked, has_values): (BTreeSet<Hook>, bool),
        mut grad: Vec<f32>,
        reaches_source: bool,
    ) -> Result<Self, EngineError> {
        let spec = run.model().spec();
        for layer in 0..spec.n_layers {
            run.layer(layer)?;
        }
        let made = asked.iter().copied().filter(|hook| has_values && Run::must_capture(*hook));
        let captures = run.remaking(made);
        let is_beside = spec.positions == Positions::Shortformer;
        let positions = if is_beside { vec![0.0; grad.len()] } else { Vec::new() };
        let source = run.source().map_or(0, |source| source.final_stream().len());
        let lowest = asked.iter().map(|hook| match hook {
            Hook::Block(layer, _) => *layer,
            Hook::LnFinal => spec.n_layers,
            _ => 0,
        });
        let lowest = if reaches_source { 0 } else { lowest.min().unwrap_or(spec.n_layers) };
        let mut kept = Kept::new();
        let mut back = ReverseHooks { n_pos: run.tokens().len(), edits: &run.edits, asked: &asked, kept: &mut kept };
        if run.model().final_norm.is_some() {
            back.rows(Hook::LnFinal, &(0..run.tokens().len()), &mut grad);
        }
        let mut this = Self {
            n_layers_left: spec.n_layers,
            source: vec![0.0; source],
            run,
            stack,
            asked,
            has_values,
            captures,
            kept,
            next: grad,
            lowest,
            block: None,
            is_done: false,
            positions,
            parts: Vec::new(),
        };
        this.collect()?;
        Ok(this)
    }

    pub fn n_layers_done(&self) -> usize {
        self.run.model().spec().n_layers - self.n_layers_left
    }

    pub fn step(&mut self) -> Result<Step, EngineError> {
        if self.n_layers_left > self.lowest {
            self.step_block()?;
            return Ok(Step::More);
        }
        if !self.is_done && self.asked.iter().any(|hook| hook.layer().is_none() && *hook != Hook::LnFinal) {
            self.embedding()?;
        }
        self.is_done = true;
        Ok(Step::Done)
    }

    fn step_block(&mut self) -> Result<(), EngineError> {
        let layer = self.n_layers_left - 1;
        let run = Arc::clone(&self.run);
        let (model, n_pos) = (run.model(), run.tokens().len());
        let mut hooks = Hooks { n_pos, edits: &run.edits, captures: &mut self.captures };
        let is_last = layer + 1 == model.spec().n_layers;
        let mut cx = ReverseContext {
            forward: BlockContext {
                model,
                weights: &model.blocks[layer],
                layer,
                positions: run.positions_beside(),
                source: run.source().map(|source| source.final_stream()).unwrap_or_default(),
                hooks: &mut hooks,
            },
            back: ReverseHooks { n_pos, edits: &run.edits, asked: &self.asked, kept: &mut self.kept },
            final_norm: model.final_norm.as_ref().filter(|_| is_last),
            positions: &mut self.positions,
            source: &mut self.source,
        };
        let block = match &mut self.block {
            Some(block) => block,
            none => {
                let block = BlockReverse::new(&mut cx, run.layer(layer)?, std::mem::take(&mut self.next))?;
                none.insert(block)
            }
        };
        if block.step(&mut cx, together(STEP_FLOP))? == Step::More {
            return Ok(());
        }
        if let Some(block) = self.block.take() {
            self.next = block.finish();
            cx.pass(BlockSite::ResidPre, &(0..n_pos), &mut self.next);
            self.n_layers_left = layer;
            self.collect()?;
        }
        Ok(())
    }

    fn embedding(&mut self) -> Result<(), EngineError> {
        let run = Arc::clone(&self.run);
        let n_pos = run.tokens().len();
        let mut hooks = Hooks { n_pos, edits: &run.edits, captures: &mut self.captures };
        let mut back = ReverseHooks { n_pos, edits: &run.edits, asked: &self.asked, kept: &mut self.kept };
        let (grad, beside) = (std::mem::take(&mut self.next), std::mem::take(&mut self.positions));
        embed_reverse(run.model(), run.tokens(), grad, beside, &mut hooks, &mut back)?;
        self.collect()
    }

    /// Hands out what is complete: gradients by hooks that every row has passed.
    fn collect(&mut self) -> Result<(), EngineError> {
        for (hook, gradient) in std::mem::take(&mut self.kept) {
            let value = match (self.has_values, self.captures.take(hook)) {
                (false, _) => None,
                (true, Some(value)) => Some(value),
                (true, None) => Some(self.run.activation(hook)?),
            };
            self.parts.push(HookGradient { hook: StackHook { stack: self.stack, hook }, gradient, value });
        }
        Ok(())
    }
}

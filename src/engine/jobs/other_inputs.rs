//! Activations that patches take from other inputs of the same model: each input is run once, without edits.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Job, Progress, not_done};
use crate::edit::{Edit, PatchFrom};
use crate::engine::edits::{CompiledEdits, PatchValues, patches};
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::model::Model;
use crate::engine::run::{Run, Step};
use crate::trace::{Hook, Lengths, Stack, Tokens};

/// Gathers what the patches among some edits take from texts and token ids. Trace files are the caller's to read; a patch whose
/// values nobody supplies is refused when the edits are bound.
#[derive(Debug)]
pub struct OtherInputs {
    model: Arc<Model>,
    target: Option<Box<Tokens>>,
    waiting: VecDeque<(PatchFrom, Vec<Hook>)>,
    running: Option<(PatchFrom, Vec<Hook>, Run)>,
    values: PatchValues,
}

impl OtherInputs {
    /// For the edits of one stack, `None` in models with one. `model` is the whole model; `values` are those at hand, such as a
    /// trace file's. Of edits of a decoder, `target` is what it reads beside each other input of the encoder.
    pub fn new(
        model: Arc<Model>,
        edits: &[Edit],
        (stack, target): (Option<Stack>, Option<Tokens>),
        lengths: Lengths,
        values: PatchValues,
    ) -> Self {
        let mut waiting: VecDeque<_> = patches(edits, model.spec(), stack, lengths).into();
        waiting.iter_mut().for_each(|(from, hooks)| hooks.retain(|hook| values.get(from, *hook).is_none()));
        // A text says nothing about what a decoder reads.
        let has_target = stack != Some(Stack::Decoder) || target.is_some();
        let can_run = |from: &PatchFrom| !matches!(from, PatchFrom::Trace(_)) && has_target;
        waiting.retain(|(from, hooks)| can_run(from) && !hooks.is_empty());
        Self { model, target: target.map(Box::new), waiting, running: None, values }
    }

    /// A run of the only stack, or of the encoder.
    fn run(&self, from: &PatchFrom, hooks: &[Hook]) -> Result<Run, EngineError> {
        let reader = self.model.encoder().unwrap_or(&self.model);
        let tokens = match from {
            PatchFrom::Text(text, pair) => self.model.encode(text, pair.as_deref())?,
            PatchFrom::Ids(ids) => reader.tokens_from_ids(ids)?,
            PatchFrom::Trace(name) => {
                return Err(EngineError::Request(format!("{name} is a trace file, not an input")));
            }
        };
        let captures = if self.target.is_some() { Captures::none() } else { captures(hooks) };
        Run::new(Arc::clone(reader), tokens, CompiledEdits::none(), captures)
    }
}

impl Job for OtherInputs {
    type Part = ();
    type Output = PatchValues;

    fn step(&mut self) -> Result<Step, EngineError> {
        match &mut self.running {
            Some((_, _, run)) if !run.is_done() => {
                run.step()?;
            }
            Some((_, hooks, run)) if run.source().is_none() && self.target.is_some() => {
                let (model, target) = (Arc::clone(&self.model), self.target.clone().ok_or_else(not_done)?);
                let source = Arc::new(run.twin()?);
                *run = Run::decode(model, source, *target, CompiledEdits::none(), captures(hooks))?;
            }
            // One activation per step: patterns of all heads take a while.
            Some((from, hooks, run)) => match hooks.pop() {
                Some(hook) => self.values.insert(from, hook, run.activation(hook)?),
                None => self.running = None,
            },
            None => match self.waiting.pop_front() {
                Some((from, hooks)) => {
                    let run = self.run(&from, &hooks)?;
                    self.running = Some((from, hooks, run));
                }
                None => return Ok(Step::Done),
            },
        }
        Ok(Step::More)
    }

    fn progress(&self) -> Progress {
        Progress::blocks(self.running.as_ref().map_or((0, 1), |(_, _, run)| run.progress()))
    }

    fn finish(self) -> Result<PatchValues, EngineError> {
        if self.running.is_some() || !self.waiting.is_empty() { Err(not_done()) } else { Ok(self.values) }
    }
}

/// What a run captures of the activations that patches take.
fn captures(hooks: &[Hook]) -> Captures {
    Captures::of(hooks.iter().copied().filter(|hook| Run::must_capture(*hook)))
}

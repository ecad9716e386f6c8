//! Exact effects, one after the other: of heads, each of which is zeroed or takes another text's z, or of any edits. Everything after
//! the edit runs again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::{Job, Progress, Unit, not_done};
use crate::engine::backward::{Asked, Backward, Differentiated};
use crate::engine::edits::CompiledEdits;
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::run::{Run, Step};
use crate::trace::{Attn, BlockSite, Hook, Stack, StackHook};

/// A head of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeadPlace {
    /// The stack, where there are two.
    pub stack: Option<Stack>,
    /// Over the stack's own positions or the encoder's.
    pub attn: Attn,
    /// The layer.
    pub layer: usize,
    /// The head.
    pub head: usize,
}

impl HeadPlace {
    /// The hook of its z.
    pub fn hook(self) -> StackHook {
        StackHook { stack: self.stack, hook: Hook::Block(self.layer, BlockSite::Z.in_attn(self.attn)) }
    }
}

/// All edits of the encoder, where they are others than those in force, and of the only stack or the decoder.
pub(super) type StackEdits = (Option<CompiledEdits>, CompiledEdits);

/// Exact effects under way. The answer is M_edited − M of each place.
#[derive(Debug)]
pub struct ExactJob {
    run: Arc<Run>,
    of: Differentiated,
    outcome: f64,
    waiting: VecDeque<StackEdits>,
    n_places: usize,
    stage: Option<Stage>,
    effects: Vec<f64>,
}

#[derive(Debug)]
enum Stage {
    /// The encoder's, and the edits of the decoder.
    Encoder(Box<Run>, CompiledEdits),
    Run(Box<Run>),
    Measure(Box<Backward>),
}

impl ExactJob {
    /// Prepares the effects of `places` on an outcome whose value in `run` is `outcome`. `patched`: the z that heads take; those that
    /// are not there are zeroed.
    pub fn new(
        run: Arc<Run>,
        of: Differentiated,
        outcome: f64,
        places: Vec<HeadPlace>,
        patched: BTreeMap<StackHook, Arc<[f32]>>,
    ) -> Self {
        let edited = |place: &HeadPlace| {
            let hook = place.hook();
            let of_encoder = run.source().filter(|_| place.stack == Some(Stack::Encoder));
            let own = of_encoder.unwrap_or(&run);
            let values = patched.get(&hook).cloned().map(|values| (values, own.tokens().len()));
            let n_heads = own.model().spec().n_heads;
            let edits = own.edits.with_head(hook.hook, place.head, n_heads, values);
            if of_encoder.is_some() { (Some(edits), run.edits.clone()) } else { (None, edits) }
        };
        let waiting = places.iter().map(edited).collect();
        Self::of_edits(run, of, outcome, waiting)
    }

    /// Prepares the effects of edits, each a set of its own with those in force.
    pub(super) fn of_edits(run: Arc<Run>, of: Differentiated, outcome: f64, waiting: VecDeque<StackEdits>) -> Self {
        let n_places = waiting.len();
        Self { run, of, outcome, waiting, n_places, stage: None, effects: Vec::new() }
    }

    fn start(&self, (of_encoder, edits): StackEdits) -> Result<Stage, EngineError> {
        Ok(match self.run.source().zip(of_encoder) {
            Some((source, reading)) => Stage::Encoder(Box::new(source.again(reading, Captures::none())?), edits),
            None => Stage::Run(Box::new(self.run.again(edits, Captures::none())?)),
        })
    }
}

impl Job for ExactJob {
    type Part = ();
    type Output = Vec<f64>;

    fn step(&mut self) -> Result<Step, EngineError> {
        self.stage = match self.stage.take() {
            None => match self.waiting.pop_front() {
                Some(edited) => Some(self.start(edited)?),
                None => return Ok(Step::Done),
            },
            Some(Stage::Encoder(mut run, edits)) => match run.step()? {
                Step::More => Some(Stage::Encoder(run, edits)),
                Step::Done => {
                    let (model, tokens) = (Arc::clone(self.run.model()), self.run.tokens().clone());
                    let run = Run::decode(model, Arc::new(*run), tokens, edits, Captures::none())?;
                    Some(Stage::Run(Box::new(run)))
                }
            },
            Some(Stage::Run(mut run)) => match run.step()? {
                Step::More => Some(Stage::Run(run)),
                Step::Done => {
                    let measure = Backward::new(Arc::new(*run), self.of.clone(), Asked::default())?;
                    Some(Stage::Measure(Box::new(measure)))
                }
            },
            Some(Stage::Measure(mut measure)) => match measure.step()? {
                Step::More => Some(Stage::Measure(measure)),
                Step::Done => {
                    self.effects.push(measure.value() - self.outcome);
                    None
                }
            },
        };
        Ok(if self.effects.len() == self.n_places { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        Progress { unit: Unit::SweepBlocks, done: self.effects.len(), total: self.n_places }
    }

    fn finish(self) -> Result<Vec<f64>, EngineError> {
        if self.effects.len() == self.n_places { Ok(self.effects) } else { Err(not_done()) }
    }
}

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

/// Exact effects under way. The answer is M_edited − M of each place.
#[derive(Debug)]
pub struct ExactJob {
    run: Arc<Run>,
    of: Differentiated,
    outcome: f64,
    /// Whether the edits are the encoder's, and all that act in the stack.
    waiting: VecDeque<(bool, CompiledEdits)>,
    n_places: usize,
    stage: Option<Stage>,
    effects: Vec<f64>,
}

#[derive(Debug)]
enum Stage {
    Encoder(Box<Run>),
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
            (of_encoder.is_some(), own.edits.with_head(hook.hook, place.head, n_heads, values))
        };
        let waiting = places.iter().map(edited).collect();
        Self::of(run, of, outcome, waiting)
    }

    /// Prepares the effects of edits of the only stack or the decoder, each a set of its own with those in force.
    pub(super) fn of_edits(run: Arc<Run>, of: Differentiated, outcome: f64, edits: Vec<CompiledEdits>) -> Self {
        Self::of(run, of, outcome, edits.into_iter().map(|edits| (false, edits)).collect())
    }

    fn of(run: Arc<Run>, of: Differentiated, outcome: f64, waiting: VecDeque<(bool, CompiledEdits)>) -> Self {
        let n_places = waiting.len();
        Self { run, of, outcome, waiting, n_places, stage: None, effects: Vec::new() }
    }

    fn start(&self, (of_encoder, edits): (bool, CompiledEdits)) -> Result<Stage, EngineError> {
        let source = self.run.source().filter(|_| of_encoder);
        let run = Box::new(source.unwrap_or(&self.run).again(edits, Captures::none())?);
        Ok(if of_encoder { Stage::Encoder(run) } else { Stage::Run(run) })
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
            Some(Stage::Encoder(mut run)) => match run.step()? {
                Step::More => Some(Stage::Encoder(run)),
                Step::Done => {
                    let (model, tokens) = (Arc::clone(self.run.model()), self.run.tokens().clone());
                    let edits = self.run.edits.clone();
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

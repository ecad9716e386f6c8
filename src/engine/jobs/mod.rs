//! Experiments that run the model, as values that a driver steps: a run, a sweep, a comparison, scores over several inputs.
//!
//! ```
//! use std::sync::Arc;
//!
//! use headlight::engine::jobs::{Job, Measure, SweepJob, SweepKind};
//! use headlight::engine::{Captures, CompiledEdits, Model, Outcome, Run, Step};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let config = std::fs::read_to_string("tests/fixtures/golden/gpt2/config.json")?;
//! let model = Arc::new(Model::seeded(&config, 7)?);
//! let tokens = model.tokens_from_ids(&[5, 17, 42, 8])?;
//! let mut base = Run::new(model, tokens, CompiledEdits::none(), Captures::none())?;
//! base.complete()?;
//!
//! let measure = Measure::Tokens(Outcome::pair(5, 9, None));
//! let mut job = SweepJob::new(Arc::new(base), Vec::new(), SweepKind::ZeroHeads, measure)?;
//! let mut cells = Vec::new();
//! let result = loop {
//!     let step = job.step()?;                  // some tens of milliseconds of work
//!     cells.extend(job.drain());               // what is complete so far
//!     let _bar = job.progress();
//!     if step == Step::Done {
//!         break job.finish()?;
//!     }
//! };
//! assert_eq!(cells.len(), 3 * 4);
//! assert!(result.base.value().is_finite());
//! # Ok(())
//! # }
//! ```
//!
//! A job waits for nothing and knows no clock, browser or terminal. Its driver (`worker::drive`, or [`complete`] on the command
//! line and in tests) decides when to go on, and cancels it between two steps by dropping it. The runs that a job starts from
//! are shared (`Arc<Run>`) and never changed, so that a cancelled or failed job leaves nothing behind.
//!
//! Parts are plain values and, with the arguments of the job, its whole state: a driver that keeps them can make the same job
//! again after a reload and hand them back (`SweepJob::resume`, `ScoresJob::resume`); the job then goes on from there.
//! Rejected: futures (natively a job needs no executor, and a future cannot be asked how far it is) and threads (a page without
//! isolation has one).

mod atlas;
mod compare;
mod continuations;
mod direct;
mod direction;
mod estimate;
mod exact;
mod feeds;
mod few;
mod find;
mod head;
mod keep;
mod lens;
mod neuron;
mod other_inputs;
mod path;
mod positions;
mod run;
mod saliency;
mod scores;
mod side_by_side;
mod similarity;
mod stream;
mod subjects;
mod sweep;
mod trials;
mod value_zeroing;
mod vocabulary;
mod written;

pub use atlas::{AtlasJob, AtlasPart, AtlasText};
pub use compare::{CompareJob, Compared, Measure};
pub use continuations::{ContinueJob, ContinuedToken};
pub use direct::DirectJob;
pub use direction::DirectionJob;
pub use estimate::{EstimateJob, EstimateOf, Estimates, HookEstimate};
pub use exact::{ExactJob, HeadPlace};
pub use feeds::FeedsJob;
pub use few::{Few, drawn_from_all};
pub use find::{Feature, FindJob, FindMeasure, FindOptions, FindPart, Found, HeadFound};
pub use head::HeadJob;
pub use keep::{KeepJob, KeptLinks};
pub use lens::LensJob;
pub use neuron::NeuronJob;
pub use other_inputs::OtherInputs;
pub use path::PathJob;
pub use positions::{LossesJob, PredictionsJob};
pub use run::{FinishedRun, RunInput, RunJob, RunOptions, StackOptions, Target};
pub use saliency::{Baseline, Saliency, SaliencyJob, StackSaliency};
pub use scores::{HeadScoreTable, ScoredInput, ScoresJob};
pub use similarity::SimilarityJob;
pub use stream::StreamJob;
pub use subjects::{Subject, SubjectsJob};
pub use sweep::{SweepCell, SweepJob, SweepKind, SweepPart, SweepResult};
pub use trials::{Trial, TrialsJob};
pub use value_zeroing::ValueZeroingJob;
pub use written::WrittenJob;

use super::error::EngineError;
use super::run::Step;

/// An experiment under way.
pub trait Job {
    /// What is complete before the job is; `()` for jobs whose answer comes as a whole.
    type Part;
    /// The answer.
    type Output;

    /// Does the next piece of work, some tens of milliseconds. After an error the job is over.
    ///
    /// # Errors
    /// When a run fails, or something that the job was given does not fit the model.
    fn step(&mut self) -> Result<Step, EngineError>;

    /// How far the job is.
    fn progress(&self) -> Progress;

    /// The parts that were completed since the last call.
    fn drain(&mut self) -> Vec<Self::Part> {
        Vec::new()
    }

    /// The answer, once a step has said [`Step::Done`].
    ///
    /// # Errors
    /// When the job is not done.
    fn finish(self) -> Result<Self::Output, EngineError>;
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is counted.
    pub unit: Unit,
    /// How many are done.
    pub done: usize,
    /// The number of steps in all.
    pub total: usize,
}

/// What progress counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Blocks of the model in one run after another.
    Blocks,
    /// Blocks of the model in all cells of a sweep.
    SweepBlocks,
    /// Tokens that a decoder writes, of at most so many.
    WrittenTokens,
    /// Positions of one input.
    Positions,
}

impl Progress {
    /// Blocks of a run.
    pub(super) fn blocks((done, total): (usize, usize)) -> Self {
        Self { unit: Unit::Blocks, done, total }
    }

    /// Turns this into the progress of part `index` of `n_parts` equal parts.
    #[must_use]
    pub fn as_part(self, index: usize, n_parts: usize) -> Self {
        Self { done: index * self.total + self.done, total: n_parts * self.total, ..self }
    }
}

/// Runs a job to its end without a pause and hands out its parts as they come.
///
/// # Errors
/// Those of the job.
pub fn complete_with<J: Job>(mut job: J, mut take: impl FnMut(J::Part)) -> Result<J::Output, EngineError> {
    loop {
        let step = job.step()?;
        job.drain().into_iter().for_each(&mut take);
        if step == Step::Done {
            return job.finish();
        }
    }
}

/// Runs a job to its end without a pause.
///
/// # Errors
/// Those of the job.
pub fn complete<J: Job>(job: J) -> Result<J::Output, EngineError> {
    complete_with(job, drop)
}

fn not_done() -> EngineError {
    EngineError::Request("the job is not done".to_owned())
}

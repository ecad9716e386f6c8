//! Scores of every head over several inputs: mean and spread. Each input is run once, and its run is dropped when it is measured.

use std::sync::Arc;

use super::run::{RunInput, RunJob, RunOptions};
use super::{Job, Progress, not_done};
use crate::analysis::SourceError;
use crate::analysis::scores::{AllHeads, mean_and_deviation};
use crate::edit::Edit;
use crate::engine::error::EngineError;
use crate::engine::model::Model;
use crate::engine::run::{Run, Step};
use crate::engine::source::RunAttention;
use crate::trace::AttnKind;

/// An input whose heads are scored.
#[derive(Clone, Debug)]
pub struct ScoredInput {
    /// What the model reads.
    pub input: RunInput,
    /// The length of the random block, where the input is one read twice.
    pub n_block: Option<usize>,
}

/// The scores of one input, [2, n_layers, n_heads, n_scores]: see [`AllHeads::finish`].
pub type HeadScoreTable = Vec<f32>;

/// Scores over several inputs, under way. Its parts are the tables of single inputs, in the order of the inputs; its answer is mean and
/// sample standard deviation of each place of the tables.
pub struct ScoresJob {
    model: Arc<Model>,
    inputs: Vec<ScoredInput>,
    edits: Vec<Edit>,
    kind: AttnKind,
    tables: Vec<HeadScoreTable>,
    n_drained: usize,
    stage: Stage,
}

#[allow(clippy::large_enum_variant, reason = "a job holds one stage at a time, so boxing would save nothing")]
enum Stage {
    Idle,
    Running(Box<RunJob>),
    Measuring(Run, AllHeads),
}

impl ScoresJob {
    /// Scores the heads of one attention on these inputs, one after the other, each under the edits.
    pub fn new(model: Arc<Model>, inputs: Vec<ScoredInput>, edits: Vec<Edit>, kind: AttnKind) -> Self {
        Self { model, inputs, edits, kind, tables: Vec::new(), n_drained: 0, stage: Stage::Idle }
    }

    /// Goes on after the first inputs, whose tables an earlier job with the same arguments has handed out.
    #[must_use]
    pub fn resume(self, tables: Vec<HeadScoreTable>) -> Self {
        Self { n_drained: tables.len(), tables, ..self }
    }
}

impl Job for ScoresJob {
    type Part = HeadScoreTable;
    type Output = (HeadScoreTable, HeadScoreTable);

    fn step(&mut self) -> Result<Step, EngineError> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle => match self.inputs.get(self.tables.len()).cloned() {
                None => return Ok(Step::Done),
                Some(ScoredInput { input, .. }) => {
                    let job = RunJob::new(Arc::clone(&self.model), input, self.edits.clone(), RunOptions::default())?;
                    Stage::Running(Box::new(job))
                }
            },
            Stage::Running(mut job) => match job.step()? {
                Step::More => Stage::Running(job),
                Step::Done => {
                    let n_block = self.inputs[self.tables.len()].n_block;
                    Stage::Measuring(job.finish()?.run, AllHeads::new(n_block))
                }
            },
            Stage::Measuring(run, mut heads) => {
                let is_going_on = heads.step(RunAttention::of(&run, self.kind)?.source()).map_err(refused)?;
                if is_going_on {
                    Stage::Measuring(run, heads)
                } else {
                    self.tables.push(heads.finish());
                    Stage::Idle
                }
            }
        };
        Ok(Step::More)
    }

    fn progress(&self) -> Progress {
        let n_layers = self.model.spec().n_layers;
        let running = match &self.stage {
            Stage::Idle => Progress::blocks((0, n_layers)),
            Stage::Running(job) => job.progress(),
            Stage::Measuring(..) => Progress::blocks((n_layers, n_layers)),
        };
        running.as_part(self.tables.len(), self.inputs.len().max(1))
    }

    fn drain(&mut self) -> Vec<HeadScoreTable> {
        let new = self.tables[self.n_drained..].to_vec();
        self.n_drained = self.tables.len();
        new
    }

    fn finish(self) -> Result<Self::Output, EngineError> {
        if self.tables.len() < self.inputs.len() { Err(not_done()) } else { Ok(mean_and_deviation(&self.tables)) }
    }
}

/// A run holds every pattern, so whatever it refuses is a wrong request.
fn refused(error: SourceError) -> EngineError {
    EngineError::Request(error.to_string())
}

//! How alike two inputs are to the model: the cosine of their mean-pooled embeddings, each run on its own under the same edits.

use std::collections::VecDeque;
use std::sync::Arc;

use super::run::{RunInput, RunJob, RunOptions};
use super::{Job, Progress, not_done};
use crate::analysis::similarity::{cosine, mean_pooled};
use crate::edit::Edit;
use crate::engine::error::EngineError;
use crate::engine::model::Model;
use crate::engine::run::{Run, Step};

/// A comparison of two inputs under way. Its answer is their cosine.
#[derive(Debug)]
pub struct SimilarityJob {
    waiting: VecDeque<RunJob>,
    /// [d_model] of each input that is done.
    embeddings: Vec<Vec<f64>>,
}

impl SimilarityJob {
    /// Compares two inputs; edits that do not fit an input are left out there.
    ///
    /// # Errors
    /// Those of [`RunJob::new`].
    pub fn new(model: &Arc<Model>, inputs: [RunInput; 2], edits: &[Edit]) -> Result<Self, EngineError> {
        let waiting = inputs.into_iter().map(|input| run_leaving_out(model, input, edits));
        Ok(Self { waiting: waiting.collect::<Result<_, _>>()?, embeddings: Vec::new() })
    }
}

impl Job for SimilarityJob {
    type Part = ();
    type Output = f64;

    fn step(&mut self) -> Result<Step, EngineError> {
        let Some(mut job) = self.waiting.pop_front() else { return Ok(Step::Done) };
        match job.step()? {
            Step::More => self.waiting.push_front(job),
            Step::Done => self.embeddings.push(embedding(&job.finish()?.run)),
        }
        Ok(if self.waiting.is_empty() { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        let running = self.waiting.front().map_or(Progress::blocks((0, 1)), Job::progress);
        running.as_part(self.embeddings.len(), 2)
    }

    fn finish(self) -> Result<f64, EngineError> {
        match self.embeddings.as_slice() {
            [first, second] => cosine_of(first, second),
            _ => Err(not_done()),
        }
    }
}

/// A run under the edits that fit its input.
pub(super) fn run_leaving_out(model: &Arc<Model>, input: RunInput, edits: &[Edit]) -> Result<RunJob, EngineError> {
    let options = RunOptions { leaves_out: true, ..RunOptions::default() };
    RunJob::new(Arc::clone(model), input, edits.to_vec(), options)
}

/// The embedding of a finished run, [d_model].
pub(super) fn embedding(run: &Run) -> Vec<f64> {
    mean_pooled(run.final_stream(), run.model().spec().d_model)
}

/// The cosine of two embeddings.
///
/// # Errors
/// When an embedding is zero and has no direction.
pub(super) fn cosine_of(first: &[f64], second: &[f64]) -> Result<f64, EngineError> {
    cosine(first, second).ok_or_else(|| EngineError::Request("an embedding has no length".to_owned()))
}

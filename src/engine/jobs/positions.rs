//! What a finished run predicts at every position, a few positions per step: the logits of all of them would be large.

use std::ops::Range;
use std::sync::Arc;

use super::{Job, Progress, Unit, not_done};
use crate::engine::error::EngineError;
use crate::engine::predict::{TopToken, most_likely};
use crate::engine::run::{Run, Step};

/// Positions whose logits are made at a time: as many as cost little more than one.
const ROWS: usize = 8;

/// How well a causal model predicted each token of a run. Its answer is −ln p [pos], NaN at position 0.
#[derive(Debug)]
pub struct LossesJob {
    run: Arc<Run>,
    losses: Vec<f32>,
}

/// What a run predicts after each of its tokens. Its answer is the most likely token [pos].
#[derive(Debug)]
pub struct PredictionsJob {
    run: Arc<Run>,
    predictions: Vec<TopToken>,
}

impl LossesJob {
    /// Reads a finished run.
    pub fn new(run: Arc<Run>) -> Self {
        Self { run, losses: Vec::new() }
    }
}

impl PredictionsJob {
    /// Reads a finished run.
    pub fn new(run: Arc<Run>) -> Self {
        Self { run, predictions: Vec::new() }
    }
}

/// The positions that come next.
fn next_rows(run: &Run, n_done: usize) -> Range<usize> {
    n_done..(n_done + ROWS).min(run.tokens().len())
}

fn progress(run: &Run, done: usize) -> Progress {
    Progress { unit: Unit::Positions, done, total: run.tokens().len() }
}

impl Job for LossesJob {
    type Part = ();
    type Output = Vec<f32>;

    fn step(&mut self) -> Result<Step, EngineError> {
        let rows = next_rows(&self.run, self.losses.len());
        self.losses.extend(self.run.token_losses(rows)?);
        Ok(if self.losses.len() == self.run.tokens().len() { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        progress(&self.run, self.losses.len())
    }

    fn finish(self) -> Result<Vec<f32>, EngineError> {
        if self.losses.len() == self.run.tokens().len() { Ok(self.losses) } else { Err(not_done()) }
    }
}

impl Job for PredictionsJob {
    type Part = ();
    type Output = Vec<TopToken>;

    fn step(&mut self) -> Result<Step, EngineError> {
        let rows = next_rows(&self.run, self.predictions.len());
        self.predictions.extend(most_likely(&self.run, rows)?);
        Ok(if self.predictions.len() == self.run.tokens().len() { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        progress(&self.run, self.predictions.len())
    }

    fn finish(self) -> Result<Vec<TopToken>, EngineError> {
        if self.predictions.len() == self.run.tokens().len() { Ok(self.predictions) } else { Err(not_done()) }
    }
}

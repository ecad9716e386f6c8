//! Continuations of several runs, next to each other: each run chooses its own tokens.

use std::sync::Arc;

use super::{Job, Progress, Unit, not_done};
use crate::engine::error::EngineError;
use crate::engine::generate::{Generation, Written};
use crate::engine::outcome::Outcome;
use crate::engine::run::{Run, Step};
use crate::engine::sample::Sampling;

/// A token that a run has chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContinuedToken {
    /// Row of the unembedding.
    pub id: u32,
    /// The token's probability in the whole distribution.
    pub prob: f32,
}

/// Continues finished runs one after another; each answer is the tokens of one run, in the order of the runs.
#[derive(Debug)]
pub struct ContinueJob {
    runs: Vec<Arc<Run>>,
    sampling: Sampling,
    n_tokens: usize,
    /// The run under way, which shares its layers with the finished one.
    current: Option<(Run, Generation)>,
    continuations: Vec<Vec<ContinuedToken>>,
    n_done: usize,
}

impl ContinueJob {
    /// Prepares continuations of at most `n_tokens` tokens.
    ///
    /// # Errors
    /// A setting that is out of range.
    pub fn new(runs: Vec<Arc<Run>>, sampling: Sampling, n_tokens: usize) -> Result<Self, EngineError> {
        sampling.check()?;
        Ok(Self { runs, sampling, n_tokens, current: None, continuations: Vec::new(), n_done: 0 })
    }

    /// Begins with the next run, if there is one.
    fn begin(&mut self) -> Result<Step, EngineError> {
        let Some(base) = self.runs.get(self.n_done) else { return Ok(Step::Done) };
        self.current = Some((base.twin()?, Generation::new(self.sampling, self.n_tokens)?));
        self.continuations.push(Vec::new());
        Ok(Step::More)
    }
}

impl Job for ContinueJob {
    type Part = ();
    type Output = Vec<Vec<ContinuedToken>>;

    fn step(&mut self) -> Result<Step, EngineError> {
        let Some((run, generation)) = &mut self.current else { return self.begin() };
        match generation.step(run)? {
            Written::Nothing => {}
            Written::Token(id) => {
                let chosen = Outcome::pair(id, id, Some(run.tokens().len() - 2));
                let prob = chosen.value(run)?.p_answer;
                if let Some(continuation) = self.continuations.last_mut() {
                    continuation.push(ContinuedToken { id, prob });
                }
            }
            Written::End => {
                self.current = None;
                self.n_done += 1;
                return Ok(if self.n_done == self.runs.len() { Step::Done } else { Step::More });
            }
        }
        Ok(Step::More)
    }

    fn progress(&self) -> Progress {
        let under_way = self.continuations.get(self.n_done).map_or(0, Vec::len);
        let total = self.runs.len() * self.n_tokens;
        Progress { unit: Unit::WrittenTokens, done: self.n_done * self.n_tokens + under_way, total }
    }

    fn finish(self) -> Result<Self::Output, EngineError> {
        if self.n_done == self.runs.len() { Ok(self.continuations) } else { Err(not_done()) }
    }
}

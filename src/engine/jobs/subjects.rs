//! What gradients are taken of: the run whose outcome is measured. A cosine has two, each text's run beside the other's embedding.

use std::collections::VecDeque;
use std::sync::Arc;

use super::run::RunJob;
use super::similarity::{embedding, run_leaving_out};
use super::{Job, Measure, Progress, not_done};
use crate::analysis::inside::direct::Contrast;
use crate::edit::Edit;
use crate::engine::backward::Differentiated;
use crate::engine::error::EngineError;
use crate::engine::outcome::default_position;
use crate::engine::run::{Run, Step};

/// Why a model of two stacks gives no cosine.
pub(super) const NO_EMBEDDING: &str = "an encoder beside a decoder has no one embedding of a text: a cosine needs a model of one stack, such as the encoder alone";

/// A run, and its outcome as a reverse pass begins with it.
pub type Subject = (Arc<Run>, Differentiated);

/// The preparation under way; without work where the outcome is one of the run itself.
#[derive(Debug)]
pub struct SubjectsJob {
    ready: Vec<Subject>,
    waiting: VecDeque<RunJob>,
    texts: Vec<Arc<Run>>,
}

impl SubjectsJob {
    /// Prepares a measure of `base`, a finished run with `edits`; under these both texts of a cosine are read.
    ///
    /// # Errors
    /// When a cosine is asked of a model of two stacks.
    pub fn new(base: Arc<Run>, edits: &[Edit], measure: Measure) -> Result<Self, EngineError> {
        let (mut ready, mut waiting) = (Vec::new(), VecDeque::new());
        match measure {
            Measure::Tokens(outcome) => {
                let position = outcome.position.unwrap_or_else(|| default_position(&base));
                let contrast = Contrast { answers: vec![outcome.answer], others: outcome.others };
                ready.push((base, Differentiated::Logits { contrast, position }));
            }
            Measure::Label(outcome) => {
                let against = outcome.against.into_iter().collect();
                let (label, position) = (outcome.label, outcome.position);
                ready.push((base, Differentiated::Label { label, against, position }));
            }
            Measure::Cosine(_) if base.source().is_some() => {
                return Err(EngineError::Request(NO_EMBEDDING.to_owned()));
            }
            Measure::Cosine(texts) => {
                for text in texts {
                    waiting.push_back(run_leaving_out(base.model(), text.into(), edits)?);
                }
            }
        }
        Ok(Self { ready, waiting, texts: Vec::new() })
    }
}

impl Job for SubjectsJob {
    type Part = ();
    type Output = Vec<Subject>;

    fn step(&mut self) -> Result<Step, EngineError> {
        let Some(mut job) = self.waiting.pop_front() else { return Ok(Step::Done) };
        match job.step()? {
            Step::More => self.waiting.push_front(job),
            Step::Done => self.texts.push(Arc::new(job.finish()?.run)),
        }
        if let [first, second] = self.texts.as_slice() {
            let beside = |run: &Arc<Run>, other: &Run| (Arc::clone(run), Differentiated::Cosine(embedding(other)));
            self.ready = vec![beside(first, second), beside(second, first)];
        }
        Ok(if self.waiting.is_empty() { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        let running = self.waiting.front().map_or(Progress::blocks((0, 1)), Job::progress);
        running.as_part(self.texts.len(), 2)
    }

    fn finish(self) -> Result<Vec<Subject>, EngineError> {
        if self.ready.is_empty() { Err(not_done()) } else { Ok(self.ready) }
    }
}

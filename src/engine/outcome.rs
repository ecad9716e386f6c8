//! The outcome that edits are judged by: how much likelier one token is than another at a position, or the logit of a label.

use super::error::EngineError;
use super::labels::{LabelOutcome, LabelValue};
use super::run::Run;
use crate::trace::spec::Unembed;

/// An answer token against one or several other tokens at a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The token whose logit counts.
    pub answer: u32,
    /// The tokens whose logit is subtracted; of several its mean.
    pub others: Vec<u32>,
    /// After which token; `None` for [`default_position`].
    pub position: Option<usize>,
}

/// The outcome in one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutcomeValue {
    /// logit(answer) − logit(other), or the mean over several others (docs/methods.md, "Outcome").
    pub logit_difference: f32,
    /// Probability of the answer, softmax over the vocabulary.
    pub p_answer: f32,
    /// Probability of the other token; of several their sum.
    pub p_others: f32,
}

/// What was measured in one run, or in one pair of runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measured {
    /// Logits and probabilities of two tokens.
    Tokens(OutcomeValue),
    /// The logit of a label, or the difference of two.
    Label(LabelValue),
    /// The cosine of two inputs' embeddings.
    Cosine(f32),
}

impl Measured {
    /// The number that effects are differences of: the logit difference, the label's logit, or the cosine.
    pub fn value(&self) -> f32 {
        match self {
            Measured::Tokens(value) => value.logit_difference,
            Measured::Label(value) => value.logit,
            Measured::Cosine(cosine) => *cosine,
        }
    }
}

impl Outcome {
    /// One token against another.
    pub fn pair(answer: u32, other: u32, position: Option<usize>) -> Self {
        Self { answer, others: vec![other], position }
    }

    /// The outcome in a finished run.
    ///
    /// # Errors
    /// When a token or the position does not exist, or the model predicts no tokens.
    pub fn value(&self, run: &Run) -> Result<OutcomeValue, EngineError> {
        let values = self.values(&[run])?;
        values.into_iter().next().ok_or_else(|| EngineError::Request("there is no run to measure".to_owned()))
    }

    /// The outcome in several finished runs of one model, whose logits are made together.
    ///
    /// # Errors
    /// Those of [`Outcome::value`].
    pub fn values(&self, runs: &[&Run]) -> Result<Vec<OutcomeValue>, EngineError> {
        let Some(first) = runs.first() else { return Ok(Vec::new()) };
        let (model, spec) = (first.model(), first.model().spec());
        let (d_model, d_vocab) = (spec.d_model, spec.d_vocab);
        if self.others.is_empty() {
            return Err(EngineError::Request("the outcome needs at least one other token".to_owned()));
        }
        let ids = std::iter::once(&self.answer).chain(&self.others);
        if let Some(id) = ids.copied().find(|id| *id as usize >= d_vocab) {
            return Err(EngineError::Request(format!("token {id} is not in the vocabulary of {d_vocab}")));
        }
        let mut rows = Vec::with_capacity(runs.len() * d_model);
        for run in runs {
            let position = self.position.unwrap_or_else(|| default_position(run));
            let row = run.final_stream().get(position * d_model..(position + 1) * d_model);
            let n_pos = run.tokens().len();
            let missing = || EngineError::Request(format!("position {position} is not there: {n_pos} tokens"));
            rows.extend_from_slice(row.ok_or_else(missing)?);
        }
        let logits = model.unembed(&rows)?;
        logits.chunks_exact(logits.len() / runs.len()).map(|logits| self.of_logits(logits)).collect()
    }

    fn of_logits(&self, logits: &[f32]) -> Result<OutcomeValue, EngineError> {
        let missing = || EngineError::Request("the model has fewer predictions than tokens".to_owned());
        let logit = |id: u32| logits.get(id as usize).copied().ok_or_else(missing);
        let answer = logit(self.answer)?;
        let others = self.others.iter().map(|id| logit(*id)).collect::<Result<Vec<f32>, _>>()?;
        let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = logits.iter().map(|logit| f64::from(logit - max).exp()).sum();
        let probability = |logit: f32| f64::from(logit - max).exp() / sum;
        let mean = others.iter().map(|other| f64::from(*other)).sum::<f64>() / others.len() as f64;
        Ok(OutcomeValue {
            logit_difference: (f64::from(answer) - mean) as f32,
            p_answer: probability(answer) as f32,
            p_others: others.iter().map(|other| probability(*other)).sum::<f64>() as f32,
        })
    }
}

/// What is measured at the end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EndMeasure {
    Tokens(Outcome),
    Label(LabelOutcome),
}

impl EndMeasure {
    /// The outcome in several finished runs of one model.
    pub fn values(&self, runs: &[&Run]) -> Result<Vec<Measured>, EngineError> {
        match self {
            EndMeasure::Tokens(outcome) => Ok(outcome.values(runs)?.into_iter().map(Measured::Tokens).collect()),
            EndMeasure::Label(outcome) => outcome.values(runs),
        }
    }

    /// The outcome in a finished run.
    pub fn value(&self, run: &Run) -> Result<Measured, EngineError> {
        let missing = || EngineError::Request("there is no run to measure".to_owned());
        self.values(&[run])?.into_iter().next().ok_or_else(missing)
    }
}

/// How many runs are measured together: eight rows of logits cost little more than one, and less time than a step may take.
const BATCH: usize = 8;

/// Finished runs that wait to be measured a few at a time, each with an index of the caller's.
#[derive(Debug)]
pub(super) struct OutcomeBatch {
    outcome: EndMeasure,
    waiting: Vec<(usize, Run)>,
}

impl OutcomeBatch {
    /// An empty batch.
    pub fn new(outcome: EndMeasure) -> Self {
        Self { outcome, waiting: Vec::new() }
    }

    /// Adds a finished run, and measures the waiting ones once there are enough.
    ///
    /// # Errors
    /// Those of [`Outcome::value`].
    pub fn push(&mut self, index: usize, run: Run) -> Result<Vec<(usize, Measured)>, EngineError> {
        self.waiting.push((index, run));
        if self.waiting.len() >= BATCH { self.rest() } else { Ok(Vec::new()) }
    }

    /// Measures the runs that still wait.
    ///
    /// # Errors
    /// Those of [`Outcome::value`].
    pub fn rest(&mut self) -> Result<Vec<(usize, Measured)>, EngineError> {
        let waiting = std::mem::take(&mut self.waiting);
        let runs: Vec<&Run> = waiting.iter().map(|(_, run)| run).collect();
        let values = self.outcome.values(&runs)?;
        Ok(waiting.iter().map(|(index, _)| *index).zip(values).collect())
    }
}

/// The position whose prediction is of interest where nobody names one: the first [MASK] in a masked-word model, else the last.
pub fn default_position(run: &Run) -> usize {
    let last = run.tokens().len() - 1;
    match run.model().spec().unembed {
        Unembed::MaskedWord { .. } => run.tokens().first_mask().unwrap_or(last),
        _ => last,
    }
}

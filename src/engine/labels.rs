//! What a classifier says of a finished run: the logits of its labels, and their probabilities.
//!
//! The head reads the final stream of the run as edited, so its labels follow every edit.

use super::error::EngineError;
use super::outcome::Measured;
use super::run::Run;
use crate::kernels::finite::is_finite;
use crate::kernels::softmax::softmax_row;
use crate::trace::spec::{LabelHead, LabelKind, LabelReads};

/// The labels of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    /// How many labels there are.
    pub n_labels: usize,
    /// [row, label]; a row for each token, or one for the whole text.
    pub logits: Vec<f32>,
    /// [row, label]; empty where the head gives numbers without probabilities.
    pub probs: Vec<f32>,
}

/// A label whose logit is the outcome, or the difference of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelOutcome {
    /// The label whose logit counts.
    pub label: usize,
    /// The label whose logit is subtracted, if any.
    pub against: Option<usize>,
    /// Of which token, where each has labels; `None` for [`default_label_position`].
    pub position: Option<usize>,
}

/// The outcome of a [`LabelOutcome`] in one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelValue {
    /// logit(label), or logit(label) − logit(against) (docs/methods.md, "Outcome").
    pub logit: f32,
    /// Probability of the label, where labels have any.
    pub p_label: Option<f32>,
}

impl Labels {
    /// The logits and probabilities of a finished run.
    ///
    /// # Errors
    /// When the model gives no labels, the run is not done, the text lacks the token that the head looks for, or a logit is not
    /// finite.
    pub fn of(run: &Run) -> Result<Self, EngineError> {
        let head = run.model().expect_labels()?;
        let rows = match head.reads {
            LabelReads::Each if run.is_done() => run.final_stream().to_vec(),
            _ => row(run, None)?,
        };
        let logits = run.model().label_logits(&rows)?;
        let n_labels = head.names.len();
        if !is_finite(&logits) {
            return Err(not_finite());
        }
        Ok(Self { n_labels, probs: probabilities(head, &logits), logits })
    }

    /// The labels of one row as (index, logit, probability), the likeliest first; of a head without probabilities in the order of
    /// their names.
    pub fn ranked(&self, row: usize) -> Vec<(usize, f32, Option<f32>)> {
        let at = |values: &[f32], label: usize| values.get(row * self.n_labels + label).copied();
        let each =
            (0..self.n_labels).filter_map(|label| Some((label, at(&self.logits, label)?, at(&self.probs, label))));
        let mut all: Vec<_> = each.collect();
        if !self.probs.is_empty() {
            all.sort_unstable_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        }
        all
    }
}

impl LabelOutcome {
    /// The outcome in several finished runs of one model.
    ///
    /// # Errors
    /// When the label or the position does not exist, and those of [`Labels::of`].
    pub fn values(&self, runs: &[&Run]) -> Result<Vec<Measured>, EngineError> {
        let Some(first) = runs.first() else { return Ok(Vec::new()) };
        let (model, head) = (first.model(), first.model().expect_labels()?);
        let n_labels = head.names.len();
        if let Some(wrong) = [Some(self.label), self.against].into_iter().flatten().find(|label| *label >= n_labels) {
            return Err(EngineError::Request(format!("label {wrong} is not there: {n_labels} labels, counted from 0")));
        }
        let mut rows = Vec::new();
        for run in runs {
            rows.extend(row(run, self.position)?);
        }
        let logits = model.label_logits(&rows)?;
        if !is_finite(&logits) {
            return Err(not_finite());
        }
        let probs = probabilities(head, &logits);
        let value = |(row, logits): (usize, &[f32])| {
            let logit = logits[self.label] - self.against.map_or(0.0, |against| logits[against]);
            Measured::Label(LabelValue { logit, p_label: probs.get(row * n_labels + self.label).copied() })
        };
        Ok(logits.chunks_exact(n_labels).enumerate().map(value).collect())
    }
}

/// The token whose labels are of interest where nobody names one: the first that the tokenizer did not add.
pub fn default_label_position(run: &Run) -> usize {
    run.tokens().special.iter().position(|is_special| !is_special).unwrap_or(0)
}

/// The row [d_model] that the head reads: of a token where each has labels, else of the whole text.
pub(super) fn row(run: &Run, position: Option<usize>) -> Result<Vec<f32>, EngineError> {
    let (stream, d_model) = (run.final_stream(), run.model().spec().d_model);
    match row_place(run, position)? {
        Some(position) => Ok(stream[position * d_model..(position + 1) * d_model].to_vec()),
        None => Ok(mean(stream, d_model)),
    }
}

/// The position whose row the head reads; `None` where it reads the mean of all.
pub(super) fn row_place(run: &Run, position: Option<usize>) -> Result<Option<usize>, EngineError> {
    let head = run.model().expect_labels()?;
    let n_pos = run.final_stream().len() / run.model().spec().d_model.max(1);
    if n_pos == 0 {
        return Err(EngineError::Request("the run is not done: it has no labels yet".to_owned()));
    }
    let position = match head.reads {
        LabelReads::Mean => return Ok(None),
        LabelReads::Each => position.unwrap_or_else(|| default_label_position(run)),
        LabelReads::First | LabelReads::Last { .. } => head.position(&run.tokens().ids).unwrap_or(0),
        LabelReads::LastId { id } => {
            let source = run.source().map_or(run.tokens(), |source| source.tokens());
            if run.model().label_target(source)?.is_some_and(|target| target.ids != run.tokens().ids) {
                let message = "the labels are read where the decoder reads the text itself: give no target";
                return Err(EngineError::Request(message.to_owned()));
            }
            let missing = || {
                let token = run.model().token_name(id);
                EngineError::Request(format!("the labels are read at the end token {token}, which the text lacks"))
            };
            head.position(&source.ids).ok_or_else(missing)?
        }
    };
    match position < n_pos {
        true => Ok(Some(position)),
        false => Err(EngineError::Request(format!("position {position} is not there: {n_pos} tokens"))),
    }
}

/// The mean of rows [n, width].
fn mean(rows: &[f32], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0f64; width];
    for row in rows.chunks_exact(width) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let n_rows = (rows.len() / width).max(1) as f64;
    sums.into_iter().map(|sum| (sum / n_rows) as f32).collect()
}

/// The probabilities [row, label] of logits [row, label]; none where a logit is the answer itself.
fn probabilities(head: &LabelHead, logits: &[f32]) -> Vec<f32> {
    let mut probs = logits.to_vec();
    match head.kind {
        LabelKind::Value => probs.clear(),
        LabelKind::AnyOf => probs.iter_mut().for_each(|logit| *logit = 1.0 / (1.0 + (-*logit).exp())),
        LabelKind::OneOf => {
            for row in probs.chunks_exact_mut(head.names.len().max(1)) {
                softmax_row(row);
            }
        }
    }
    probs
}

fn not_finite() -> EngineError {
    EngineError::Request("the labels' logits are not numbers: the weights of the head are damaged".to_owned())
}

//! Where a reverse pass begins: the outcome of a finished run, and its gradient by what the unembedding, the labels' head or the
//! pooling reads (docs/methods.md, "Gradients").

use crate::analysis::inside::direct::Contrast;
use crate::analysis::similarity::{cosine, mean_pooled};
use crate::engine::error::EngineError;
use crate::engine::labels::{row, row_place};
use crate::engine::run::{Run, Step};
use crate::kernels::PackedRows;
use crate::kernels::softmax::softmax_row;

/// What is differentiated.
#[derive(Clone, Debug, PartialEq)]
pub enum Differentiated {
    /// The mean logit of some tokens minus the mean logit of others, after a position.
    Logits {
        /// The tokens.
        contrast: Contrast,
        /// After which token.
        position: usize,
    },
    /// The sum of log probabilities: of a token after a position, for each pair (position, token).
    LogProb(Vec<(usize, u32)>),
    /// The logit of a label; minus another's, or minus the mean of all others'.
    Label {
        /// The label whose logit counts.
        label: usize,
        /// The labels whose mean logit is subtracted; none for the logit alone.
        against: Vec<usize>,
        /// Of which token, where each has labels; `None` for the first that the tokenizer did not add.
        position: Option<usize>,
    },
    /// The cosine of the run's embedding and another text's, which stays as it is. [d_model]
    Cosine(Vec<f64>),
}

/// A beginning under way: the value, and the gradient by the final stream.
#[derive(Debug)]
pub(super) struct Start {
    of: Differentiated,
    /// How many positions are done.
    n_done: usize,
    pub value: f64,
    /// [pos, d_model]
    pub grad: Vec<f32>,
}

impl Start {
    /// Checks that the run has the outcome.
    pub fn new(run: &Run, of: Differentiated) -> Result<Self, EngineError> {
        if !run.is_done() {
            return Err(EngineError::Request("gradients need a finished run".to_owned()));
        }
        let (model, n_pos) = (run.model(), run.tokens().len());
        let check = |position: usize, id: u32| {
            model.expect_unembedding()?;
            let n_ids = model.unembedding().n_out();
            if position >= n_pos {
                let message = format!("position {position} is not there: {n_pos} tokens, counted from 0");
                return Err(EngineError::Request(message));
            }
            match (id as usize) < n_ids {
                true => Ok(()),
                false => Err(EngineError::Request(format!("token {id} is not in the vocabulary of {n_ids}"))),
            }
        };
        match &of {
            Differentiated::Logits { contrast, position } => {
                if contrast.answers.is_empty() {
                    return Err(EngineError::Request("the outcome needs at least one answer token".to_owned()));
                }
                contrast.weights().iter().try_for_each(|(id, _)| check(*position, *id))?;
            }
            Differentiated::LogProb(tokens) => {
                if tokens.is_empty() {
                    return Err(EngineError::Request("a log probability needs at least one token".to_owned()));
                }
                tokens.iter().try_for_each(|(position, id)| check(*position, *id))?;
            }
            Differentiated::Label { label, against, position } => {
                let n_labels = model.expect_labels()?.names.len();
                if let Some(wrong) = against.iter().chain([label]).find(|label| **label >= n_labels) {
                    let message = format!("label {wrong} is not there: {n_labels} labels, counted from 0");
                    return Err(EngineError::Request(message));
                }
                row_place(run, *position)?;
            }
            Differentiated::Cosine(other) => {
                if other.len() != model.spec().d_model {
                    return Err(EngineError::Request("the other embedding is of another width".to_owned()));
                }
            }
        }
        let grad = vec![0.0; run.final_stream().len()];
        Ok(Self { of, n_done: 0, value: 0.0, grad })
    }

    /// Does the next position.
    pub fn step(&mut self, run: &Run) -> Result<Step, EngineError> {
        let mut of = std::mem::replace(&mut self.of, Differentiated::LogProb(Vec::new()));
        match &mut of {
            Differentiated::Logits { contrast, position } => self.logits(run, contrast, *position)?,
            Differentiated::LogProb(tokens) => {
                if let Some((position, id)) = tokens.get(self.n_done) {
                    self.log_prob(run, *position, *id)?;
                    self.n_done += 1;
                }
                if self.n_done < tokens.len() {
                    self.of = of;
                    return Ok(Step::More);
                }
            }
            Differentiated::Label { label, against, position } => self.label(run, *label, against, *position)?,
            Differentiated::Cosine(other) => self.cosine(run, other)?,
        }
        Ok(Step::Done)
    }

    fn logits(&mut self, run: &Run, contrast: &Contrast, position: usize) -> Result<(), EngineError> {
        let (model, weights) = (run.model(), contrast.weights());
        let logits = run.logits(position..position + 1)?;
        let rows = model.unembedding();
        let (mut sum, mut row) = (vec![0.0f64; rows.n_in()], vec![0.0; rows.n_in()]);
        for (id, factor) in weights {
            let logit = logits[id as usize];
            let mut by_logit = [factor as f32];
            model.logits_reverse(&[logit], &mut by_logit);
            self.value += factor * f64::from(logit);
            rows.copy_row(id as usize, &mut row);
            sum.iter_mut().zip(&row).for_each(|(sum, value)| *sum += f64::from(by_logit[0]) * f64::from(*value));
        }
        self.add_head(run, position, sum.into_iter().map(|value| value as f32).collect());
        Ok(())
    }

    fn log_prob(&mut self, run: &Run, position: usize, id: u32) -> Result<(), EngineError> {
        let model = run.model();
        let logits = run.logits(position..position + 1)?;
        let mut grad = logits.clone();
        if !softmax_row(&mut grad) {
            return Err(EngineError::LogitsNotFinite { position });
        }
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f64 = logits.iter().map(|logit| f64::from(logit - largest).exp()).sum();
        self.value += f64::from(logits[id as usize] - largest) - total.ln();
        grad.iter_mut().for_each(|prob| *prob = -*prob);
        grad[id as usize] += 1.0;
        model.logits_reverse(&logits, &mut grad);
        let width = grad.len();
        let by_input = model.unembedding().matmul_transposed(&PackedRows::pack(&grad, width, 0..width));
        self.add_head(run, position, by_input);
        Ok(())
    }

    /// Takes the gradient by what the unembedding reads after a position on to the final stream.
    fn add_head(&mut self, run: &Run, position: usize, by_input: Vec<f32>) {
        let d_model = run.model().spec().d_model;
        let span = position * d_model..(position + 1) * d_model;
        let by_stream = run.model().head_input_reverse(&run.final_stream()[span.clone()], by_input);
        self.grad[span].iter_mut().zip(by_stream).for_each(|(grad, more)| *grad += more);
    }

    fn label(
        &mut self,
        run: &Run,
        label: usize,
        against: &[usize],
        position: Option<usize>,
    ) -> Result<(), EngineError> {
        let (model, d_model) = (run.model(), run.model().spec().d_model);
        let read = row(run, position)?;
        let logits = model.label_logits(&read)?;
        let mut by_logit = vec![0.0; logits.len()];
        by_logit[label] += 1.0;
        against.iter().for_each(|other| by_logit[*other] -= 1.0 / against.len() as f32);
        self.value = logits.iter().zip(&by_logit).map(|(logit, factor)| f64::from(*logit) * f64::from(*factor)).sum();
        let by_row = model.label_logits_reverse(&read, &by_logit);
        match row_place(run, position)? {
            Some(position) => self.grad[position * d_model..(position + 1) * d_model].copy_from_slice(&by_row),
            None => self.spread(&by_row),
        }
        Ok(())
    }

    fn cosine(&mut self, run: &Run, other: &[f64]) -> Result<(), EngineError> {
        let own = mean_pooled(run.final_stream(), run.model().spec().d_model);
        let missing = || EngineError::Request("an embedding has no length".to_owned());
        self.value = cosine(&own, other).ok_or_else(missing)?;
        let length = |vector: &[f64]| vector.iter().map(|value| value * value).sum::<f64>().sqrt();
        let (own_length, other_length) = (length(&own), length(other));
        let by_own = own.iter().zip(other).map(|(own, other)| {
            (other / (own_length * other_length) - self.value * own / (own_length * own_length)) as f32
        });
        self.spread(&by_own.collect::<Vec<f32>>());
        Ok(())
    }

    /// Shares out the gradient by a mean over positions.
    fn spread(&mut self, by_mean: &[f32]) {
        let n_rows = (self.grad.len() / by_mean.len()).max(1) as f32;
        for row in self.grad.chunks_exact_mut(by_mean.len()) {
            row.iter_mut().zip(by_mean).for_each(|(grad, value)| *grad = value / n_rows);
        }
    }
}

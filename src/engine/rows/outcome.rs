//! The outcome of a row: how much likelier its answer is than the others, at one position.

use crate::engine::error::EngineError;
use crate::engine::model::Model;

/// Answers and other answers at a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowOutcome {
    /// Tokens whose mean logit counts.
    pub answers: Vec<u32>,
    /// Tokens whose mean logit is subtracted; without any, the outcome is ln p of the answers' mean logit.
    pub others: Vec<u32>,
    /// After which token, or of which mask.
    pub position: usize,
}

impl RowOutcome {
    /// The outcome by the row of logits [d_vocab] at its position.
    pub(in crate::engine) fn of_logits(&self, logits: &[f32]) -> f32 {
        let mean = |ids: &[u32]| {
            let found = ids.iter().map(|id| logits.get(*id as usize).map_or(f64::NAN, |logit| f64::from(*logit)));
            found.sum::<f64>() / ids.len() as f64
        };
        let other = match self.others.is_empty() {
            false => mean(&self.others),
            true => {
                let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let total: f64 = logits.iter().map(|logit| f64::from(logit - largest).exp()).sum();
                f64::from(largest) + total.ln()
            }
        };
        (mean(&self.answers) - other) as f32
    }

    /// The outcomes of several last streams [pos, d_model] of the row, whose logits are made together.
    ///
    /// # Errors
    /// When a position is not there, or the model predicts nothing.
    pub(in crate::engine) fn values(&self, model: &Model, streams: &[&[f32]]) -> Result<Vec<f32>, EngineError> {
        let d_model = model.spec().d_model;
        let mut rows = Vec::with_capacity(streams.len() * d_model);
        for stream in streams {
            let row = stream.get(self.position * d_model..(self.position + 1) * d_model);
            let missing = || EngineError::Request(format!("position {} is not there", self.position));
            rows.extend_from_slice(row.ok_or_else(missing)?);
        }
        let logits = model.unembed(&rows)?;
        Ok(logits.chunks_exact(model.spec().d_vocab.max(1)).map(|logits| self.of_logits(logits)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_by_hand() {
        let logits = [1.0, 3.0, 0.0, -1.0];
        let outcome = |answers: &[u32], others: &[u32]| {
            RowOutcome { answers: answers.to_vec(), others: others.to_vec(), position: 0 }.of_logits(&logits)
        };
        assert_eq!(outcome(&[1], &[0]), 2.0);
        assert_eq!(outcome(&[1], &[0, 2]), 2.5);
        assert_eq!(outcome(&[0, 1], &[3]), 3.0);
        let total: f32 = logits.iter().map(|logit: &f32| logit.exp()).sum();
        assert!((outcome(&[1], &[]) - (3.0 - total.ln())).abs() < 1e-6);
    }
}

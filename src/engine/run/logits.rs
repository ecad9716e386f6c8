//! What a finished run predicts.

use std::ops::Range;

use super::Run;
use crate::engine::error::EngineError;
use crate::kernels::finite::is_finite;

impl Run {
    /// Logits [positions.len(), d_vocab] after the tokens of some positions.
    ///
    /// # Errors
    /// When the run is not done, a position does not exist, the checkpoint has no unembedding, or a logit is NaN or +∞.
    pub fn logits(&self, positions: Range<usize>) -> Result<Vec<f32>, EngineError> {
        let d_model = self.model.spec.d_model;
        let rows = self.final_stream().get(positions.start * d_model..positions.end * d_model);
        let missing =
            || EngineError::Request(format!("positions {positions:?} are not there: {} tokens", self.tokens.len()));
        let logits = self.model.unembed(rows.ok_or_else(missing)?)?;
        // −∞ is a token that never follows: some checkpoints have biases of −∞.
        let is_wrong = |logit: &f32| logit.is_nan() || *logit == f32::INFINITY;
        match if is_finite(&logits) { None } else { logits.iter().position(is_wrong) } {
            None => Ok(logits),
            Some(index) => {
                let position = positions.start + index / self.model.spec.d_vocab;
                Err(EngineError::LogitsNotFinite { position })
            }
        }
    }
}

//! How well each token of an input was predicted by the tokens before it.

use std::ops::Range;

use super::error::EngineError;
use super::run::Run;

impl Run {
    /// −ln p of the tokens at `positions`, each given the tokens before it; NaN at position 0, which nothing predicts. The logits
    /// of all `positions` are in memory at once, so a long input is asked for in ranges.
    ///
    /// # Errors
    /// When the run is not done, a position does not exist, the model is not causal, or it has no unembedding.
    pub fn token_losses(&self, positions: Range<usize>) -> Result<Vec<f32>, EngineError> {
        if !self.model().spec().is_causal() {
            let message = "this model reads in both directions: it does not predict a token from the tokens before it";
            return Err(EngineError::Request(message.to_owned()));
        }
        let first = positions.start.max(1);
        if first >= positions.end {
            return Ok(vec![f32::NAN; positions.len()]);
        }
        let logits = self.logits(first - 1..positions.end - 1)?;
        let ids = self.tokens().ids.get(first..positions.end).unwrap_or_default();
        let mut losses = vec![f32::NAN; first - positions.start];
        let rows = logits.chunks_exact(self.model().spec().d_vocab.max(1));
        losses.extend(rows.zip(ids).map(|(row, &id)| loss(row, id as usize)));
        Ok(losses)
    }
}

/// −ln softmax of one token's logit, in f64.
fn loss(logits: &[f32], id: usize) -> f32 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f64 = logits.iter().map(|logit| f64::from(logit - largest).exp()).sum();
    let own = logits.get(id).map_or(f64::NAN, |logit| f64::from(logit - largest));
    (total.ln() - own) as f32
}

#[cfg(test)]
mod tests {
    use super::loss;

    #[test]
    fn losses() {
        assert!((loss(&[0.0, 0.0, 0.0, 0.0], 2) - 4f32.ln()).abs() < 1e-6);
        assert!((loss(&[1_000.0, 0.0], 1) - 1_000.0).abs() < 1e-3, "no overflow");
        assert!((loss(&[2.0, 1.0], 0) - (1.0 + (-1.0f32).exp()).ln()).abs() < 1e-6);
    }
}

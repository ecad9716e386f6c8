//! The outcome that an edit is judged by: how much likelier one token is than another at a position.

use super::error::EngineError;
use super::run::Run;
use crate::trace::spec::Unembed;

/// A pair of answer tokens at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The token whose logit counts.
    pub answer: u32,
    /// The token whose logit is subtracted.
    pub other: u32,
    /// Position; nothing for the first [MASK] where a masked word is predicted, else for the last.
    pub position: Option<usize>,
}

/// Its value in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutcomeValue {
    /// logit(answer) − logit(other), METHODS M.
    pub logit_difference: f32,
    /// Softmax over the vocabulary.
    pub p_answer: f32,
    /// The same of the other token.
    pub p_other: f32,
}

impl Outcome {
    /// Its value in a run that is done.
    ///
    /// # Errors
    /// When a token or the position does not exist, or the model predicts no tokens.
    pub fn value(&self, run: &Run) -> Result<OutcomeValue, EngineError> {
        let d_vocab = run.model().spec().d_vocab;
        if let Some(id) = [self.answer, self.other].into_iter().find(|id| *id as usize >= d_vocab) {
            return Err(EngineError::Request(format!("token {id} is not in the vocabulary of {d_vocab}")));
        }
        let position = self.position.unwrap_or_else(|| default_position(run));
        let logits = run.logits(position..position + 1)?;
        let missing = || EngineError::Request("the model has fewer predictions than tokens".to_owned());
        let logit = |id: u32| logits.get(id as usize).copied().ok_or_else(missing);
        let (answer, other) = (logit(self.answer)?, logit(self.other)?);
        let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = logits.iter().map(|logit| f64::from(logit - max).exp()).sum();
        let probability = |logit: f32| (f64::from(logit - max).exp() / sum) as f32;
        Ok(OutcomeValue {
            logit_difference: answer - other,
            p_answer: probability(answer),
            p_other: probability(other),
        })
    }
}

/// Where a prediction is looked at if nobody says where: the first [MASK] where a masked word is predicted, else the last
/// position.
pub fn default_position(run: &Run) -> usize {
    let last = run.tokens().len() - 1;
    if !matches!(run.model().spec().unembed, Unembed::MaskedWord { .. }) {
        return last;
    }
    let is_mask = |token: &String| token == "[MASK]" || token == "<mask>";
    run.tokens().tokens.iter().position(is_mask).unwrap_or(last)
}

//! The most likely tokens after a position.

use std::ops::Range;

use super::error::EngineError;
use super::run::Run;
use crate::kernels::softmax::softmax_row;

/// One of the most likely tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopToken {
    /// Row of the unembedding.
    pub id: u32,
    /// Probability, softmax over the vocabulary.
    pub prob: f32,
}

/// The distribution over the vocabulary after a position, [d_vocab].
///
/// # Errors
/// When the run is not done, the position does not exist, or the model predicts no tokens.
pub fn probabilities(run: &Run, position: usize) -> Result<Vec<f32>, EngineError> {
    let mut probs = run.logits(position..position + 1)?;
    match softmax_row(&mut probs) {
        true => Ok(probs),
        false => Err(EngineError::LogitsNotFinite { position }),
    }
}

/// The most likely token after each of some positions.
///
/// # Errors
/// When the run is not done, a position does not exist, or the model predicts no tokens.
pub fn most_likely(run: &Run, positions: Range<usize>) -> Result<Vec<TopToken>, EngineError> {
    let logits = run.logits(positions)?;
    let top = |row: &[f32]| {
        let best = |best: (usize, f32), (id, &logit): (usize, &f32)| if logit > best.1 { (id, logit) } else { best };
        let (id, largest) = row.iter().enumerate().fold((0, f32::NEG_INFINITY), best);
        let total: f64 = row.iter().map(|logit| f64::from(logit - largest).exp()).sum();
        TopToken { id: id as u32, prob: (1.0 / total) as f32 }
    };
    Ok(logits.chunks_exact(run.model().spec().d_vocab).map(top).collect())
}

/// The `n_top` most likely tokens after a position, most likely first; none for checkpoints without an unembedding.
///
/// # Errors
/// When the run is not done or the position does not exist.
pub fn top_predictions(run: &Run, position: usize, n_top: usize) -> Result<Vec<TopToken>, EngineError> {
    if run.model().spec().unembed == crate::trace::spec::Unembed::None {
        return Ok(Vec::new());
    }
    let probs = probabilities(run, position)?;
    let mut order: Vec<u32> = (0..probs.len() as u32).collect();
    let by_prob = |a: &u32, b: &u32| probs[*b as usize].total_cmp(&probs[*a as usize]).then(a.cmp(b));
    let n_top = n_top.min(order.len());
    if n_top < order.len() {
        order.select_nth_unstable_by(n_top, by_prob);
    }
    order.truncate(n_top);
    order.sort_unstable_by(by_prob);
    Ok(order.into_iter().map(|id| TopToken { id, prob: probs[id as usize] }).collect())
}

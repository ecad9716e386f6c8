//! Which token comes next: the most likely one, or one drawn by candle-transformers' [`LogitsProcessor`].
//!
//! The processor is made anew for each position, from the seed and the position alone: a continuation can be stopped, taken up
//! again or branched, and its tokens stay those of the seed. Top-p is applied to what top-k leaves, as Hugging Face does it (the
//! processor's own combination does not renormalise in between), so top-k is a mask on the logits here.

use candle_core::{Device, Tensor};
use candle_transformers::generation::{LogitsProcessor, Sampling as Draw};

use super::error::EngineError;
use crate::random::SplitMix64;

/// Temperatures below it take the most likely token: dividing by them would overflow.
const LEAST_TEMPERATURE: f64 = 1e-7;

/// How the next token is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Logits are divided by it; 0 always takes the most likely token.
    pub temperature: f64,
    /// How many of the most likely tokens to draw from; 0 for all.
    pub top_k: usize,
    /// Draw from the fewest most likely tokens that together reach this probability; 1 for all (Holtzman et al. 2020).
    pub top_p: f64,
    /// Equal seeds draw equal tokens at equal positions.
    pub seed: u64,
}

impl Sampling {
    /// Always the most likely token.
    pub const GREEDY: Sampling = Sampling { temperature: 0.0, top_k: 0, top_p: 1.0, seed: 0 };

    /// Checks the numbers.
    ///
    /// # Errors
    /// Which number is out of range.
    pub fn check(&self) -> Result<(), EngineError> {
        let refuse = |message: String| Err(EngineError::Request(message));
        if !(self.temperature >= 0.0 && self.temperature.is_finite()) {
            return refuse(format!("temperature: expected a number of at least 0, found {}", self.temperature));
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return refuse(format!("top_p: expected a number above 0 and at most 1, found {}", self.top_p));
        }
        Ok(())
    }

    /// The token at `position` by logits [d_vocab]. Tokens at −∞ are never taken; of equally likely ones, greedy choice takes the
    /// first.
    ///
    /// # Errors
    /// When the settings are out of range, or no logit is finite.
    pub fn choose(&self, mut logits: Vec<f32>, position: usize) -> Result<u32, EngineError> {
        self.check()?;
        if !logits.iter().any(|logit| logit.is_finite()) {
            return Err(EngineError::Request("no token can follow: every logit is masked".to_owned()));
        }
        let temperature = self.temperature;
        let draw = if temperature < LEAST_TEMPERATURE {
            Draw::ArgMax
        } else if self.top_p < 1.0 {
            Draw::TopP { p: self.top_p, temperature }
        } else {
            Draw::All { temperature }
        };
        if draw != Draw::ArgMax && self.top_k > 0 {
            keep_most_likely(&mut logits, self.top_k);
        }
        let n_logits = logits.len();
        let seed = SplitMix64::nth(self.seed, position as u64);
        Tensor::from_vec(logits, n_logits, &Device::Cpu)
            .and_then(|logits| LogitsProcessor::from_sampling(seed, draw).sample(&logits))
            .map_err(|error| EngineError::Request(format!("no token can be drawn: {error}")))
    }
}

/// Masks all but the `n_kept` most likely tokens; of equally likely ones the first are kept.
fn keep_most_likely(logits: &mut [f32], n_kept: usize) {
    if n_kept >= logits.len() {
        return;
    }
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.select_nth_unstable_by(n_kept, |&a, &b| logits[b].total_cmp(&logits[a]).then(a.cmp(&b)));
    order[n_kept..].iter().for_each(|&token| logits[token] = f32::NEG_INFINITY);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each token is drawn, and the distribution by hand.
    #[track_caller]
    fn draws(sampling: Sampling, logits: &[f32], expected: &[f64]) {
        let n_draws: u32 = 20_000;
        let mut counts = vec![0u32; logits.len()];
        for position in 0..n_draws {
            counts[sampling.choose(logits.to_vec(), position as usize).unwrap() as usize] += 1;
        }
        for (token, (count, expected)) in counts.iter().zip(expected).enumerate() {
            let share = f64::from(*count) / f64::from(n_draws);
            assert!((share - expected).abs() < 0.015, "token {token}: {share} instead of {expected}");
            assert!(*expected > 0.0 || *count == 0, "token {token} is cut off");
        }
    }

    #[test]
    fn draws_follow_the_distribution() {
        let logits: Vec<f32> = [0.1f32, 0.5, 0.15, 0.25].iter().map(|p| p.ln()).collect();
        let plain = Sampling { temperature: 1.0, top_k: 0, top_p: 1.0, seed: 7 };
        draws(plain, &logits, &[0.1, 0.5, 0.15, 0.25]);
        draws(Sampling { top_k: 2, ..plain }, &logits, &[0.0, 2.0 / 3.0, 0.0, 1.0 / 3.0]);
        draws(Sampling { top_k: 9, ..plain }, &logits, &[0.1, 0.5, 0.15, 0.25]);
        draws(Sampling { top_p: 0.7, ..plain }, &logits, &[0.0, 2.0 / 3.0, 0.0, 1.0 / 3.0]);
        draws(Sampling { top_p: 0.01, ..plain }, &logits, &[0.0, 1.0, 0.0, 0.0]);
        // Two of the three have 0.83 of what top-k leaves; of all tokens they have 0.75, and the third would be kept.
        draws(Sampling { top_k: 3, top_p: 0.8, ..plain }, &logits, &[0.0, 2.0 / 3.0, 0.0, 1.0 / 3.0]);
        // Temperature ½ squares the probabilities.
        let sum = 0.01 + 0.25 + 0.0225 + 0.0625;
        draws(Sampling { temperature: 0.5, ..plain }, &logits, &[0.01 / sum, 0.25 / sum, 0.0225 / sum, 0.0625 / sum]);
        draws(Sampling::GREEDY, &logits, &[0.0, 1.0, 0.0, 0.0]);
        draws(Sampling { temperature: 1e-300, ..plain }, &logits, &[0.0, 1.0, 0.0, 0.0]);
    }

    /// A position's draw depends on seed and position alone, so that a link or a script reproduces it.
    #[test]
    fn a_seed_is_a_sequence() {
        let drawn = |seed, positions: &[usize]| {
            let sampling = Sampling { temperature: 1.0, top_k: 0, top_p: 1.0, seed };
            positions.iter().map(|&at| sampling.choose(vec![0.0; 10], at).unwrap()).collect::<Vec<_>>()
        };
        let all: Vec<usize> = (0..12).collect();
        let sequence = drawn(1, &all);
        assert_eq!(drawn(1, &[7, 3, 7]), [sequence[7], sequence[3], sequence[7]]);
        assert_ne!(sequence, drawn(2, &all));
        assert!(sequence.iter().any(|token| *token != sequence[0]), "positions draw for themselves");
    }

    #[test]
    fn equals_go_to_the_first_and_nothing_masked_is_taken() {
        let masked = f32::NEG_INFINITY;
        assert_eq!(Sampling::GREEDY.choose(vec![masked, 1.0, 1.0], 0).unwrap(), 1);
        let hot = Sampling { temperature: 100.0, ..Sampling::GREEDY };
        draws(hot, &[masked, 0.0, 0.0], &[0.0, 0.5, 0.5]);
        draws(Sampling { top_k: 1, ..hot }, &[masked, 0.0, 0.0], &[0.0, 1.0, 0.0]);
        assert!(hot.choose(vec![masked; 3], 0).unwrap_err().to_string().contains("masked"));
        for wrong in [
            Sampling { temperature: -1.0, ..Sampling::GREEDY },
            Sampling { temperature: f64::NAN, ..Sampling::GREEDY },
            Sampling { top_p: 0.0, ..Sampling::GREEDY },
            Sampling { top_p: 1.5, ..Sampling::GREEDY },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}

//! Which token comes next: the most likely one, or one drawn from the likeliest (Holtzman et al. 2020 for top-p).
//!
//! Drawing is in f64 with a generator and an exponential of its own, so that the same logits and seed give the same token
//! natively and in a browser. The draw for a position depends on seed and position alone: a continuation can be stopped, taken
//! up again or branched, and its tokens stay those of the seed.

use super::error::EngineError;

/// How the next token is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Logits are divided by it; 0 always takes the most likely token.
    pub temperature: f64,
    /// Only so many of the most likely tokens; 0 for all.
    pub top_k: usize,
    /// Only the most likely tokens that together reach this probability; 1 for all.
    pub top_p: f64,
    /// Of the draws.
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
}

/// Chooses token after token.
#[derive(Clone, Debug)]
pub struct Sampler {
    sampling: Sampling,
}

impl Sampler {
    /// With these settings.
    ///
    /// # Errors
    /// A number that is out of range.
    pub fn new(sampling: Sampling) -> Result<Self, EngineError> {
        sampling.check()?;
        Ok(Self { sampling })
    }

    /// The token at `position`, by logits [d_vocab]; tokens at −∞ are never taken. Of equals the first, as argmax in other
    /// frameworks.
    pub fn choose(&self, logits: &[f32], position: usize) -> u32 {
        let Sampling { temperature, top_k, top_p, .. } = self.sampling;
        let first = |best: usize, next: usize| if logits[next] > logits[best] { next } else { best };
        if temperature == 0.0 {
            return (0..logits.len()).reduce(first).unwrap_or(0) as u32;
        }
        let mut order: Vec<u32> = (0..logits.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| logits[b as usize].total_cmp(&logits[a as usize]).then(a.cmp(&b)));
        if top_k > 0 {
            order.truncate(top_k);
        }
        let max = order.first().map_or(0.0, |&id| f64::from(logits[id as usize]));
        let weight = |&id: &u32| libm::exp((f64::from(logits[id as usize]) - max) / temperature);
        let mut weights: Vec<f64> = order.iter().map(weight).collect();
        let sum: f64 = weights.iter().sum();
        let mut reached = 0.0;
        let n_kept = weights.iter().take_while(|weight| {
            let is_needed = reached < top_p * sum;
            reached += **weight;
            is_needed
        });
        let n_kept = n_kept.count().max(1);
        weights.truncate(n_kept);
        let mut left = self.uniform(position) * weights.iter().sum::<f64>();
        for (id, weight) in order.iter().zip(&weights) {
            left -= weight;
            if left < 0.0 {
                return *id;
            }
        }
        order.get(n_kept - 1).copied().unwrap_or(0)
    }

    /// From 0 to below 1: the draw of a position, SplitMix64's (Steele et al. 2014), whose state is a counter.
    fn uniform(&self, position: usize) -> f64 {
        const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut z = self.sampling.seed.wrapping_add(GAMMA.wrapping_mul(position as u64 + 1));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each token is drawn, and the distribution by hand.
    #[track_caller]
    fn draws(sampling: Sampling, logits: &[f32], expected: &[f64]) {
        let sampler = Sampler::new(sampling).unwrap();
        let n_draws: u32 = 20_000;
        let mut counts = vec![0u32; logits.len()];
        for position in 0..n_draws {
            counts[sampler.choose(logits, position as usize) as usize] += 1;
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
        draws(Sampling { top_p: 0.7, ..plain }, &logits, &[0.0, 2.0 / 3.0, 0.0, 1.0 / 3.0]);
        draws(Sampling { top_p: 0.01, ..plain }, &logits, &[0.0, 1.0, 0.0, 0.0]);
        // Temperature ½ squares the probabilities.
        let sum = 0.01 + 0.25 + 0.0225 + 0.0625;
        draws(Sampling { temperature: 0.5, ..plain }, &logits, &[0.01 / sum, 0.25 / sum, 0.0225 / sum, 0.0625 / sum]);
        draws(Sampling::GREEDY, &logits, &[0.0, 1.0, 0.0, 0.0]);
    }

    /// The draws of a seed are fixed for good: what a link or a script reproduces.
    #[test]
    fn a_seed_is_a_sequence() {
        let sampling = Sampling { temperature: 1.0, top_k: 0, top_p: 1.0, seed: 1 };
        let drawn = |seed| {
            let sampler = Sampler::new(Sampling { seed, ..sampling }).unwrap();
            (0..12).map(|position| sampler.choose(&[0.0; 10], position)).collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
        // SplitMix64's first output for seed 1234567 is 6457827717110365317.
        let first = Sampler::new(Sampling { seed: 1_234_567, ..sampling }).unwrap().uniform(0);
        assert_eq!(first, (6_457_827_717_110_365_317u64 >> 11) as f64 / (1u64 << 53) as f64);
    }

    #[test]
    fn equals_go_to_the_first_and_nothing_masked_is_taken() {
        let greedy = Sampler::new(Sampling::GREEDY).unwrap();
        assert_eq!(greedy.choose(&[f32::NEG_INFINITY, 1.0, 1.0], 0), 1);
        let hot = Sampling { temperature: 100.0, ..Sampling::GREEDY };
        draws(hot, &[f32::NEG_INFINITY, 0.0, 0.0], &[0.0, 0.5, 0.5]);
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

//! Sums over rows of logits that come a piece of the vocabulary at a time, so that no row is ever held whole.
//!
//! Sums are made four lanes at a time in f32 and added up in f64 from piece to piece.

use super::exp::exp;
use super::simd::F32x4;

/// In place of −∞, with which a weight of 0 would make NaN.
const LEAST: f32 = -1e30;

/// What the numbers of one distribution follow from: Σ e^(z − m) and Σ e^(z − m) (z − m) over the logits z so far, with m the
/// largest of them.
#[derive(Clone, Copy, Debug)]
pub struct LogitSums {
    max: f32,
    total: f64,
    weighted: f64,
}

impl Default for LogitSums {
    fn default() -> Self {
        Self { max: f32::NEG_INFINITY, total: 0.0, weighted: 0.0 }
    }
}

impl LogitSums {
    /// Adds a piece of the row. Returns the factor by which sums of earlier weights e^(z − m) have to be multiplied, since m may
    /// have grown.
    pub fn add(&mut self, logits: &[f32]) -> f64 {
        let factor = self.raise(logits);
        if self.max == f32::NEG_INFINITY {
            // Nothing but −∞ so far, which adds nothing; NaN is kept.
            self.total += if logits.iter().any(|logit| logit.is_nan()) { f64::NAN } else { 0.0 };
            return factor;
        }
        let (mut total, mut weighted) = (F32x4::ZERO, F32x4::ZERO);
        each_four(logits, |four| {
            let shifted = (four - F32x4::splat(self.max)).max(F32x4::splat(LEAST));
            let weights = exp(shifted);
            total = total + weights;
            weighted = weighted + weights * shifted;
        });
        self.total += f64::from(total.sum());
        self.weighted += f64::from(weighted.sum());
        factor
    }

    /// Writes e^(z − m) of a piece that was added last.
    pub fn weights(&self, logits: &[f32], weights: &mut Vec<f32>) {
        weights.clear();
        if self.max == f32::NEG_INFINITY {
            return weights.resize(logits.len(), 0.0);
        }
        let shift = F32x4::splat(self.max);
        each_four(logits, |four| weights.extend(exp(four - shift).lanes()));
        weights.truncate(logits.len());
    }

    /// ln Σ e^z; NaN where a logit was NaN or +∞, or all were −∞.
    pub fn log_total(&self) -> f64 {
        if self.total > 0.0 { f64::from(self.max) + self.total.ln() } else { f64::NAN }
    }

    /// Σ e^(z − m), by which sums over [`LogitSums::weights`] are divided.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// Entropy of the distribution in nats.
    pub fn entropy(&self) -> f64 {
        self.total.ln() - self.weighted / self.total
    }

    /// Makes the largest logit that of all pieces; returns the factor for sums that were made with the last one.
    fn raise(&mut self, logits: &[f32]) -> f64 {
        let mut largest = F32x4::splat(self.max);
        each_four(logits, |four| largest = four.max(largest));
        let max = largest.lanes().into_iter().fold(f32::NEG_INFINITY, f32::max);
        if max <= self.max || max == f32::NEG_INFINITY {
            return 1.0;
        }
        let shift = f64::from(self.max) - f64::from(max);
        let factor = shift.exp();
        if self.total > 0.0 {
            self.weighted = factor * (self.weighted + shift * self.total);
            self.total *= factor;
        }
        self.max = max;
        factor
    }
}

/// Σ w z, with −∞ counting as a very small number, so that a weight of 0 leaves nothing of it.
pub fn weighted_sum(weights: &[f32], logits: &[f32]) -> f64 {
    let (fours, rest) = logits.as_chunks::<4>();
    let (weight_fours, weight_rest) = weights.as_chunks::<4>();
    let least = F32x4::splat(LEAST);
    let mut sum = F32x4::ZERO;
    for (four, weight) in fours.iter().zip(weight_fours) {
        sum = sum + F32x4::load(four).max(least) * F32x4::load(weight);
    }
    let rest = F32x4::load_padded(rest, 0.0).max(least) * F32x4::load_padded(weight_rest, 0.0);
    f64::from((sum + rest).sum())
}

/// Hands out the values four at a time, −∞ after the last.
#[inline(always)]
fn each_four(values: &[f32], mut take: impl FnMut(F32x4)) {
    let (fours, rest) = values.as_chunks::<4>();
    fours.iter().for_each(|four| take(F32x4::load(four)));
    if !rest.is_empty() {
        take(F32x4::load_padded(rest, f32::NEG_INFINITY));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sums over pieces of these lengths.
    fn summed(logits: &[f32], piece: usize) -> LogitSums {
        let mut sums = LogitSums::default();
        logits.chunks(piece).for_each(|piece| _ = sums.add(piece));
        sums
    }

    proptest! {
        #[test]
        fn pieces_give_the_numbers_of_the_whole(
            logits in proptest::collection::vec(-30.0f32..30.0, 1..300),
            piece in 1usize..80,
        ) {
            let exact: Vec<f64> = logits.iter().map(|&logit| f64::from(logit)).collect();
            let total: f64 = exact.iter().map(|logit| logit.exp()).sum();
            let entropy: f64 = exact.iter().map(|logit| (logit.exp() / total, total.ln() - logit)).map(|(p, i)| p * i).sum();
            let sums = summed(&logits, piece);
            prop_assert!((sums.log_total() - total.ln()).abs() < 1e-5);
            prop_assert!((sums.entropy() - entropy).abs() < 1e-5, "{} {entropy}", sums.entropy());
        }

        #[test]
        fn weights_of_pieces_give_a_mean(
            pairs in proptest::collection::vec((-20.0f32..20.0, -20.0f32..20.0), 1..200),
            piece in 1usize..80,
        ) {
            let (own, other): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let (mut sums, mut weights, mut mean) = (LogitSums::default(), Vec::new(), 0.0);
            for (own, other) in own.chunks(piece).zip(other.chunks(piece)) {
                mean *= sums.add(own);
                sums.weights(own, &mut weights);
                prop_assert_eq!(weights.len(), own.len());
                mean += weighted_sum(&weights, other);
            }
            let total: f64 = own.iter().map(|&logit| f64::from(logit).exp()).sum();
            let exact: f64 = own.iter().zip(&other).map(|(&z, &other)| f64::from(z).exp() / total * f64::from(other)).sum();
            let found = mean / sums.total();
            prop_assert!((found - exact).abs() < 1e-4, "{found} {exact}");
        }
    }

    #[test]
    fn a_token_that_never_follows_takes_no_part() {
        let without = summed(&[1.0, 2.0, 0.5], 2);
        let never = f32::NEG_INFINITY;
        let with = summed(&[never, never, never, 1.0, 2.0, never, 0.5], 2);
        assert!((with.log_total() - without.log_total()).abs() < 1e-7);
        assert!((with.entropy() - without.entropy()).abs() < 1e-6);
        assert_eq!(weighted_sum(&[0.0, 0.5], &[f32::NEG_INFINITY, 3.0]), 1.5);
    }

    #[test]
    fn what_is_not_a_distribution_is_nan() {
        for logits in [
            &[f32::NAN, 1.0][..],
            &[f32::NAN, f32::NEG_INFINITY, 1.0],
            &[1.0, f32::INFINITY],
            &[f32::NEG_INFINITY; 5],
            &[],
        ] {
            assert!(summed(logits, 2).log_total().is_nan(), "{logits:?}");
        }
    }
}

//! Softmax over the visible scores of a row.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::exp::exp;
use super::simd::F32x4;
use super::threads;

/// Approximate cost of one weight, in operations.
const WORK: usize = 24;

/// Turns one row of scores into weights that sum to 1; −inf becomes 0. Says whether it could: a row of −inf alone becomes
/// zeros, one with NaN or +inf becomes NaN.
pub fn softmax_row(row: &mut [f32]) -> bool {
    let max = max_of(row);
    if max == f32::NEG_INFINITY {
        // The maximum passes NaN over.
        let has_nan = row.iter().any(|score| score.is_nan());
        row.fill(if has_nan { f32::NAN } else { 0.0 });
        return false;
    }
    let (four, rest) = row.as_chunks_mut::<4>();
    let shift = F32x4::splat(max);
    let mut sums = F32x4::ZERO;
    for four in four {
        let weights = exp(F32x4::load(four) - shift);
        weights.store(four);
        sums = sums + weights;
    }
    let weights = exp(F32x4::load_padded(rest, f32::NEG_INFINITY) - shift);
    rest.copy_from_slice(&weights.lanes()[..rest.len()]);
    // At least 1 where all scores are numbers, for the largest one's weight is 1 before scaling; NaN where one is not.
    let scale = 1.0 / (sums + weights).sum();
    row.iter_mut().for_each(|value| *value *= scale);
    !scale.is_nan()
}

/// Weights from scores, with the mask: keys outside `visible` get 0 and are not read. Says, as [`softmax_row`] does,
/// whether the row is a distribution; a row that may see no key counts as one.
pub fn softmax_masked(scores: &[f32], visible: Range<usize>, weights: &mut [f32]) -> bool {
    weights[..visible.start].fill(0.0);
    weights[visible.end..].fill(0.0);
    let weights = &mut weights[visible.clone()];
    weights.copy_from_slice(&scores[visible]);
    softmax_row(weights) || weights.is_empty()
}

/// Turns every row of scores [_, n_key] into weights of the same shape; `visible` gives the keys that a row may read.
///
/// # Errors
/// Index of the first row that is not a distribution.
pub fn softmax_rows(
    scores: &[f32],
    n_key: usize,
    visible: impl Fn(usize) -> Range<usize> + Sync,
    weights: &mut [f32],
) -> Result<(), usize> {
    let n_key = n_key.max(1);
    let first_wrong = AtomicUsize::new(usize::MAX);
    threads::share(weights, n_key, scores.len() * WORK, |first, weights| {
        let rows = scores.chunks_exact(n_key).skip(first).zip(weights.chunks_exact_mut(n_key));
        for (row, (scores, weights)) in rows.enumerate() {
            if !softmax_masked(scores, visible(first + row), weights) {
                first_wrong.fetch_min(first + row, Ordering::Relaxed);
            }
        }
    });
    match first_wrong.into_inner() {
        usize::MAX => Ok(()),
        row => Err(row),
    }
}

/// The reverse of a softmax: turns the gradient by its weights into that by its scores, row by row [_, n_key], in place:
/// w · (g − Σ w g).
pub fn softmax_reverse(weights: &[f32], n_key: usize, grad: &mut [f32]) {
    let n_key = n_key.max(1);
    for (weights, grad) in weights.chunks_exact(n_key).zip(grad.chunks_exact_mut(n_key)) {
        let mean: f64 = weights.iter().zip(&*grad).map(|(w, g)| f64::from(*w) * f64::from(*g)).sum();
        grad.iter_mut().zip(weights).for_each(|(g, w)| *g = *w * (*g - mean as f32));
    }
}

fn max_of(row: &[f32]) -> f32 {
    let (four, rest) = row.as_chunks::<4>();
    let largest = four.iter().fold(F32x4::splat(f32::NEG_INFINITY), |max, four| F32x4::load(four).max(max));
    largest.lanes().into_iter().chain(rest.iter().copied()).fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_to_one_and_agrees_with_f64(scores in proptest::collection::vec(-80.0f32..80.0, 1..200), masked in any::<u64>()) {
            let mut row = scores.clone();
            for (index, value) in row.iter_mut().enumerate().skip(1) {
                if masked >> (index % 64) & 1 == 1 {
                    *value = f32::NEG_INFINITY;
                }
            }
            let exact: Vec<f64> = row.iter().map(|&v| f64::from(v).exp()).collect();
            let sum: f64 = exact.iter().sum();
            prop_assert!(softmax_row(&mut row));
            prop_assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            for (got, exact) in row.iter().zip(exact) {
                prop_assert!((f64::from(*got) - exact / sum).abs() < 1e-6);
            }
        }

        #[test]
        fn a_mask_is_the_same_as_scores_of_minus_infinity(
            scores in proptest::collection::vec(-8.0f32..8.0, 1..40),
            first in 0usize..40,
            len in 0usize..40,
        ) {
            let first = first.min(scores.len());
            let visible = first..(first + len).min(scores.len());
            let mut weights = vec![f32::NAN; scores.len()];
            prop_assert!(softmax_masked(&scores, visible.clone(), &mut weights));
            let mut masked = scores;
            masked[..visible.start].fill(f32::NEG_INFINITY);
            masked[visible.end..].fill(f32::NEG_INFINITY);
            let has_any = softmax_row(&mut masked);
            prop_assert_eq!(has_any, !visible.is_empty());
            for (a, b) in weights.iter().zip(&masked) {
                prop_assert!((a - b).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn nothing_to_attend_to() {
        let mut row = [f32::NEG_INFINITY; 3];
        assert!(!softmax_row(&mut row));
        assert_eq!(row, [0.0; 3]);
        assert!(softmax_masked(&[1.0; 3], 1..1, &mut row), "a row that may see no key");
    }

    /// A row of nothing but NaN used to become zeros: an empty head.
    #[test]
    fn a_row_of_nan_alone_does_not_become_zeros() {
        for n_keys in [1, 3, 4, 9] {
            let mut row = vec![f32::NAN; n_keys];
            assert!(!softmax_row(&mut row));
            assert!(row.iter().all(|weight| weight.is_nan()), "{row:?}");
            let mut row = vec![f32::NEG_INFINITY; n_keys];
            row[n_keys - 1] = f32::NAN;
            assert!(!softmax_row(&mut row) && row[n_keys - 1].is_nan(), "{row:?}");
        }
    }

    #[test]
    fn the_first_row_that_is_not_a_distribution_is_named() {
        let mut scores = vec![0.5; 40];
        scores[37] = f32::INFINITY;
        scores[14] = f32::NAN;
        let mut weights = vec![0.0; 40];
        assert_eq!(softmax_rows(&scores, 4, |_| 0..4, &mut weights), Err(3));
        assert_eq!(softmax_rows(&scores, 4, |row| 0..if row == 3 { 2 } else { 4 }, &mut weights), Err(9));
        assert_eq!(softmax_rows(&scores, 4, |_| 0..1, &mut weights), Ok(()));
    }

    #[test]
    fn nan_is_not_hidden() {
        for at in 0..6 {
            let mut row = [0.5; 6];
            row[at] = f32::NAN;
            assert!(!softmax_row(&mut row));
            assert!(row[at].is_nan(), "{at}: {row:?}");
        }
    }

    #[test]
    fn the_reverse_agrees_with_differences() {
        let (scores, up) = ([0.3f32, -1.0, 2.0, f32::NEG_INFINITY, 0.7], [1.0f32, -2.0, 0.5, 9.0, 3.0]);
        let value = |scores: &[f64]| {
            let total: f64 = scores.iter().map(|s| s.exp()).sum();
            scores.iter().zip(up).map(|(s, up)| s.exp() / total * f64::from(up)).sum::<f64>()
        };
        let (mut weights, mut grad) = (scores, up);
        softmax_row(&mut weights);
        softmax_reverse(&weights, 5, &mut grad);
        for (i, found) in grad.into_iter().enumerate() {
            let moved = |by: f64| {
                let move_one = |(j, s): (usize, &f32)| f64::from(*s) + if i == j { by } else { 0.0 };
                value(&scores.iter().enumerate().map(move_one).collect::<Vec<_>>())
            };
            let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((f64::from(found) - expected).abs() < 1e-5, "{i}: {found} {expected}");
        }
    }
}

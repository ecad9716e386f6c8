//! Softmax over the visible scores of a row.

use std::ops::Range;

use super::exp::exp;
use super::simd::F32x4;
use super::threads;

/// About how many operations a weight takes.
const WORK: usize = 24;

/// Turns one row of scores into weights that sum to 1; −inf becomes 0. A row without a finite score becomes zeros: it
/// has nothing to attend to.
pub fn softmax_row(row: &mut [f32]) {
    let max = max_of(row);
    if max == f32::NEG_INFINITY {
        row.fill(0.0);
        return;
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
    let scale = 1.0 / (sums + weights).sum();
    row.iter_mut().for_each(|value| *value *= scale);
}

/// Weights from scores, with the mask: keys outside `visible` get 0 and are not read.
pub fn softmax_masked(scores: &[f32], visible: Range<usize>, weights: &mut [f32]) {
    weights[..visible.start].fill(0.0);
    weights[visible.end..].fill(0.0);
    let weights = &mut weights[visible.clone()];
    weights.copy_from_slice(&scores[visible]);
    softmax_row(weights);
}

/// The same for all rows of scores [_, n_key] into weights of the same shape; `visible` says what the row of an index sees.
pub fn softmax_rows(scores: &[f32], n_key: usize, visible: impl Fn(usize) -> Range<usize> + Sync, weights: &mut [f32]) {
    let n_key = n_key.max(1);
    threads::share(weights, n_key, scores.len() * WORK, |first, weights| {
        let rows = scores.chunks_exact(n_key).skip(first).zip(weights.chunks_exact_mut(n_key));
        for (row, (scores, weights)) in rows.enumerate() {
            softmax_masked(scores, visible(first + row), weights);
        }
    });
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
            softmax_row(&mut row);
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
            softmax_masked(&scores, visible.clone(), &mut weights);
            let mut masked = scores;
            masked[..visible.start].fill(f32::NEG_INFINITY);
            masked[visible.end..].fill(f32::NEG_INFINITY);
            softmax_row(&mut masked);
            for (a, b) in weights.iter().zip(&masked) {
                prop_assert!((a - b).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn nothing_to_attend_to() {
        let mut row = [f32::NEG_INFINITY; 3];
        softmax_row(&mut row);
        assert_eq!(row, [0.0; 3]);
    }

    #[test]
    fn what_is_no_number_is_not_hidden() {
        for at in 0..6 {
            let mut row = [0.5; 6];
            row[at] = f32::NAN;
            softmax_row(&mut row);
            assert!(row[at].is_nan(), "{at}: {row:?}");
        }
    }
}

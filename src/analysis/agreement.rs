//! Estimates beside exact effects: which are tried, and how well two lists of numbers agree (docs/methods.md, "Attribution by
//! gradients").

use super::statistics::{pearson, spearman};
use crate::random::SplitMix64;

/// How estimates and exact values agree.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Agreement {
    /// Pearson's correlation; `None` where a list does not vary.
    pub pearson: Option<f64>,
    /// Spearman's: Pearson's of the ranks, equal numbers sharing theirs.
    pub spearman: Option<f64>,
    /// The share of pairs with the same sign; `None` of no pairs.
    pub sign: Option<f64>,
}

impl Agreement {
    /// Compares pairs (estimate, exact).
    pub fn of(pairs: &[(f64, f64)]) -> Self {
        let (one, two): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let sign = |value: f64| if value == 0.0 { 0.0 } else { value.signum() };
        let n_same = pairs.iter().filter(|(one, two)| sign(*one) == sign(*two)).count();
        Self {
            pearson: pearson(&one, &two, None),
            spearman: spearman(&one, &two, None),
            sign: (!pairs.is_empty()).then(|| n_same as f64 / pairs.len() as f64),
        }
    }
}

/// Which of some estimates are tried: the `n` of the largest size, the largest first, and `n` drawn by a seed from the rest, as
/// indices; what has no estimate is left out. The drawn ones alone show what the estimate misses.
pub fn tried(estimates: &[f32], n: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..estimates.len()).filter(|index| estimates[*index].is_finite()).collect();
    order.sort_unstable_by(|a, b| estimates[*b].abs().total_cmp(&estimates[*a].abs()).then(a.cmp(b)));
    let mut rest = order.split_off(n.min(order.len()));
    SplitMix64::new(seed).draw(&mut rest, n);
    rest.truncate(n);
    (order, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values worked out by the definitions in Python.
    #[test]
    fn two_lists_with_a_tie() {
        let pairs = [(1.0, 2.0), (2.0, 1.0), (3.0, 4.0), (4.0, 3.0), (5.0, 50.0), (2.0, -1.0)];
        let found = Agreement::of(&pairs);
        assert!((found.pearson.unwrap() - 0.748_636_149_178_184).abs() < 1e-12, "{found:?}");
        assert!((found.spearman.unwrap() - 0.753_702_346_348_183).abs() < 1e-12, "{found:?}");
        assert_eq!(found.sign, Some(5.0 / 6.0));
    }

    #[test]
    fn what_does_not_vary_has_no_correlation() {
        assert_eq!(Agreement::of(&[]), Agreement::default());
        let found = Agreement::of(&[(1.0, 2.0), (1.0, 3.0)]);
        assert_eq!((found.pearson, found.spearman, found.sign), (None, None, Some(1.0)));
    }

    #[test]
    fn the_largest_and_some_of_the_rest_are_tried() {
        let estimates = [0.1, -3.0, 0.0, 2.0, 0.2, -0.3, 0.4];
        let (best, drawn) = tried(&estimates, 2, 5);
        assert_eq!(best, [1, 3]);
        assert!(
            drawn.len() == 2 && drawn[0] != drawn[1] && drawn.iter().all(|index| !best.contains(index)),
            "{drawn:?}"
        );
        assert_eq!((best, drawn), tried(&estimates, 2, 5), "the seed decides");
        assert!((0..50).any(|seed| tried(&estimates, 2, seed).1 != tried(&estimates, 2, 5).1));
        let (best, drawn) = tried(&estimates, 5, 0);
        assert_eq!((best.len(), drawn.len()), (5, 2));
        assert_eq!(tried(&[], 3, 0), (Vec::new(), Vec::new()));
        assert_eq!(tried(&[f32::NAN, 1.0], 3, 0), (vec![1], Vec::new()));
    }
}

//! Area under the receiver operating characteristic: how often a value of the positive rows is above one of the negative rows.

use super::{Bootstrap, Clusters, Estimate, mid_ranks};

/// The share of pairs of a positive and a negative row in which the positive one has the larger value; equal values count half.
/// Each row counts `weights` times. `None` where one label is missing.
pub fn area(values: &[f64], is_positive: &[bool], weights: Option<&[u32]>) -> Option<f64> {
    let weight = |row: usize| weights.map_or(1, |weights| weights[row]);
    let kept: Vec<usize> = (0..values.len()).filter(|row| !values[*row].is_nan() && weight(*row) > 0).collect();
    let found: Vec<f64> = kept.iter().map(|row| values[*row]).collect();
    let counted: Vec<u32> = kept.iter().map(|row| weight(*row)).collect();
    let ranks = mid_ranks(&found, Some(&counted));
    let (mut rank_sum, mut n_positive, mut n_negative) = (0.0, 0.0, 0.0);
    for ((row, rank), count) in kept.iter().zip(ranks).zip(counted) {
        let count = f64::from(count);
        match is_positive[*row] {
            true => (rank_sum, n_positive) = (rank_sum + count * rank, n_positive + count),
            false => n_negative += count,
        }
    }
    let n_pairs = n_positive * n_negative;
    (n_pairs > 0.0).then(|| (rank_sum - n_positive * (n_positive + 1.0) / 2.0) / n_pairs)
}

/// The area with the interval of resampled clusters; `None` where one label is missing. At 1 and at 0 every resample says the same,
/// so the interval has no width there.
pub fn area_interval(
    values: &[f64],
    is_positive: &[bool],
    clusters: &Clusters,
    bootstrap: Bootstrap,
) -> Option<Estimate> {
    let value = area(values, is_positive, None)?;
    let mut weights = vec![0; values.len()];
    let interval = bootstrap.interval(clusters, |counts| {
        weights.iter_mut().zip(clusters.of_rows()).for_each(|(weight, cluster)| *weight = counts[*cluster]);
        area(values, is_positive, Some(&weights))
    });
    Some(Estimate { n: values.iter().filter(|value| !value.is_nan()).count(), value, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_by_hand() {
        let is_positive = [true, true, false, false];
        assert_eq!(area(&[2.0, 3.0, 0.0, 1.0], &is_positive, None), Some(1.0));
        assert_eq!(area(&[0.0, 1.0, 2.0, 3.0], &is_positive, None), Some(0.0));
        assert_eq!(area(&[1.0, 1.0, 1.0, 1.0], &is_positive, None), Some(0.5));
        // Of four pairs: 3 > 2, 3 > 1, 1 < 2, 1 = 1.
        assert_eq!(area(&[3.0, 1.0, 2.0, 1.0], &is_positive, None), Some(2.5 / 4.0));
        assert_eq!(area(&[1.0, f64::NAN, 0.0, f64::NAN], &is_positive, None), Some(1.0));
        assert_eq!(area(&[1.0, 2.0], &[true, true], None), None, "one label");
    }

    #[test]
    fn weights_are_repetitions() {
        let (values, labels) = ([0.3, 0.1, 0.2, 0.3], [true, true, false, false]);
        let weighted = area(&values, &labels, Some(&[2, 1, 3, 1]));
        let repeated =
            area(&[0.3, 0.3, 0.1, 0.2, 0.2, 0.2, 0.3], &[true, true, true, false, false, false, false], None);
        assert_eq!(weighted, repeated);
    }

    #[test]
    fn a_perfect_area_has_an_interval_without_width() {
        let labels: Vec<bool> = (0..20).map(|row| row >= 10).collect();
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        let estimate = area_interval(&values, &labels, &Clusters::single(20), Bootstrap::of_seed(1)).unwrap();
        assert_eq!((estimate.n, estimate.value, estimate.interval), (20, 1.0, Some((1.0, 1.0))));
    }
}

//! Means over rows.

use super::{Bootstrap, Clusters, Estimate};

/// The mean of the values that are there.
pub fn mean(values: &[f64]) -> Option<f64> {
    let found = || values.iter().filter(|value| !value.is_nan());
    let n = found().count();
    (n > 0).then(|| found().sum::<f64>() / n as f64)
}

/// Mean 0 and variance 1; `None` where a number is missing or all are equal.
pub fn standardised(values: &[f64]) -> Option<Vec<f64>> {
    let n = values.len() as f64;
    let centre = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|value| (value - centre).powi(2)).sum::<f64>() / n).sqrt();
    let varies = deviation.is_finite() && deviation > 1e-12 * centre.abs();
    varies.then(|| values.iter().map(|value| (value - centre) / deviation).collect())
}

/// The mean over rows, each counting once, with the interval of resampled clusters.
pub fn mean_interval(values: &[f64], clusters: &Clusters, bootstrap: Bootstrap) -> Estimate {
    // Sum and number of the values of each cluster: a resample needs no more.
    let mut sums = vec![(0.0, 0_u32); clusters.len()];
    for (value, cluster) in values.iter().zip(clusters.of_rows()).filter(|(value, _)| !value.is_nan()) {
        sums[*cluster].0 += value;
        sums[*cluster].1 += 1;
    }
    let interval = bootstrap.interval(clusters, |counts| {
        let mut total = (0.0, 0);
        for ((sum, n), count) in sums.iter().zip(counts) {
            total = (total.0 + f64::from(*count) * sum, total.1 + count * n);
        }
        (total.1 > 0).then(|| total.0 / f64::from(total.1))
    });
    let n = sums.iter().map(|(_, n)| *n as usize).sum();
    Estimate { n, value: mean(values).unwrap_or(f64::NAN), interval: interval.filter(|_| n > 0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_a_value_are_left_out() {
        let values = [1.0, f64::NAN, 3.0, f64::NAN];
        assert_eq!(mean(&values), Some(2.0));
        assert_eq!(mean(&[f64::NAN]), None);
        let estimate = mean_interval(&values, &Clusters::single(4), Bootstrap::of_seed(1));
        assert_eq!((estimate.n, estimate.value), (2, 2.0));
        assert_eq!(estimate.interval, Some((1.0, 3.0)));
        let none = mean_interval(&[f64::NAN; 3], &Clusters::single(3), Bootstrap::of_seed(1));
        assert!(none.n == 0 && none.value.is_nan() && none.interval.is_none());
    }
}

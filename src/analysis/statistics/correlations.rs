//! Correlations.

use super::{Bootstrap, Clusters, Estimate, mid_ranks};

/// What is correlated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correlation {
    /// The values.
    Pearson,
    /// Their ranks.
    Spearman,
}

/// Pearson's r of pairs, each counting `weights` times; `None` with fewer than two pairs or where one side does not vary.
pub fn pearson(x: &[f64], y: &[f64], weights: Option<&[u32]>) -> Option<f64> {
    let weight = |index: usize| weights.map_or(1.0, |weights| f64::from(weights[index]));
    let pairs = || x.iter().zip(y).enumerate().map(|(index, (x, y))| (weight(index), *x, *y));
    let total: f64 = pairs().map(|(weight, ..)| weight).sum();
    let mean_x = pairs().map(|(weight, x, _)| weight * x).sum::<f64>() / total;
    let mean_y = pairs().map(|(weight, _, y)| weight * y).sum::<f64>() / total;
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (weight, x, y) in pairs() {
        let (x, y) = (x - mean_x, y - mean_y);
        (xx, yy, xy) = (xx + weight * x * x, yy + weight * y * y, xy + weight * x * y);
    }
    let scale = (xx * yy).sqrt();
    (scale > 0.0).then(|| (xy / scale).clamp(-1.0, 1.0))
}

/// Spearman's ρ: Pearson's r of the ranks.
pub fn spearman(x: &[f64], y: &[f64], weights: Option<&[u32]>) -> Option<f64> {
    pearson(&mid_ranks(x, weights), &mid_ranks(y, weights), weights)
}

/// A correlation over the pairs of which both values are there, with the interval of resampled clusters.
pub fn correlation_interval(
    kind: Correlation,
    x: &[f64],
    y: &[f64],
    clusters: &Clusters,
    bootstrap: Bootstrap,
) -> Option<Estimate> {
    let kept: Vec<usize> = (0..x.len().min(y.len())).filter(|row| !x[*row].is_nan() && !y[*row].is_nan()).collect();
    let some = |values: &[f64]| kept.iter().map(|row| values[*row]).collect::<Vec<f64>>();
    let (x, y, clusters) = (some(x), some(y), clusters.of_some(&kept));
    let statistic = |weights: Option<&[u32]>| match kind {
        Correlation::Pearson => pearson(&x, &y, weights),
        Correlation::Spearman => spearman(&x, &y, weights),
    };
    let value = statistic(None)?;
    let mut weights = vec![0; kept.len()];
    let interval = bootstrap.interval(&clusters, |counts| {
        weights.iter_mut().zip(clusters.of_rows()).for_each(|(weight, cluster)| *weight = counts[*cluster]);
        statistic(Some(&weights))
    });
    Some(Estimate { n: kept.len(), value, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlations_by_hand() {
        let x = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(pearson(&x, &[2.0, 4.0, 6.0, 8.0], None), Some(1.0));
        assert_eq!(spearman(&x, &[-1.0, -10.0, -100.0, -1000.0], None), Some(-1.0));
        assert_eq!(pearson(&x, &[1.0, 1.0, 1.0, 1.0], None), None, "one side does not vary");
        assert_eq!(pearson(&[1.0], &[2.0], None), None);
        let estimate = correlation_interval(
            Correlation::Pearson,
            &[1.0, f64::NAN, 3.0],
            &[2.0, 9.0, 7.0],
            &Clusters::single(3),
            Bootstrap::of_seed(1),
        );
        assert_eq!(estimate.map(|estimate| (estimate.n, estimate.value)), Some((2, 1.0)));
    }
}

//! Percentile intervals from resampled clusters (Efron and Tibshirani 1993).

use super::Clusters;
use crate::random::SplitMix64;

/// The bounds of a 95 % interval.
const BOUNDS: [f64; 2] = [0.025, 0.975];

/// How resamples are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// How many resamples.
    pub n_resamples: usize,
    /// Resample i of a seed is the same everywhere.
    pub seed: u64,
}

impl Bootstrap {
    /// A thousand resamples.
    pub fn of_seed(seed: u64) -> Self {
        Self { n_resamples: 1_000, seed }
    }

    /// The 95 % interval of a statistic: `statistic` is given how often each cluster was drawn, and says `None` where it has no
    /// value, as an area with one label has. `None` with fewer than two clusters, or where most resamples have no value.
    pub fn interval(
        &self,
        clusters: &Clusters,
        mut statistic: impl FnMut(&[u32]) -> Option<f64>,
    ) -> Option<(f64, f64)> {
        let n = clusters.len();
        if n < 2 {
            return None;
        }
        let mut counts = vec![0; n];
        let mut values = Vec::with_capacity(self.n_resamples);
        for resample in 0..self.n_resamples {
            let mut random = SplitMix64::new(SplitMix64::nth(self.seed, resample as u64));
            counts.fill(0);
            (0..n).for_each(|_| counts[random.below(n)] += 1);
            values.extend(statistic(&counts).filter(|value| value.is_finite()));
        }
        if values.is_empty() || 2 * values.len() < self.n_resamples {
            return None;
        }
        values.sort_unstable_by(f64::total_cmp);
        let [low, high] = BOUNDS.map(|share| quantile(&values, share));
        Some((low, high))
    }
}

/// A quantile of sorted values, between two of them by a straight line, as numpy's default.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (at - below as f64) * (sorted[above] - sorted[below])
}

/// A number over the rows of a set, with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// How many rows have a value.
    pub n: usize,
    /// The statistic over these rows; NaN without any.
    pub value: f64,
    /// The bounds of its 95 % interval; `None` with a single cluster.
    pub interval: Option<(f64, f64)>,
}

impl Estimate {
    /// Of two intervals of one statistic, by crossed clusters, the wider one counts.
    #[must_use]
    pub fn or_wider(self, other: Self) -> Self {
        let width = |estimate: &Self| estimate.interval.map_or(f64::INFINITY, |(low, high)| high - low);
        if width(&other) > width(&self) { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_values() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.5), 2.0);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!(quantile(&[5.0], 0.975), 5.0);
    }

    #[test]
    fn whole_clusters_are_drawn() {
        let clusters = Clusters::by_key([0, 0, 1, 2]);
        let bootstrap = Bootstrap { n_resamples: 200, seed: 3 };
        let mut totals = Vec::new();
        let interval = bootstrap.interval(&clusters, |counts| {
            totals.push(counts.iter().sum::<u32>());
            Some(f64::from(counts[0]))
        });
        assert!(totals.len() == 200 && totals.iter().all(|total| *total == 3));
        // Of three draws the cluster is in none with probability 8/27, in all three with 1/27.
        assert!(matches!(interval, Some((0.0, high)) if high >= 2.0), "{interval:?}");
        assert_eq!(bootstrap.interval(&Clusters::single(1), |_| Some(1.0)), None, "one cluster has no spread");
        assert_eq!(bootstrap.interval(&clusters, |_| None), None);
    }

    #[test]
    fn the_wider_of_two_intervals_counts() {
        let estimate = |interval| Estimate { n: 3, value: 0.5, interval };
        let (narrow, wide) = (estimate(Some((0.4, 0.6))), estimate(Some((0.1, 0.9))));
        assert_eq!(narrow.or_wider(wide), wide);
        assert_eq!(wide.or_wider(narrow), wide);
        assert_eq!(wide.or_wider(estimate(None)).interval, None, "unknown is wider than anything");
    }
}

//! t values under flipped signs of whole clusters.

use crate::analysis::statistics::Clusters;
use crate::random::SplitMix64;

/// The sums of each head and cluster. Their squares do not change with signs, so that a permutation is one sum per head.
#[derive(Clone, Debug)]
pub(super) struct SignFlips {
    n_clusters: usize,
    /// [head, cluster]
    sums: Vec<f64>,
    /// Per head: the clusters with values, and the sum of the squares of their sums.
    facts: Vec<(f64, f64)>,
    own: Vec<f64>,
    signs: Vec<f64>,
}

impl SignFlips {
    pub fn new(values: &[Vec<f64>], clusters: &Clusters) -> Self {
        let n_clusters = clusters.len();
        let (mut sums, mut facts) = (Vec::with_capacity(values.len() * n_clusters), Vec::with_capacity(values.len()));
        for head in values {
            let mut found = vec![None; n_clusters];
            for (value, cluster) in head.iter().zip(clusters.of_rows()).filter(|(value, _)| !value.is_nan()) {
                *found[*cluster].get_or_insert(0.0) += value;
            }
            let squares = found.iter().flatten().map(|sum| sum * sum).sum();
            facts.push((found.iter().flatten().count() as f64, squares));
            sums.extend(found.iter().map(|sum| sum.unwrap_or(0.0)));
        }
        let mut flips = Self { n_clusters, sums, own: vec![0.0; facts.len()], facts, signs: vec![1.0; n_clusters] };
        let mut own = std::mem::take(&mut flips.own);
        flips.statistics(&mut own);
        Self { own, ..flips }
    }

    pub fn n_clusters(&self) -> usize {
        self.n_clusters
    }

    pub fn own(&self) -> &[f64] {
        &self.own
    }

    /// The statistics under the signs of a seed.
    pub fn permuted(&mut self, seed: u64, statistics: &mut [f64]) {
        let mut random = SplitMix64::new(seed);
        for signs in self.signs.chunks_mut(64) {
            let bits = random.next();
            signs.iter_mut().enumerate().for_each(|(bit, sign)| *sign = if bits >> bit & 1 == 0 { 1.0 } else { -1.0 });
        }
        self.statistics(statistics);
    }

    fn statistics(&self, statistics: &mut [f64]) {
        let heads = self.facts.iter().enumerate();
        for (statistic, (head, &(n, squares))) in statistics.iter_mut().zip(heads) {
            let sums = &self.sums[head * self.n_clusters..][..self.n_clusters];
            let sum: f64 = sums.iter().zip(&self.signs).map(|(sum, sign)| sum * sign).sum();
            *statistic = t(sum, squares, n);
        }
    }
}

/// t of a mean of `n` numbers by their sum and the sum of their squares; 0 where all are 0, infinite where they do not differ.
fn t(sum: f64, squares: f64, n: f64) -> f64 {
    if n < 2.0 {
        return f64::NAN;
    }
    if squares == 0.0 {
        return 0.0;
    }
    let spread = ((squares - sum * sum / n) / (n - 1.0)).max(0.0);
    // Equal numbers leave a rest of rounding, which would give a random large t.
    match spread <= 1e-13 * squares {
        true => f64::INFINITY.copysign(sum),
        false => sum / n / (spread / n).sqrt(),
    }
}

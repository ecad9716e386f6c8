//! Areas under the curve under shuffled labels.

use crate::analysis::statistics::{Clusters, mid_ranks};
use crate::random::SplitMix64;

/// The ranks of each head's values. Ranks do not change with labels, so that a permutation is one sum per head.
#[derive(Clone, Debug)]
pub(super) struct LabelShuffles {
    /// Per head the rank of each row; NaN where a row has no value.
    ranks: Vec<Vec<f64>>,
    /// Per head whether every row has a value, so that the number of positive rows stays.
    is_whole: Vec<bool>,
    labels: Vec<bool>,
    /// Rows whose labels change places: the rows of each cluster that has both labels.
    within: Vec<Vec<usize>>,
    /// Clusters of one label, whose labels change places between clusters of equal size.
    between: Vec<Vec<Vec<usize>>>,
    own: Vec<f64>,
}

impl LabelShuffles {
    pub fn new(values: &[Vec<f64>], is_positive: &[bool], clusters: &Clusters) -> Self {
        let (within, whole): (Vec<_>, Vec<_>) = clusters
            .rows()
            .into_iter()
            .partition(|rows| rows.iter().any(|row| is_positive[*row] != is_positive[rows[0]]));
        let mut by_size = std::collections::BTreeMap::<usize, Vec<Vec<usize>>>::new();
        whole.into_iter().for_each(|rows| by_size.entry(rows.len()).or_default().push(rows));
        let ranks: Vec<Vec<f64>> = values.iter().map(|head| ranks_of_found(head)).collect();
        let is_whole = ranks.iter().map(|ranks| !ranks.iter().any(|rank| rank.is_nan())).collect();
        let mut shuffles = Self {
            own: vec![0.0; ranks.len()],
            ranks,
            is_whole,
            labels: is_positive.to_vec(),
            within,
            between: by_size.into_values().collect(),
        };
        let mut own = std::mem::take(&mut shuffles.own);
        shuffles.statistics(&mut own);
        Self { own, ..shuffles }
    }

    pub fn own(&self) -> &[f64] {
        &self.own
    }

    /// The statistics under the labels that a seed draws. Each draw begins with the labels of the draw before, which is as good as
    /// the first ones.
    pub fn permuted(&mut self, seed: u64, statistics: &mut [f64]) {
        let mut random = SplitMix64::new(seed);
        for rows in &self.within {
            let mut labels: Vec<bool> = rows.iter().map(|row| self.labels[*row]).collect();
            random.shuffle(&mut labels);
            rows.iter().zip(labels).for_each(|(row, label)| self.labels[*row] = label);
        }
        for clusters in &self.between {
            let mut labels: Vec<bool> = clusters.iter().map(|rows| self.labels[rows[0]]).collect();
            random.shuffle(&mut labels);
            for (rows, label) in clusters.iter().zip(labels) {
                rows.iter().for_each(|row| self.labels[*row] = label);
            }
        }
        self.statistics(statistics);
    }

    /// The area of each head, minus ½.
    fn statistics(&self, statistics: &mut [f64]) {
        let positive: Vec<usize> = (0..self.labels.len()).filter(|row| self.labels[*row]).collect();
        let n_all = self.labels.len() as f64;
        for ((statistic, ranks), is_whole) in statistics.iter_mut().zip(&self.ranks).zip(&self.is_whole) {
            let (rank_sum, n_positive, n_found) = match is_whole {
                true => (positive.iter().map(|row| ranks[*row]).sum::<f64>(), positive.len() as f64, n_all),
                false => {
                    let found = || positive.iter().map(|row| ranks[*row]).filter(|rank| !rank.is_nan());
                    let n_found = ranks.iter().filter(|rank| !rank.is_nan()).count();
                    (found().sum(), found().count() as f64, n_found as f64)
                }
            };
            let n_pairs = n_positive * (n_found - n_positive);
            *statistic = match n_pairs > 0.0 {
                true => (rank_sum - n_positive * (n_positive + 1.0) / 2.0) / n_pairs - 0.5,
                false => f64::NAN,
            };
        }
    }
}

/// The rank of each value that is there; NaN for the others.
fn ranks_of_found(values: &[f64]) -> Vec<f64> {
    let rows: Vec<usize> = (0..values.len()).filter(|row| !values[*row].is_nan()).collect();
    let found: Vec<f64> = rows.iter().map(|row| values[*row]).collect();
    let mut ranks = vec![f64::NAN; values.len()];
    rows.iter().zip(mid_ranks(&found, None)).for_each(|(row, rank)| ranks[*row] = rank);
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stay_where_they_may() {
        // Two pairs of one source each, and three clusters of one row, of which the labels change places.
        let labels = [true, false, true, false, true, true, false];
        let clusters = Clusters::by_key([0, 0, 1, 1, 2, 3, 4]);
        let mut shuffles = LabelShuffles::new(&[vec![0.0; 7]], &labels, &clusters);
        let mut arrangements = std::collections::BTreeSet::new();
        for seed in 0..200 {
            shuffles.permuted(seed, &mut [0.0]);
            let found = &shuffles.labels;
            assert!(found[0] != found[1] && found[2] != found[3]);
            assert_eq!(found[4..].iter().filter(|label| **label).count(), 2);
            arrangements.insert(found.clone());
        }
        assert_eq!(arrangements.len(), 2 * 2 * 3);
    }
}

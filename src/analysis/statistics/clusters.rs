//! Which rows belong together.

use std::collections::BTreeMap;

use crate::random::SplitMix64;

/// The cluster of each row, numbered from 0 in the order in which clusters first appear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clusters {
    of_row: Vec<usize>,
    n_clusters: usize,
}

impl Clusters {
    /// Rows with equal keys are one cluster.
    pub fn by_key<K: Ord>(keys: impl IntoIterator<Item = K>) -> Self {
        let mut numbers = BTreeMap::new();
        let mut number = |key: K| {
            let next = numbers.len();
            *numbers.entry(key).or_insert(next)
        };
        let of_row: Vec<usize> = keys.into_iter().map(&mut number).collect();
        Self { of_row, n_clusters: numbers.len() }
    }

    /// Every row a cluster of its own.
    pub fn single(n_rows: usize) -> Self {
        Self { of_row: (0..n_rows).collect(), n_clusters: n_rows }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.of_row.len()
    }

    /// Number of clusters.
    pub fn len(&self) -> usize {
        self.n_clusters
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.of_row.is_empty()
    }

    /// The cluster of each row.
    pub fn of_rows(&self) -> &[usize] {
        &self.of_row
    }

    /// The rows of each cluster.
    pub fn rows(&self) -> Vec<Vec<usize>> {
        let mut rows = vec![Vec::new(); self.n_clusters];
        self.of_row.iter().enumerate().for_each(|(row, cluster)| rows[*cluster].push(row));
        rows
    }

    /// The clusters of some of the rows, numbered anew.
    #[must_use]
    pub fn of_some(&self, rows: &[usize]) -> Self {
        Self::by_key(rows.iter().map(|row| self.of_row[*row]))
    }

    /// The rows in two halves of whole clusters: heads are ranked on the first and reported on the second. Of an odd number of
    /// clusters the second half has one more.
    pub fn halves(&self, seed: u64) -> [Vec<usize>; 2] {
        let mut order: Vec<usize> = (0..self.n_clusters).collect();
        SplitMix64::new(seed).shuffle(&mut order);
        let mut is_first = vec![false; self.n_clusters];
        order[..self.n_clusters / 2].iter().for_each(|cluster| is_first[*cluster] = true);
        let half = |first: bool| {
            let rows = self.of_row.iter().enumerate().filter(|(_, cluster)| is_first[**cluster] == first);
            rows.map(|(row, _)| row).collect()
        };
        [half(true), half(false)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_one_key_stay_together() {
        let clusters = Clusters::by_key(["b", "a", "b", "c", "a"]);
        assert_eq!((clusters.len(), clusters.of_rows()), (3, [0, 1, 0, 2, 1].as_slice()));
        assert_eq!(clusters.rows(), [vec![0, 2], vec![1, 4], vec![3]]);
        assert_eq!(clusters.of_some(&[3, 0, 2]).of_rows(), [0, 1, 1]);
        assert_eq!(Clusters::single(3).rows().len(), 3);
        for seed in 0..20 {
            let [one, two] = clusters.halves(seed);
            assert_eq!(one.len() + two.len(), 5);
            assert!(
                one.iter().all(|row| two.iter().all(|other| clusters.of_rows()[*row] != clusters.of_rows()[*other]))
            );
            assert_eq!(clusters.of_some(&one).len(), 1);
        }
        assert_eq!(Clusters::by_key(Vec::<u8>::new()).halves(1), [Vec::<usize>::new(), Vec::new()]);
    }
}

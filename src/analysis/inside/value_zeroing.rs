//! Value zeroing (Mohebbi et al. 2023): how much a position's output changes without one position's value (docs/methods.md, "Value
//! zeroing").

use crate::analysis::inside::stream::norms;
use crate::analysis::similarity::cosine;

/// How many times the median length a stream has where its direction hardly changes, whatever is added to it.
const HUGE: f32 = 10.0;

/// Value zeroing in one layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValueZeroing {
    /// The share of each key in the change of each query [query_pos, key_pos]; rows sum to 1, or to 0 where nothing changes.
    pub shares: Vec<f32>,
    /// Queries with huge activations, ascending ([`huge`]).
    pub huge: Vec<usize>,
}

/// Positions whose stream [pos, d_model] is more than ten times as long as the median one: there the cosine says little.
pub fn huge(stream: &[f32], d_model: usize) -> Vec<usize> {
    let lengths = norms(stream, d_model);
    let mut sorted = lengths.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    let Some(median) = sorted.get(sorted.len() / 2).copied() else { return Vec::new() };
    let is_huge = |(position, length): (usize, &f32)| (*length > HUGE * median).then_some(position);
    lengths.iter().enumerate().filter_map(is_huge).collect()
}

/// 1 − cos between each row of two streams [pos, d_model], in f64; 0 where a row has no length.
pub fn changes(clean: &[f32], without: &[f32], d_model: usize) -> Vec<f64> {
    let wide = |row: &[f32]| row.iter().map(|&value| f64::from(value)).collect::<Vec<f64>>();
    let rows = clean.chunks_exact(d_model.max(1)).zip(without.chunks_exact(d_model.max(1)));
    rows.map(|(one, other)| if one == other { 0.0 } else { 1.0 - cosine(&wide(one), &wide(other)).unwrap_or(1.0) })
        .collect()
}

/// Changes by query for one source after another [key_pos, query_pos] as rows that sum to one [query_pos, key_pos]. A row without
/// any change stays zero.
pub fn normalised(by_source: &[Vec<f64>]) -> Vec<f32> {
    let n_query = by_source.first().map_or(0, Vec::len);
    let row = |query: usize| {
        let changes: Vec<f64> = by_source.iter().map(|changes| changes[query]).collect();
        let sum: f64 = changes.iter().sum();
        let scale = if sum > 0.0 { 1.0 / sum } else { 0.0 };
        changes.into_iter().map(|change| (change * scale) as f32).collect::<Vec<_>>()
    };
    (0..n_query).flat_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_far_longer_than_the_median_are_huge() {
        let stream = [3.0, 4.0, 0.0, 51.0, 0.0, 5.0, 0.0, -6.0];
        assert_eq!(huge(&stream, 2), [] as [usize; 0], "51 against a median of 6");
        assert_eq!(huge(&[3.0, 4.0, 0.0, 61.0, 0.0, 5.0, 0.0, -6.0], 2), [1]);
        assert_eq!(huge(&[], 2), [] as [usize; 0]);
    }

    #[test]
    fn rows_are_shares_of_the_change() {
        let clean = [1.0, 0.0, 0.0, 2.0];
        let first = changes(&clean, &[0.0, 3.0, 0.0, 2.0], 2);
        assert_eq!(first, [1.0, 0.0]);
        let second = changes(&clean, &[1.0, 0.0, 4.0, 4.0], 2);
        assert!((second[1] - (1.0 - 0.5f64.sqrt())).abs() < 1e-12 && second[0] == 0.0);
        assert_eq!(normalised(&[first, second]), [1.0, 0.0, 0.0, 1.0]);
        assert_eq!(normalised(&[vec![0.0, 0.5], vec![0.0, 1.5]]), [0.0, 0.0, 0.25, 0.75]);
    }
}

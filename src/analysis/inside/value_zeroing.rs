//! Value zeroing (Mohebbi et al. 2023): how much a position's output changes without one position's value (docs/methods.md, "Value
//! zeroing").

use crate::analysis::similarity::cosine;

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

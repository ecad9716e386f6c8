//! Ranks with ties.

/// The rank of each value, counted from 1; equal values share the mean of their ranks. Each value counts `weights` times, as in a
/// list in which it stands that often; without weights, once.
pub fn mid_ranks(values: &[f64], weights: Option<&[u32]>) -> Vec<f64> {
    let weight = |index: usize| weights.map_or(1.0, |weights| f64::from(weights[index]));
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|one, other| values[*one].total_cmp(&values[*other]));
    let mut ranks = vec![0.0; values.len()];
    let (mut start, mut n_below) = (0, 0.0);
    while start < order.len() {
        let value = values[order[start]];
        let n_equal = order[start..].iter().take_while(|index| values[**index] == value).count().max(1);
        let equal = &order[start..start + n_equal];
        let n: f64 = equal.iter().map(|index| weight(*index)).sum();
        equal.iter().for_each(|index| ranks[*index] = n_below + (n + 1.0) / 2.0);
        (start, n_below) = (start + n_equal, n_below + n);
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_their_ranks() {
        assert_eq!(mid_ranks(&[3.0, 1.0, 3.0, 2.0], None), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(mid_ranks(&[0.0, -0.0], None), [1.5, 1.5]);
        // As in the list 1, 1, 1, 2.
        assert_eq!(mid_ranks(&[1.0, 2.0], Some(&[3, 1])), [2.0, 4.0]);
        assert!(mid_ranks(&[], None).is_empty());
    }
}

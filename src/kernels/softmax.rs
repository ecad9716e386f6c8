//! Softmax over the finite scores of a row.

/// Turns one row of scores into weights that sum to 1; −inf becomes 0. A row without a finite score becomes zeros: it
/// has nothing to attend to.
pub fn softmax_row(row: &mut [f32]) {
    let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if max == f32::NEG_INFINITY {
        row.fill(0.0);
        return;
    }
    let mut sum = 0.0f32;
    for value in row.iter_mut() {
        *value = (*value - max).exp();
        sum += *value;
    }
    for value in row.iter_mut() {
        *value /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_to_one_and_agrees_with_f64(scores in proptest::collection::vec(-80.0f32..80.0, 1..200), masked in any::<u64>()) {
            let mut row = scores.clone();
            for (index, value) in row.iter_mut().enumerate().skip(1) {
                if masked >> (index % 64) & 1 == 1 {
                    *value = f32::NEG_INFINITY;
                }
            }
            let exact: Vec<f64> = row.iter().map(|&v| f64::from(v).exp()).collect();
            let sum: f64 = exact.iter().sum();
            softmax_row(&mut row);
            prop_assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            for (got, exact) in row.iter().zip(exact) {
                prop_assert!((f64::from(*got) - exact / sum).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn nothing_to_attend_to() {
        let mut row = [f32::NEG_INFINITY; 3];
        softmax_row(&mut row);
        assert_eq!(row, [0.0; 3]);
    }
}

//! Scores over several inputs: mean and spread.

/// Mean and sample standard deviation of each entry over tables of equal length. An entry that is NaN in one table is NaN
/// in the result; so is the deviation of a single table.
pub fn mean_and_deviation(tables: &[Vec<f32>]) -> (Vec<f32>, Vec<f32>) {
    let n_places = tables.iter().map(Vec::len).min().unwrap_or(0);
    let n_tables = tables.len() as f64;
    let of_place = |place: usize| {
        let values = || tables.iter().map(|table| f64::from(table[place]));
        let mean = values().sum::<f64>() / n_tables;
        let squares = values().map(|value| (value - mean).powi(2)).sum::<f64>();
        (mean as f32, (squares / (n_tables - 1.0)).sqrt() as f32)
    };
    (0..n_places).map(of_place).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_spread_of_each_place() {
        let (mean, deviation) = mean_and_deviation(&[vec![1.0, 0.5], vec![2.0, 0.5], vec![6.0, f32::NAN]]);
        assert_eq!((mean[0], deviation[0]), (3.0, 7.0_f32.sqrt()));
        assert!(mean[1].is_nan() && deviation[1].is_nan(), "one input had nothing to measure");
        let (mean, deviation) = mean_and_deviation(&[vec![0.25]]);
        assert_eq!(mean, [0.25]);
        assert!(deviation[0].is_nan(), "one input has no spread");
        assert_eq!(mean_and_deviation(&[]), (vec![], vec![]));
    }
}

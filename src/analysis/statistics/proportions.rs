//! Shares of independent rows, and shares before and after on the same rows.

/// The number of standard deviations within which a normal variable lies in 95 % of cases.
const Z_95: f64 = 1.959_963_984_540_054;

/// Wilson's 95 % interval of a share: `n_found` of `n` independent rows; `None` without rows.
pub fn wilson(n_found: usize, n: usize) -> Option<(f64, f64)> {
    if n == 0 || n_found > n {
        return None;
    }
    let (n, share) = (n as f64, n_found as f64 / n as f64);
    let squared = Z_95 * Z_95;
    let centre = (share + squared / (2.0 * n)) / (1.0 + squared / n);
    let half = Z_95 / (1.0 + squared / n) * (share * (1.0 - share) / n + squared / (4.0 * n * n)).sqrt();
    Some(((centre - half).max(0.0), (centre + half).min(1.0)))
}

/// McNemar's exact two-sided p value: of the rows whose answer changes, `n_lost` were right before alone and `n_won` after alone.
/// Under no effect each is as likely as the other.
pub fn mcnemar(n_lost: usize, n_won: usize) -> f64 {
    let n = n_lost + n_won;
    // ln of binomial(n, k) / 2ⁿ, term by term, so that no power overflows.
    let mut term = -(n as f64) * std::f64::consts::LN_2;
    let mut tail = 0.0;
    for k in 0..=n_lost.min(n_won) {
        if k > 0 {
            term += ((n - k + 1) as f64).ln() - (k as f64).ln();
        }
        tail += term.exp();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_by_hand() {
        assert_eq!(wilson(0, 0), None);
        let (low, high) = wilson(0, 10).unwrap();
        assert!(low == 0.0 && (high - 0.277_532_799_861_891_4).abs() < 1e-9, "{high}");
        assert_eq!(mcnemar(0, 0), 1.0);
        assert_eq!(mcnemar(3, 3), 1.0);
        assert!((mcnemar(0, 5) - 2.0 / 32.0).abs() < 1e-12);
        assert!((mcnemar(5, 0) - 2.0 / 32.0).abs() < 1e-12);
        assert!(mcnemar(900, 1_100) > 0.0, "large numbers do not overflow");
    }
}

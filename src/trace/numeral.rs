//! Numbers as readers see them: with a minus sign instead of a hyphen, and without a sign where they round to zero.

/// A formatted number with a minus sign. "-0.00" is "0.00".
pub fn with_minus(number: &str) -> String {
    match number.strip_prefix('-') {
        Some(size) if is_zero(size) => size.to_owned(),
        Some(size) => format!("−{size}"),
        None => number.to_owned(),
    }
}

/// A formatted difference, which has a sign either way. "-0.00" is "+0.00": what rounds to zero reads the same from either side.
pub fn signed(difference: &str) -> String {
    match difference.strip_prefix('-') {
        Some(size) if is_zero(size) => format!("+{size}"),
        _ => with_minus(difference),
    }
}

/// A number in a column: two decimals; −∞ where a mask hides it.
pub fn two_decimals(number: f32) -> String {
    if number == f32::NEG_INFINITY { "−∞".to_owned() } else { with_minus(&format!("{number:.2}")) }
}

fn is_zero(size: &str) -> bool {
    size.starts_with('0') && !size.contains(|c| ('1'..='9').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minus_is_not_a_hyphen_and_zero_has_none() {
        for (written, number, difference) in [
            ("1.50", "1.50", "1.50"),
            ("-1.50", "−1.50", "−1.50"),
            ("-0.05", "−0.05", "−0.05"),
            ("-0.00", "0.00", "+0.00"),
            ("-0%", "0%", "+0%"),
            ("+0.20", "+0.20", "+0.20"),
        ] {
            assert_eq!((with_minus(written), signed(written)), (number.to_owned(), difference.to_owned()));
        }
        assert_eq!([f32::NEG_INFINITY, -0.001, -2.0].map(two_decimals), ["−∞", "0.00", "−2.00"]);
    }
}

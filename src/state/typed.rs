//! Numbers as people type them.

/// Reads a decimal number; `None` for anything else, infinities included.
///
/// serde_json reads the digits: std's reader of floating-point numbers has tables of 10 kB that do not compress, in a program
/// whose size is bounded. The result may differ from std's in the last bit of an `f64`.
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let (sign, digits) = text.strip_prefix('-').map_or((1.0, text), |digits| (-1.0, digits));
    let size = match digits.as_bytes().first()? {
        b'0'..=b'9' => serde_json::from_str::<f64>(digits),
        b'.' => serde_json::from_str::<f64>(&format!("0{digits}")),
        _ => return None,
    };
    size.ok().map(|size| sign * size)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_read_as_people_type_them() {
        let right = [("0", 0.0), (" 2.5 ", 2.5), (".5", 0.5), ("-.25", -0.25), ("-3", -3.0), ("1e-3", 1e-3)];
        for (text, value) in right {
            assert_eq!(number(text), Some(value), "{text}");
        }
        for text in ["", "-", "--1", "+1", "1,5", "one", "NaN", "inf", "1e999", "0x10", "[1]"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_with_f32s_digits_is_read_as_it_was() {
        for bits in (0..u32::MAX).step_by(65_537) {
            let value = f32::from_bits(bits);
            if value.is_finite() && value.abs() < 1e20 {
                assert_eq!(number(&value.to_string()).map(|read| read as f32), Some(value), "{value:e}");
            }
        }
    }
}

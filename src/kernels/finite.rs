//! Whether values are numbers: neither NaN nor infinite.

/// The exponent of f32 that NaN and infinities have, without the sign.
const NOT_FINITE: u32 = 0x7f80_0000;

/// Whether every value is finite. One integer comparison per value, without branches: about the time it takes to read them.
pub fn is_finite(values: &[f32]) -> bool {
    let (eights, rest) = values.as_chunks::<8>();
    let mut largest = [0u32; 8];
    for eight in eights {
        for (largest, value) in largest.iter_mut().zip(eight) {
            *largest = (*largest).max(magnitude(*value));
        }
    }
    largest.into_iter().chain(rest.iter().map(|value| magnitude(*value))).all(|bits| bits < NOT_FINITE)
}

/// Index of the first value that is not finite.
pub fn first_not_finite(values: &[f32]) -> Option<usize> {
    if is_finite(values) { None } else { values.iter().position(|value| !value.is_finite()) }
}

/// The bits without the sign; larger for larger magnitudes, largest for NaN.
#[inline(always)]
fn magnitude(value: f32) -> u32 {
    value.to_bits() & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_that_is_not_finite_is_found_at_every_index() {
        for n_values in [1, 7, 8, 9, 40] {
            let mut values = vec![f32::MAX; n_values];
            values[n_values / 2] = -f32::MIN_POSITIVE / 2.0;
            assert_eq!(first_not_finite(&values), None);
            for index in 0..n_values {
                for wrong in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    let mut values = values.clone();
                    values[index] = wrong;
                    assert_eq!(first_not_finite(&values), Some(index), "{wrong} among {n_values}");
                }
            }
        }
        assert!(is_finite(&[]));
    }
}

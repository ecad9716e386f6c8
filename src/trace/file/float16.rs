//! Two-byte floating point numbers to and from f32.
//!
//! Written out because `half` comes with the engine, and the viewer has none. A test compares every value with `half`.

/// IEEE 754 binary16 to f32, exactly.
pub fn f16_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits & 0x3ff);
    let magnitude = match exponent {
        // Zero and subnormal numbers: fraction × 2⁻²⁴, exact in f32.
        0 => (fraction as f32 * 2f32.powi(-24)).to_bits(),
        0x1f => 0x7f80_0000 | fraction << 13,
        _ => (exponent + 112) << 23 | fraction << 13,
    };
    f32::from_bits(sign | magnitude)
}

/// bfloat16 to f32, exactly.
pub fn bf16_to_f32(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// f32 to binary16, to the nearest, ties to even; infinite above 65,504.
pub fn f32_to_f16(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    let magnitude = bits & 0x7fff_ffff;
    if magnitude > 0x7f80_0000 {
        return sign | 0x7e00;
    }
    if magnitude >= 0x4780_0000 {
        return sign | 0x7c00;
    }
    if magnitude < 0x3880_0000 {
        // Below 2⁻¹⁴: adding 0.5 shifts the bits of a multiple of 2⁻²⁴ to the bottom, and rounds them.
        let shifted = f32::from_bits(magnitude) + 0.5;
        return sign | (shifted.to_bits() - 0.5f32.to_bits()) as u16;
    }
    // The exponent's bias changes by 112; 13 bits of the fraction go, rounded to even. A carry runs into the exponent.
    let is_odd = magnitude >> 13 & 1;
    let rounded = magnitude - (112 << 23) + 0xfff + is_odd;
    sign | (rounded >> 13) as u16
}

#[cfg(all(test, feature = "engine"))]
mod tests {
    use super::*;
    use half::{bf16, f16};

    #[test]
    fn every_two_byte_number_reads_as_half_reads_it() {
        for bits in 0..=u16::MAX {
            let (ours, theirs) = (f16_to_f32(bits), f16::from_bits(bits).to_f32());
            assert!(ours.to_bits() == theirs.to_bits() || (ours.is_nan() && theirs.is_nan()), "{bits:#x}");
            let (ours, theirs) = (bf16_to_f32(bits), bf16::from_bits(bits).to_f32());
            assert!(ours.to_bits() == theirs.to_bits() || (ours.is_nan() && theirs.is_nan()), "{bits:#x}");
        }
    }

    #[test]
    fn writing_rounds_as_half_does() {
        // Every 97th f32, and the neighbourhood of every f16 and of every tie between two.
        let sampled = (0..=u32::MAX).step_by(97).map(f32::from_bits);
        let near = (0..0x7c00u16).flat_map(|bits| {
            let value = f16_to_f32(bits);
            let tie = (value + f16_to_f32(bits + 1)) / 2.0;
            [value, tie].into_iter().flat_map(|x| [x, x.next_up(), x.next_down(), -x])
        });
        for value in sampled.chain(near).filter(|value| !value.is_nan()) {
            assert_eq!(f32_to_f16(value), f16::from_f32(value).to_bits(), "{value:e}");
        }
        assert!(f16_to_f32(f32_to_f16(f32::NAN)).is_nan());
    }
}

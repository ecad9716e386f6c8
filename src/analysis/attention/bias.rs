//! Numbers added to scores by the distance between query and key: learned biases by bucket, and ALiBi's slopes.

use crate::trace::spec::RelativeBias;

/// Returns the bucket of a key at `distance` positions after its query (negative: before it), as T5 and MPNet count them (Raffel et al.
/// 2020; Hugging Face `_relative_position_bucket`, whose rounding in f32 is kept).
pub fn bucket(bias: &RelativeBias, is_causal: bool, distance: isize) -> usize {
    let (n_buckets, first) = match is_causal {
        true => (bias.n_buckets, 0),
        false => (bias.n_buckets / 2, if distance > 0 { bias.n_buckets / 2 } else { 0 }),
    };
    let away = if is_causal { distance.min(0) } else { distance }.unsigned_abs();
    let n_exact = n_buckets / 2;
    if away < n_exact || n_exact == 0 {
        return first + away.min(n_buckets.saturating_sub(1));
    }
    let far = (away as f32 / n_exact as f32).ln() / (bias.max_distance as f64 / n_exact as f64).ln() as f32;
    let far = (far * (n_buckets - n_exact) as f32) as usize;
    first + n_exact.saturating_add(far).min(n_buckets - 1)
}

/// Returns ALiBi's slope of a head (Press et al. 2022): a geometric sequence for a power of two of heads; the other heads take
/// every second slope of the next power's sequence.
pub fn alibi_slope(head: usize, n_heads: usize) -> f32 {
    let power = n_heads.max(1).ilog2();
    let whole = 1usize << power;
    let exponent = match head.checked_sub(whole) {
        None => (head + 1) as f64 * 8.0 / whole as f64,
        Some(extra) => (2 * extra + 1) as f64 * 8.0 / (2 * whole) as f64,
    };
    (-exponent).exp2() as f32
}

/// Returns Falcon's number for a key's position, before the scale of the scores: slope, position and product in 16 bits, as Hugging
/// Face's `build_alibi_tensor` has it.
pub fn rounded_alibi(head: usize, n_heads: usize, position: usize) -> f32 {
    to_bf16(to_bf16(alibi_slope(head, n_heads)) * to_bf16(position as f32))
}

/// The nearest number of 16 bits that has the exponents of an f32; of two, the one whose last bit is 0.
fn to_bf16(value: f32) -> f32 {
    let bits = value.to_bits();
    f32::from_bits((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of Hugging Face transformers 5.23 for 32 buckets up to a distance of 128.
    #[test]
    fn buckets_of_t5() {
        let bias = RelativeBias { n_buckets: 32, max_distance: 128 };
        let cases: [(isize, usize, usize); 13] = [
            (0, 0, 0),
            (1, 17, 0),
            (-1, 1, 1),
            (-7, 7, 7),
            (-8, 8, 8),
            (9, 24, 0),
            (-12, 9, 12),
            (-15, 9, 15),
            (-16, 10, 16),
            (-31, 11, 21),
            (100, 31, 0),
            (-127, 15, 31),
            (-5000, 15, 31),
        ];
        for (distance, both, causal) in cases {
            assert_eq!(bucket(&bias, false, distance), both, "distance {distance}");
            assert_eq!(bucket(&bias, true, distance), causal, "distance {distance}, causal");
        }
    }

    #[test]
    fn few_buckets_never_overflow() {
        for n_buckets in 0..5 {
            let bias = RelativeBias { n_buckets, max_distance: 4 };
            for distance in [-9, -1, 0, 1, 9] {
                for is_causal in [false, true] {
                    assert!(bucket(&bias, is_causal, distance) <= n_buckets.saturating_sub(1));
                }
            }
        }
    }

    /// Values of PyTorch: `(slopes.bfloat16()[:, None] * torch.arange(n))` for 64 heads.
    #[test]
    fn falcons_alibi_has_sixteen_bits() {
        assert_eq!([1, 3, 255, 300].map(|position| rounded_alibi(7, 64, position)), [0.5, 1.5, 127.5, 150.0]);
        assert_eq!([1, 3, 301].map(|position| rounded_alibi(0, 64, position)), [0.917_968_75, 2.75, 276.0]);
    }

    #[test]
    fn slopes_of_alibi() {
        assert_eq!([0, 1, 7].map(|head| alibi_slope(head, 8)), [0.5, 0.25, 1.0 / 256.0]);
        assert_eq!(alibi_slope(3, 4), 1.0 / 256.0);
        // 12 heads: those of 8, then every second one of 16.
        assert_eq!(alibi_slope(7, 12), 1.0 / 256.0);
        assert!((alibi_slope(8, 12) - 2f32.powf(-0.5)).abs() < 1e-7);
        assert!((alibi_slope(11, 12) - 2f32.powf(-3.5)).abs() < 1e-7);
    }
}

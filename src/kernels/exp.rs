//! e^x and the normal distribution, four lanes at a time. Coefficients are interpolations at Chebyshev nodes, evaluated in f32.

use super::simd::F32x4;

/// Results below e^[`LOWEST`] are 0.
const LOWEST: f32 = -86.0;
const HIGHEST: f32 = 88.0;
/// Adding it to a small number leaves the nearest integer in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts, so that multiples of it lose nothing.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// e^x: relative error below 2e-7, 0 below e^-86 and for −inf; arguments over 88 count as 88.
#[inline(always)]
pub fn exp(x: F32x4) -> F32x4 {
    let clamped = x.max(F32x4::splat(LOWEST)).min(F32x4::splat(HIGHEST));
    let rounded = clamped * F32x4::splat(std::f32::consts::LOG2_E) + F32x4::splat(ROUND);
    let power = rounded - F32x4::splat(ROUND);
    let rest = clamped - power * F32x4::splat(LN_2_HIGH) - power * F32x4::splat(LN_2_LOW);
    // (e^r − 1 − r) / r² for |r| ≤ ln 2 / 2.
    let series = polynomial(rest, [0.5, 0.166_665_76, 0.041_666_467, 0.008_363_182, 0.001_393_365_2]);
    let fraction = rest * rest * series + rest + F32x4::splat(1.0);
    // Multiplying by 2^power is adding to the exponent's bits.
    let scaled = (fraction.to_bits() + rounded.to_bits().shift_up::<23>()).as_f32();
    // NaN stays NaN.
    scaled.to_bits().and_not(F32x4::splat(LOWEST).is_over(x)).as_f32()
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub fn sigmoid(x: F32x4) -> F32x4 {
    let one = F32x4::splat(1.0);
    one / (one + exp(F32x4::ZERO - x))
}

/// The probability that a normal variable is below x: absolute error below 2e-7.
///
/// With z = |x| / √2, erfc(z) = e^(−z²) t P(t), t = 1 / (1 + 0.4 z) (the form of Hastings 1955).
#[inline(always)]
pub fn normal_below(x: F32x4) -> F32x4 {
    let negated = F32x4::ZERO - x;
    let z = x.max(negated) * F32x4::splat(std::f32::consts::FRAC_1_SQRT_2);
    let t = F32x4::splat(1.0) / (F32x4::splat(1.0) + F32x4::splat(0.4) * z);
    let series = polynomial(
        t,
        [
            0.225_169_26,
            0.233_715_22,
            0.153_777_84,
            0.369_356_24,
            -0.309_884_88,
            0.623_696_7,
            -0.363_468_2,
            0.067_637_786,
        ],
    );
    let tail = F32x4::splat(0.5) * exp(F32x4::ZERO - z * z) * t * series;
    let is_negative = negated.is_over(F32x4::ZERO);
    let whole = F32x4::splat(1.0) - tail;
    tail.where_set(is_negative, whole)
}

/// Horner's scheme, the constant first.
#[inline(always)]
fn polynomial<const N: usize>(x: F32x4, coefficients: [f32; N]) -> F32x4 {
    let mut value = F32x4::splat(coefficients[N - 1]);
    for &coefficient in coefficients[..N - 1].iter().rev() {
        value = value * x + F32x4::splat(coefficient);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32, function: fn(F32x4) -> F32x4) -> f64 {
        f64::from(function(F32x4::splat(x)).lanes()[2])
    }

    #[test]
    fn exponentials_agree_with_f64() {
        for step in -8_500..8_800 {
            let x = step as f32 * 0.01;
            let exact = f64::from(x).exp();
            assert!((at(x, exp) / exact - 1.0).abs() < 2e-7, "{x}");
            assert!((at(x, sigmoid) - 1.0 / (1.0 + f64::from(-x).exp())).abs() < 2e-7, "{x}");
        }
        assert_eq!(at(f32::NEG_INFINITY, exp), 0.0);
        assert_eq!(at(-1e30, exp), 0.0);
        assert_eq!(at(0.0, exp), 1.0);
        assert!(at(-200.0, sigmoid) < 1e-37 && at(200.0, sigmoid) == 1.0);
    }

    #[test]
    fn normal_probabilities_agree_with_f64() {
        for step in -1_000..1_000 {
            let x = step as f32 * 0.01;
            let exact = 0.5 * libm::erfc(f64::from(-x) * std::f64::consts::FRAC_1_SQRT_2);
            assert!((at(x, normal_below) - exact).abs() < 2e-7, "{x}: {} {exact}", at(x, normal_below));
        }
    }
}

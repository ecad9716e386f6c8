//! Activation functions of the MLP over whole slices, by their definitions.

use super::exp::{exp, normal_below, sigmoid as sigmoid4};
use super::simd::F32x4;
use super::threads;

/// An activation function, applied in place.
pub type Activate = fn(&mut [f32]);
/// An activation function, applied in place and multiplied by a second slice of the same length.
pub type Gate = fn(&mut [f32], &[f32]);

/// √(2/π)
const SLOPE: f32 = 0.797_884_6;

/// 1 / √(2π)
const NORMAL: f32 = 0.398_942_3;
/// Beyond this distance from 0 every slope is that of its limit, whatever x is.
const FAR: f32 = 16.0;

/// Approximate cost of one activation, in operations.
const WORK: usize = 24;

#[inline(always)]
fn each(x: &mut [f32], function: impl Fn(F32x4) -> F32x4 + Sync) {
    let work = x.len() * WORK;
    threads::share(x, 4, work, |_, x| {
        let (fours, rest) = x.as_chunks_mut::<4>();
        for four in fours {
            function(F32x4::load(four)).store(four);
        }
        let last = function(F32x4::load_padded(rest, 0.0)).lanes();
        rest.copy_from_slice(&last[..rest.len()]);
    });
}

#[inline(always)]
fn gated(x: &mut [f32], linear: &[f32], function: impl Fn(F32x4) -> F32x4 + Sync) {
    let work = x.len() * WORK;
    threads::share(x, 4, work, |first, x| {
        let linear = &linear[first * 4..];
        let (linear, linear_rest) = linear[..x.len()].as_chunks::<4>();
        let (fours, rest) = x.as_chunks_mut::<4>();
        for (four, linear) in fours.iter_mut().zip(linear) {
            (function(F32x4::load(four)) * F32x4::load(linear)).store(four);
        }
        let last = (function(F32x4::load_padded(rest, 0.0)) * F32x4::load_padded(linear_rest, 0.0)).lanes();
        rest.copy_from_slice(&last[..rest.len()]);
    });
}

macro_rules! activations {
    ($($(#[$docs:meta])* $name:ident, $gate:ident, $slope:ident: |$x:ident| $value:expr, $derivative:expr;)*) => {$(
        $(#[$docs])*
        pub fn $name(x: &mut [f32]) {
            each(x, |$x| $value);
        }

        /// The activation function of `x`, multiplied by `linear`, in place.
        pub fn $gate(x: &mut [f32], linear: &[f32]) {
            gated(x, linear, |$x| $value);
        }

        /// The derivative of the activation function, in place: what its reverse multiplies a gradient by.
        pub fn $slope(x: &mut [f32]) {
            each(x, |$x| $derivative);
        }
    )*};
}

activations! {
    /// x Φ(x) with the normal distribution's Φ (Hendrycks & Gimpel 2016).
    gelu, gelu_gate, gelu_slope: |x| x * normal_below(x), {
        let density = F32x4::splat(NORMAL) * exp(F32x4::splat(-0.5) * x * x);
        normal_below(x) + x.max(F32x4::splat(-FAR)).min(F32x4::splat(FAR)) * density
    };
    /// gelu's tanh approximation (the same paper): GPT-2's gelu_new. ½ (1 + tanh u) is σ(2u).
    gelu_tanh, gelu_tanh_gate, gelu_tanh_slope: |x| {
        let u = x + F32x4::splat(0.044_715) * x * x * x;
        x * sigmoid4(F32x4::splat(2.0 * SLOPE) * u)
    }, {
        let near = x.max(F32x4::splat(-FAR)).min(F32x4::splat(FAR));
        let u = near + F32x4::splat(0.044_715) * near * near * near;
        let inner = F32x4::splat(2.0 * SLOPE) * (F32x4::splat(1.0) + F32x4::splat(3.0 * 0.044_715) * near * near);
        logistic_slope(sigmoid4(F32x4::splat(2.0 * SLOPE) * u), near * inner)
    };
    /// x σ(1.702 x).
    quick_gelu, quick_gelu_gate, quick_gelu_slope: |x| x * sigmoid4(F32x4::splat(1.702) * x),
        logistic_slope(sigmoid4(F32x4::splat(1.702) * x), F32x4::splat(1.702) * x);
    /// x σ(x).
    silu, silu_gate, silu_slope: |x| x * sigmoid4(x), logistic_slope(sigmoid4(x), x);
    /// 1 / (1 + e⁻ˣ).
    sigmoid, sigmoid_gate, sigmoid_slope: |x| sigmoid4(x), {
        let s = sigmoid4(x);
        s * (F32x4::splat(1.0) - s)
    };
    /// 2 σ(2x) − 1.
    tanh, tanh_gate, tanh_slope: |x| F32x4::splat(1.0) - F32x4::splat(2.0) / (F32x4::splat(1.0) + exp(x + x)), {
        let s = sigmoid4(x + x);
        F32x4::splat(4.0) * s * (F32x4::splat(1.0) - s)
    };
    /// max(x, 0).
    relu, relu_gate, relu_slope: |x| x.max(F32x4::ZERO),
        F32x4::splat(1.0).where_set(x.is_over(F32x4::ZERO), F32x4::ZERO);
    /// max(x, 0)² (So et al. 2021).
    relu2, relu2_gate, relu2_slope: |x| x.max(F32x4::ZERO) * x.max(F32x4::ZERO),
        F32x4::splat(2.0) * x.max(F32x4::ZERO);
}

/// The derivative of x σ(c x) from σ(c x) and c x: σ + c x σ (1 − σ).
#[inline(always)]
fn logistic_slope(s: F32x4, inner: F32x4) -> F32x4 {
    s + inner * s * (F32x4::splat(1.0) - s)
}

/// The reverse of [`soft_cap`]: multiplies a gradient by 1 − (capped / cap)², in place; no gradient passes values that are −∞.
pub fn soft_cap_reverse(capped: &[f32], cap: f32, grad: &mut [f32]) {
    for (grad, capped) in grad.iter_mut().zip(capped) {
        let share = capped / cap;
        *grad = if share.is_finite() { *grad * (1.0 - share * share) } else { 0.0 };
    }
}

/// cap · tanh(x / cap), in place.
pub fn soft_cap(x: &mut [f32], cap: f32) {
    let (scale, one, two) = (F32x4::splat(2.0 / cap), F32x4::splat(1.0), F32x4::splat(2.0));
    each(x, |x| F32x4::splat(cap) * (one - two / (one + exp(scale * x))));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each activation function with its definition in f64.
    #[allow(clippy::type_complexity, reason = "a table of cases")]
    fn cases() -> [(&'static str, Activate, Gate, fn(f64) -> f64); 8] {
        fn logistic(x: f64) -> f64 {
            1.0 / (1.0 + (-x).exp())
        }
        [
            ("gelu", gelu, gelu_gate, |x| 0.5 * x * (1.0 + libm::erf(x * std::f64::consts::FRAC_1_SQRT_2))),
            ("gelu_tanh", gelu_tanh, gelu_tanh_gate, |x| {
                0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
            }),
            ("quick_gelu", quick_gelu, quick_gelu_gate, |x| x * logistic(1.702 * x)),
            ("silu", silu, silu_gate, |x| x * logistic(x)),
            ("sigmoid", sigmoid, sigmoid_gate, logistic),
            ("tanh", tanh, tanh_gate, f64::tanh),
            ("relu", relu, relu_gate, |x| x.max(0.0)),
            ("relu2", relu2, relu2_gate, |x| x.max(0.0).powi(2)),
        ]
    }

    /// Every function is within 1e-6 of f64, relative to results larger than 1.
    #[test]
    fn agree_with_f64() {
        let x: Vec<f32> =
            (-100_003..100_000).map(|step| step as f32 * 2e-4).chain([-1e4, -100.0, 100.0, 1e4]).collect();
        let linear: Vec<f32> = (0..x.len()).map(|i| (i % 7) as f32 / 3.0 - 1.0).collect();
        for (name, activate, gate, exact) in cases() {
            let (mut plain, mut product) = (x.clone(), x.clone());
            activate(&mut plain);
            gate(&mut product, &linear);
            for (i, &x) in x.iter().enumerate() {
                let exact = exact(f64::from(x));
                let error = (f64::from(plain[i]) - exact).abs() / exact.abs().max(1.0);
                assert!(error < 1e-6, "{name}({x}) = {}, expected {exact}", plain[i]);
                let exact = exact * f64::from(linear[i]);
                let error = (f64::from(product[i]) - exact).abs() / exact.abs().max(1.0);
                assert!(error < 1e-6, "{name} gate at {x}: {}, expected {exact}", product[i]);
            }
        }
    }

    /// Every slope against central differences of the definition in f64.
    #[test]
    fn slopes_agree_with_differences() {
        let slopes: [Activate; 8] = [
            gelu_slope,
            gelu_tanh_slope,
            quick_gelu_slope,
            silu_slope,
            sigmoid_slope,
            tanh_slope,
            relu_slope,
            relu2_slope,
        ];
        let x: Vec<f32> = (-4_001..4_000).map(|step| step as f32 * 5e-3 + 1e-3).chain([-1e20, -1e4, 1e4]).collect();
        for ((name, _, _, exact), slope) in cases().into_iter().zip(slopes) {
            let mut found = x.clone();
            slope(&mut found);
            for (&x, found) in x.iter().zip(found).filter(|(x, _)| x.abs() < 1e3) {
                let expected = (exact(f64::from(x) + 1e-5) - exact(f64::from(x) - 1e-5)) / 2e-5;
                let error = (f64::from(found) - expected).abs() / expected.abs().max(1.0);
                assert!(error < 3e-6, "{name} at {x}: {found}, expected {expected}");
            }
            let mut far = [-1e20, 1e4, 0.0];
            slope(&mut far);
            assert!(far.iter().all(|slope| slope.is_finite()), "{name}: {far:?}");
        }
        let mut at_zero = [0.0];
        relu_slope(&mut at_zero);
        assert_eq!(at_zero, [0.0], "as PyTorch has it");
    }

    #[test]
    fn the_slope_of_a_cap() {
        let (x, mut grad) = ([-40.0f32, -3.0, 0.0, 7.0, 1000.0], [2.0f32; 5]);
        let mut capped = x;
        soft_cap(&mut capped, 5.0);
        soft_cap_reverse(&capped, 5.0, &mut grad);
        for (x, grad) in x.into_iter().zip(grad) {
            let slope = 1.0 - (f64::from(x) / 5.0).tanh().powi(2);
            assert!((f64::from(grad) - 2.0 * slope).abs() < 1e-5, "{x}: {grad}");
        }
        let mut masked = [3.0];
        soft_cap_reverse(&[f32::NEG_INFINITY], 5.0, &mut masked);
        assert_eq!(masked, [0.0]);
    }

    #[test]
    fn caps_agree_with_f64() {
        let x: Vec<f32> = (-2_001..2_000).map(|step| step as f32 * 0.1).collect();
        let mut capped = x.clone();
        soft_cap(&mut capped, 30.0);
        for (&x, found) in x.iter().zip(capped) {
            let exact = 30.0 * (f64::from(x) / 30.0).tanh();
            assert!((f64::from(found) - exact).abs() < 1e-6 * exact.abs().max(30.0), "{x}: {found} {exact}");
        }
    }

    #[test]
    fn nan_stays_nan() {
        for (name, activate, _, _) in cases() {
            let mut x = [1.0, f32::NAN, 2.0, 3.0, f32::NAN];
            activate(&mut x);
            assert!(name.starts_with("relu") || x[1].is_nan() && x[4].is_nan(), "{name}: {x:?}");
        }
    }
}

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
    ($($(#[$docs:meta])* $name:ident, $gate:ident: |$x:ident| $value:expr;)*) => {$(
        $(#[$docs])*
        pub fn $name(x: &mut [f32]) {
            each(x, |$x| $value);
        }

        /// The activation function of `x`, multiplied by `linear`, in place.
        pub fn $gate(x: &mut [f32], linear: &[f32]) {
            gated(x, linear, |$x| $value);
        }
    )*};
}

activations! {
    /// x Φ(x) with the normal distribution's Φ (Hendrycks & Gimpel 2016).
    gelu, gelu_gate: |x| x * normal_below(x);
    /// gelu's tanh approximation (the same paper): GPT-2's gelu_new. ½ (1 + tanh u) is σ(2u).
    gelu_tanh, gelu_tanh_gate: |x| {
        let u = x + F32x4::splat(0.044_715) * x * x * x;
        x * sigmoid4(F32x4::splat(2.0 * SLOPE) * u)
    };
    /// x σ(1.702 x).
    quick_gelu, quick_gelu_gate: |x| x * sigmoid4(F32x4::splat(1.702) * x);
    /// x σ(x).
    silu, silu_gate: |x| x * sigmoid4(x);
    /// 1 / (1 + e⁻ˣ).
    sigmoid, sigmoid_gate: |x| sigmoid4(x);
    /// 2 σ(2x) − 1.
    tanh, tanh_gate: |x| F32x4::splat(1.0) - F32x4::splat(2.0) / (F32x4::splat(1.0) + exp(x + x));
    /// max(x, 0).
    relu, relu_gate: |x| x.max(F32x4::ZERO);
    /// max(x, 0)² (So et al. 2021).
    relu2, relu2_gate: |x| x.max(F32x4::ZERO) * x.max(F32x4::ZERO);
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

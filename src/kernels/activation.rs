//! Nonlinearities of the MLP, by their definitions.

use std::f32::consts::{FRAC_1_SQRT_2, PI};

/// x Φ(x) with the error function (Hendrycks & Gimpel 2016).
pub fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + libm::erff(x * FRAC_1_SQRT_2))
}

/// gelu's tanh approximation (the same paper): GPT-2's gelu_new.
pub fn gelu_tanh(x: f32) -> f32 {
    0.5 * x * (1.0 + ((2.0 / PI).sqrt() * (x + 0.044715 * x * x * x)).tanh())
}

/// x σ(1.702 x).
pub fn quick_gelu(x: f32) -> f32 {
    x * sigmoid(1.702 * x)
}

/// x σ(x).
pub fn silu(x: f32) -> f32 {
    x * sigmoid(x)
}

/// 1 / (1 + e⁻ˣ).
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// max(x, 0).
pub fn relu(x: f32) -> f32 {
    x.max(0.0)
}

/// max(x, 0)² (So et al. 2021).
pub fn relu2(x: f32) -> f32 {
    relu(x) * relu(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::type_complexity, reason = "a table of cases")]
    fn known_values() {
        let cases: [(&str, fn(f32) -> f32, f32, f64); 12] = [
            ("gelu", gelu, 1.0, 0.841_344_746),
            ("gelu", gelu, -2.0, -0.045_500_264),
            ("gelu_tanh", gelu_tanh, 1.0, 0.841_191_99),
            ("gelu_tanh", gelu_tanh, -2.0, -0.045_402_31),
            ("quick_gelu", quick_gelu, 1.0, 0.845_795_76),
            ("silu", silu, 1.0, 0.731_058_579),
            ("silu", silu, -100.0, 0.0),
            ("sigmoid", sigmoid, 0.0, 0.5),
            ("relu", relu, -3.0, 0.0),
            ("relu", relu, 3.0, 3.0),
            ("relu2", relu2, 3.0, 9.0),
            ("relu2", relu2, -3.0, 0.0),
        ];
        for (name, function, x, expected) in cases {
            assert!((f64::from(function(x)) - expected).abs() < 1e-6, "{name}({x}) = {}", function(x));
        }
    }
}

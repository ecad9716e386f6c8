//! Rotary position embedding and the ways of stretching it, after Hugging Face's `modeling_rope_utils`.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

/// Rotary position embedding over the first `dims` neurons of a head (Su et al. 2021).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rotary {
    /// Base of the wavelengths (`rope_theta`).
    pub theta: f64,
    /// How many neurons of each head are rotated; an odd number is rounded up, its wavelengths stay those of the odd one.
    pub dims: usize,
    /// How the wavelengths are stretched.
    pub scaling: RotaryScaling,
    /// Which neurons turn together.
    #[serde(default)]
    pub pairing: Pairing,
}

/// Which neurons turn together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pairing {
    /// i and i + dims / 2 (GPT-NeoX, Llama in Hugging Face).
    #[default]
    Halves,
    /// 2i and 2i + 1 (GPT-J).
    Adjacent,
}

/// Stretching of rotary wavelengths for longer contexts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotaryScaling {
    /// The frequencies stay as trained.
    None,
    /// Every frequency divided by the factor.
    Linear {
        /// The factor.
        factor: f64,
    },
    /// Llama 3.1: long wavelengths divided by the factor, short ones kept, a ramp between.
    Llama3 {
        /// The factor of the long wavelengths.
        factor: f64,
        /// Wavelengths above original / low are long.
        low_freq_factor: f64,
        /// Wavelengths below original / high are short.
        high_freq_factor: f64,
        /// Context length before stretching.
        original_n_ctx: usize,
    },
    /// NTK-aware: the base grows with inputs longer than the context.
    Dynamic {
        /// How much longer.
        factor: f64,
        /// Context length before stretching.
        original_n_ctx: usize,
    },
    /// YaRN (Peng et al. 2023): as Llama 3.1 with the ramp over neurons, and queries and keys magnified.
    Yarn {
        /// The factor of the long wavelengths.
        factor: f64,
        /// Neurons that turn more often than this within the original context are kept.
        beta_fast: f64,
        /// Frequencies with fewer turns than this are divided by the factor.
        beta_slow: f64,
        /// Context length before stretching.
        original_n_ctx: usize,
        /// Queries and keys are multiplied by this.
        magnitude: f64,
        /// Whether the ends of the ramp are whole neurons.
        truncate: bool,
    },
    /// LongRoPE (Ding et al. 2024): a divisor per pair of neurons, one list for inputs up to the original context and one
    /// for longer ones.
    LongRope {
        /// [n_pairs]
        short: Vec<f64>,
        /// [n_pairs]
        long: Vec<f64>,
        /// Context length before stretching.
        original_n_ctx: usize,
        /// Queries and keys are multiplied by this.
        magnitude: f64,
    },
    /// A divisor per pair of neurons, as GGUF files have them.
    Divisors {
        /// [n_pairs]
        divisors: Vec<f64>,
        /// Queries and keys are multiplied by this.
        #[serde(default = "one")]
        magnitude: f64,
    },
}

/// Queries and keys as they are.
fn one() -> f64 {
    1.0
}

impl Rotary {
    /// Whether the frequencies of an input of `n_pos` tokens are those of one of `other_n_pos`: NTK-aware scaling and LongRoPE
    /// turn every position otherwise once an input is longer than the original context.
    pub fn is_same_for(&self, n_pos: usize, other_n_pos: usize) -> bool {
        match self.scaling {
            RotaryScaling::Dynamic { original_n_ctx, .. } => {
                n_pos.max(original_n_ctx) == other_n_pos.max(original_n_ctx)
            }
            RotaryScaling::LongRope { original_n_ctx, .. } => {
                (n_pos > original_n_ctx) == (other_n_pos > original_n_ctx)
            }
            _ => true,
        }
    }

    /// Divides every frequency by one divisor more, [n_pairs].
    pub fn divide(&mut self, divisors: &[f64]) {
        let plain = Rotary { scaling: RotaryScaling::None, ..self.clone() };
        let scaled = plain.frequencies(0).into_iter().zip(self.frequencies(0));
        let divisors = scaled.zip(divisors).map(|((plain, scaled), by)| by * plain / scaled).collect();
        self.scaling = RotaryScaling::Divisors { divisors, magnitude: f64::from(self.magnitude()) };
    }

    /// How many pairs of neurons turn in each head.
    pub fn n_pairs(&self) -> usize {
        self.dims.div_ceil(2)
    }

    /// Radians per position of each pair of neurons in an input of `n_pos` tokens, [n_pairs].
    pub fn frequencies(&self, n_pos: usize) -> Vec<f64> {
        let n_pairs = self.n_pairs();
        let power = |theta: f64, pair: usize| theta.powf(-2.0 * pair as f64 / self.dims as f64);
        let plain = |pair| power(self.theta, pair);
        let divided = |divisors: &[f64]| divisors.iter().zip(0..n_pairs).map(|(by, pair)| plain(pair) / by).collect();
        match &self.scaling {
            RotaryScaling::None => (0..n_pairs).map(plain).collect(),
            RotaryScaling::Linear { factor } => (0..n_pairs).map(|pair| plain(pair) / factor).collect(),
            RotaryScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_n_ctx } => {
                let stretch = |frequency: f64| {
                    let turns = *original_n_ctx as f64 * frequency / TAU;
                    let keep = ((turns - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0.0, 1.0);
                    frequency * (keep + (1.0 - keep) / factor)
                };
                (0..n_pairs).map(plain).map(stretch).collect()
            }
            RotaryScaling::Dynamic { factor, original_n_ctx } => {
                let times = n_pos.max(*original_n_ctx) as f64 / *original_n_ctx as f64;
                let dims = self.dims as f64;
                let theta = self.theta * (factor * times - (factor - 1.0)).powf(dims / (dims - 2.0).max(1.0));
                (0..n_pairs).map(|pair| power(theta, pair)).collect()
            }
            RotaryScaling::Yarn { factor, beta_fast, beta_slow, original_n_ctx, truncate, .. } => {
                let (low, high) = self.yarn_ramp(*beta_fast, *beta_slow, *original_n_ctx, *truncate);
                let stretch = |pair| {
                    let keep = 1.0 - ((pair as f64 - low) / (high - low)).clamp(0.0, 1.0);
                    plain(pair) * (keep + (1.0 - keep) / factor)
                };
                (0..n_pairs).map(stretch).collect()
            }
            RotaryScaling::LongRope { short, long, original_n_ctx, .. } => {
                divided(if n_pos > *original_n_ctx { long } else { short })
            }
            RotaryScaling::Divisors { divisors, .. } => divided(divisors),
        }
    }

    /// Where YaRN's ramp starts and ends, in pairs of neurons.
    fn yarn_ramp(&self, beta_fast: f64, beta_slow: f64, original_n_ctx: usize, truncate: bool) -> (f64, f64) {
        let dims = self.dims as f64;
        let pair_that_turns =
            |turns: f64| dims * (original_n_ctx as f64 / (turns * TAU)).ln() / (2.0 * self.theta.ln());
        let (low, high) = (pair_that_turns(beta_fast), pair_that_turns(beta_slow));
        let (low, high) = if truncate { (low.floor(), high.ceil()) } else { (low, high) };
        let (low, high) = (low.max(0.0), high.min(dims - 1.0));
        (low, if low == high { high + 0.001 } else { high })
    }

    /// What queries and keys are multiplied by beside being turned.
    pub fn magnitude(&self) -> f32 {
        match self.scaling {
            RotaryScaling::Yarn { magnitude, .. }
            | RotaryScaling::LongRope { magnitude, .. }
            | RotaryScaling::Divisors { magnitude, .. } => magnitude as f32,
            _ => 1.0,
        }
    }
}

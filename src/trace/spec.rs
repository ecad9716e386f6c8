//! What a model is: sizes and structure, in TransformerLens's names. A checkpoint adapter makes one from its
//! `config.json` or GGUF metadata; the one transformer reads nothing else.
//!
//! The types serialise both as JSON (trace metadata) and without field names (messages), so: no untagged enums and no
//! skipped fields here.

use serde::{Deserialize, Serialize};

/// The structure of a transformer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// Hugging Face `model_type`: bert, gpt2, llama, …
    pub architecture: String,
    /// Number of blocks.
    pub n_layers: usize,
    /// Query heads per block.
    pub n_heads: usize,
    /// Key and value heads per block; query head h reads key head h / (n_heads / n_key_value_heads).
    pub n_key_value_heads: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Width of one head.
    pub d_head: usize,
    /// Width of the MLP's hidden layer.
    pub d_mlp: usize,
    /// Rows of the embedding.
    pub d_vocab: usize,
    /// Longest input, in tokens.
    pub n_ctx: usize,
    /// Which normalisation.
    pub norm: NormKind,
    /// Added to the variance before the root.
    pub norm_eps: f64,
    /// Where the normalisation stands.
    pub norm_placement: NormPlacement,
    /// How positions enter.
    pub positions: Positions,
    /// Rows of the token type embedding; 0 where there is none.
    pub n_token_types: usize,
    /// Which keys a query may see.
    pub mask: Mask,
    /// Factor on q·k, before `attn_scale_by_inverse_layer`.
    pub attn_scale: f64,
    /// Whether the scale of layer l (from zero) is divided by l + 1 (GPT-2's option).
    pub attn_scale_by_inverse_layer: bool,
    /// Shape of the MLP.
    pub mlp: MlpKind,
    /// Its nonlinearity.
    pub activation: Activation,
    /// What turns the stream into logits.
    pub unembed: Unembed,
}

/// LayerNorm (mean and variance, weight and bias) or RMSNorm (root mean square, weight).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormKind {
    /// Ba et al. 2016.
    LayerNorm,
    /// Zhang & Sennrich 2019.
    RmsNorm,
}

/// Before each sub-layer with one more at the end, or after each sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormPlacement {
    /// GPT-2, Llama: the stream itself is never normalised until `ln_final`.
    Pre,
    /// BERT: the embedding and each sum are normalised.
    Post,
}

/// How a model knows where a token stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Positions {
    /// A learned vector per position, added to the embedding.
    Learned,
    /// Queries and keys are rotated (Su et al. 2021).
    Rotary(Rotary),
}

/// Rotary position embedding over the first `dims` neurons of a head; neuron i is paired with i + dims / 2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rotary {
    /// Base of the wavelengths (`rope_theta`).
    pub theta: f64,
    /// How many neurons of each head are rotated; even.
    pub dims: usize,
    /// How the wavelengths are stretched.
    pub scaling: RotaryScaling,
}

/// Stretching of rotary wavelengths for longer contexts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotaryScaling {
    /// As trained.
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
}

/// Which keys a query may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mask {
    /// Every position.
    Bidirectional,
    /// Its own position and earlier ones.
    Causal,
}

/// Shape of the MLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MlpKind {
    /// act(x W_in) W_out.
    Plain,
    /// (act(x W_gate) ⊙ x W_in) W_out (Shazeer 2020).
    Gated,
}

/// Nonlinearity of the MLP, by its definition; several Hugging Face names share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// x Φ(x), with the error function.
    Gelu,
    /// The tanh approximation of gelu.
    GeluTanh,
    /// x σ(1.702 x).
    QuickGelu,
    /// max(x, 0).
    Relu,
    /// max(x, 0)².
    Relu2,
    /// x σ(x).
    Silu,
    /// tanh x.
    Tanh,
    /// σ(x).
    Sigmoid,
}

/// What turns the stream into logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unembed {
    /// The checkpoint has no such head (sentence embedders).
    None,
    /// One matrix, its own or the embedding's.
    Linear {
        /// Whether it is the embedding.
        tied: bool,
    },
    /// BERT's masked-word head: dense, activation, norm, then the matrix with a bias.
    MaskedWord {
        /// Whether the matrix is the embedding.
        tied: bool,
    },
}

impl Spec {
    /// Factor on q·k in this layer.
    pub fn attn_scale_of(&self, layer: usize) -> f32 {
        let layer_factor = if self.attn_scale_by_inverse_layer { (layer + 1) as f64 } else { 1.0 };
        (self.attn_scale / layer_factor) as f32
    }

    /// How many query heads share a key head.
    pub fn queries_per_key_head(&self) -> usize {
        self.n_heads / self.n_key_value_heads
    }

    /// The rotation of queries and keys, where there is one.
    pub fn rotary(&self) -> Option<&Rotary> {
        match &self.positions {
            Positions::Rotary(rotary) => Some(rotary),
            Positions::Learned => None,
        }
    }

    /// Whether a position sees only itself and earlier ones.
    pub fn is_causal(&self) -> bool {
        self.mask == Mask::Causal
    }
}

impl Rotary {
    /// Radians per position of each pair of neurons, [dims / 2].
    pub fn frequencies(&self) -> Vec<f64> {
        let plain = (0..self.dims / 2).map(|pair| self.theta.powf(-2.0 * pair as f64 / self.dims as f64));
        plain.map(|frequency| self.scaling.stretch(frequency)).collect()
    }
}

impl RotaryScaling {
    /// One stretched frequency (Llama 3.1's formula as in Hugging Face's `_compute_llama3_parameters`).
    fn stretch(&self, frequency: f64) -> f64 {
        match *self {
            RotaryScaling::None => frequency,
            RotaryScaling::Linear { factor } => frequency / factor,
            RotaryScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_n_ctx } => {
                let turns = original_n_ctx as f64 * frequency / std::f64::consts::TAU;
                let keep = ((turns - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0.0, 1.0);
                frequency * (keep + (1.0 - keep) / factor)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretched_frequencies() {
        let rotary = |scaling| Rotary { theta: 500_000.0, dims: 128, scaling }.frequencies();
        let plain = rotary(RotaryScaling::None);
        assert_eq!(plain[0], 1.0);
        assert!((plain[32] - 500_000f64.powf(-0.5)).abs() < 1e-12);
        assert_eq!(rotary(RotaryScaling::Linear { factor: 4.0 })[5], plain[5] / 4.0);
        let llama =
            RotaryScaling::Llama3 { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_n_ctx: 8192 };
        let llama = rotary(llama);
        assert_eq!(llama[0], plain[0], "short wavelengths are kept");
        assert!((llama[63] - plain[63] / 8.0).abs() < 1e-15, "long ones are divided");
        assert!(llama.iter().zip(&plain).all(|(a, b)| a <= b));
    }
}

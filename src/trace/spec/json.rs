//! Reading a [`Spec`] from the metadata of a trace: the names are those that serde writes.

use serde_json::Value;

use super::{
    Activation, BlockKind, Local, Mask, MlpKind, NormKind, NormPlacement, Pairing, Positions, QkNorm, RelativeBias,
    Rotary, RotaryScaling, Spec, Unembed,
};
use crate::fields::{Field, Fields, expected, named, variant};

impl Field for Spec {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of(value)?;
        Ok(Spec {
            architecture: fields.need("architecture")?,
            n_layers: fields.need("n_layers")?,
            n_heads: fields.need("n_heads")?,
            n_key_value_heads: fields.need("n_key_value_heads")?,
            d_model: fields.need("d_model")?,
            d_head: fields.need("d_head")?,
            d_mlp: fields.need("d_mlp")?,
            d_vocab: fields.need("d_vocab")?,
            n_ctx: fields.need("n_ctx")?,
            norm: fields.need("norm")?,
            norm_eps: fields.need("norm_eps")?,
            norm_placement: fields.need("norm_placement")?,
            positions: fields.need("positions")?,
            n_token_types: fields.need("n_token_types")?,
            mask: fields.need("mask")?,
            attn_scale: fields.need("attn_scale")?,
            attn_scale_by_inverse_layer: fields.need("attn_scale_by_inverse_layer")?,
            mlp: fields.need("mlp")?,
            activation: fields.need("activation")?,
            unembed: fields.need("unembed")?,
            d_embed: fields.may("d_embed")?,
            embed_scale: fields.may("embed_scale")?,
            embed_norm: fields.or_default("embed_norm")?,
            pos_offset: fields.or_default("pos_offset")?,
            pad_id: fields.may("pad_id")?,
            norm_adds_one: fields.or_default("norm_adds_one")?,
            block: fields.or_default("block")?,
            qk_norm: fields.may("qk_norm")?,
            local: fields.may("local")?,
            unrotated_layers: fields.or_default("unrotated_layers")?,
            relative_bias: fields.may("relative_bias")?,
            attn_softcap: fields.may("attn_softcap")?,
            logit_softcap: fields.may("logit_softcap")?,
            logit_scale: fields.may("logit_scale")?,
            head_activation: fields.may("head_activation")?,
            encoder: fields.may("encoder")?.map(Box::new),
        })
    }
}

/// Enums without fields: each name and its variant.
macro_rules! names {
    ($($kind:ident { $($name:literal $variant:ident),+ })+) => {
        $(impl Field for $kind {
            fn read(value: Value) -> Result<Self, String> {
                named(&value, &[$(($name, $kind::$variant)),+])
            }
        })+
    };
}

names! {
    NormKind { "layer_norm" LayerNorm, "rms_norm" RmsNorm, "none" None }
    NormPlacement { "pre" Pre, "pre_and_output" PreAndOutput, "output" Output, "post" Post }
    BlockKind { "sequential" Sequential, "parallel" Parallel, "parallel_one_norm" ParallelOneNorm }
    QkNorm { "per_head" PerHead, "all_heads" AllHeads }
    Mask { "bidirectional" Bidirectional, "causal" Causal }
    MlpKind { "plain" Plain, "gated" Gated, "none" None }
    Activation {
        "gelu" Gelu, "gelu_tanh" GeluTanh, "quick_gelu" QuickGelu, "relu" Relu, "relu2" Relu2, "silu" Silu, "tanh" Tanh,
        "sigmoid" Sigmoid
    }
    Pairing { "halves" Halves, "adjacent" Adjacent }
}

impl Field for Local {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of(value)?;
        Ok(Local { layers: fields.need("layers")?, reach: fields.need("reach")?, rotary: fields.may("rotary")? })
    }
}

impl Field for RelativeBias {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of(value)?;
        Ok(RelativeBias { n_buckets: fields.need("n_buckets")?, max_distance: fields.need("max_distance")? })
    }
}

impl Field for Rotary {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of(value)?;
        Ok(Rotary {
            theta: fields.need("theta")?,
            dims: fields.need("dims")?,
            scaling: fields.need("scaling")?,
            pairing: fields.or_default("pairing")?,
        })
    }
}

impl Field for Positions {
    fn read(value: Value) -> Result<Self, String> {
        // The one with something inside, and that is no variant of its own.
        if let Value::Object(map) = value {
            return Fields::from(map).need("rotary").map(Positions::Rotary);
        }
        match value.as_str() {
            Some("learned") => Ok(Positions::Learned),
            Some("sinusoidal") => Ok(Positions::Sinusoidal),
            Some("alibi") => Ok(Positions::Alibi),
            Some("none") => Ok(Positions::None),
            Some("shortformer") => Ok(Positions::Shortformer),
            _ => Err(expected("a way in which positions enter", &value)),
        }
    }
}

impl Field for Unembed {
    fn read(value: Value) -> Result<Self, String> {
        let (name, mut fields) = variant(value)?;
        match name.as_str() {
            "none" => Ok(Unembed::None),
            "linear" => Ok(Unembed::Linear { tied: fields.need("tied")? }),
            "masked_word" => Ok(Unembed::MaskedWord { tied: fields.need("tied")? }),
            other => Err(unknown(other)),
        }
    }
}

impl Field for RotaryScaling {
    fn read(value: Value) -> Result<Self, String> {
        let (name, mut fields) = variant(value)?;
        Ok(match name.as_str() {
            "none" => RotaryScaling::None,
            "linear" => RotaryScaling::Linear { factor: fields.need("factor")? },
            "llama3" => RotaryScaling::Llama3 {
                factor: fields.need("factor")?,
                low_freq_factor: fields.need("low_freq_factor")?,
                high_freq_factor: fields.need("high_freq_factor")?,
                original_n_ctx: fields.need("original_n_ctx")?,
            },
            "dynamic" => RotaryScaling::Dynamic {
                factor: fields.need("factor")?,
                original_n_ctx: fields.need("original_n_ctx")?,
            },
            "yarn" => RotaryScaling::Yarn {
                factor: fields.need("factor")?,
                beta_fast: fields.need("beta_fast")?,
                beta_slow: fields.need("beta_slow")?,
                original_n_ctx: fields.need("original_n_ctx")?,
                magnitude: fields.need("magnitude")?,
                truncate: fields.need("truncate")?,
            },
            "long_rope" => RotaryScaling::LongRope {
                short: fields.need("short")?,
                long: fields.need("long")?,
                original_n_ctx: fields.need("original_n_ctx")?,
                magnitude: fields.need("magnitude")?,
            },
            "divisors" => RotaryScaling::Divisors { divisors: fields.need("divisors")? },
            other => return Err(unknown(other)),
        })
    }
}

fn unknown(variant: &str) -> String {
    format!("unknown variant `{variant}`")
}

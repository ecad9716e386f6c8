//! Reading a [`Spec`] from the metadata of a trace: the names are those that serde writes.

use serde_json::Value;

use super::{
    Activation, BlockKind, Conv, Disentangled, Experts, LabelKind, Local, Mask, MlpKind, NormKind, NormPlacement,
    Pairing, Positions, QkNorm, RelativeBias, Rotary, RotaryScaling, Spec, Unembed,
};
use crate::fields::{Field, Fields, expected, named, variant};

impl Field for Spec {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        Ok(Spec {
            architecture: fields.required("architecture")?,
            n_layers: fields.required("n_layers")?,
            n_heads: fields.required("n_heads")?,
            n_key_value_heads: fields.required("n_key_value_heads")?,
            d_model: fields.required("d_model")?,
            d_head: fields.required("d_head")?,
            d_mlp: fields.required("d_mlp")?,
            d_vocab: fields.required("d_vocab")?,
            n_ctx: fields.required("n_ctx")?,
            norm: fields.required("norm")?,
            norm_eps: fields.required("norm_eps")?,
            norm_placement: fields.required("norm_placement")?,
            positions: fields.required("positions")?,
            n_token_types: fields.required("n_token_types")?,
            mask: fields.required("mask")?,
            attn_scale: fields.required("attn_scale")?,
            attn_scale_by_inverse_layer: fields.required("attn_scale_by_inverse_layer")?,
            mlp: fields.required("mlp")?,
            activation: fields.required("activation")?,
            unembed: fields.required("unembed")?,
            d_embed: fields.optional("d_embed")?,
            embed_scale: fields.optional("embed_scale")?,
            token_dropout: fields.optional("token_dropout")?,
            embed_norm: fields.or_default("embed_norm")?,
            pos_offset: fields.or_default("pos_offset")?,
            pad_id: fields.optional("pad_id")?,
            norm_adds_one: fields.or_default("norm_adds_one")?,
            block: fields.or_default("block")?,
            qk_norm: fields.optional("qk_norm")?,
            local: fields.optional("local")?,
            unrotated_layers: fields.or_default("unrotated_layers")?,
            relative_bias: fields.optional("relative_bias")?,
            disentangled: fields.optional("disentangled")?,
            conv: fields.optional("conv")?,
            sinks: fields.or_default("sinks")?,
            attn_softcap: fields.optional("attn_softcap")?,
            experts: fields.optional("experts")?,
            logit_softcap: fields.optional("logit_softcap")?,
            clip_qkv: fields.optional("clip_qkv")?,
            resid_scale: fields.optional("resid_scale")?,
            logit_scale: fields.optional("logit_scale")?,
            head_activation: fields.optional("head_activation")?,
            labels: fields.optional("labels")?,
            encoder: fields.optional("encoder")?.map(Box::new),
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
    QkNorm { "per_head" PerHead, "all_heads" AllHeads, "each_head" EachHead }
    Mask { "bidirectional" Bidirectional, "causal" Causal }
    MlpKind { "plain" Plain, "gated" Gated, "none" None }
    Activation {
        "gelu" Gelu, "gelu_tanh" GeluTanh, "quick_gelu" QuickGelu, "relu" Relu, "relu2" Relu2, "silu" Silu, "tanh" Tanh,
        "sigmoid" Sigmoid
    }
    LabelKind { "one_of" OneOf, "any_of" AnyOf, "value" Value }
    Pairing { "halves" Halves, "adjacent" Adjacent }
}

impl Field for Local {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        Ok(Local {
            layers: fields.required("layers")?,
            reach: fields.required("reach")?,
            rotary: fields.optional("rotary")?,
        })
    }
}

impl Field for Disentangled {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        Ok(Disentangled {
            n_buckets: fields.required("n_buckets")?,
            max_distance: fields.required("max_distance")?,
            content_to_position: fields.required("content_to_position")?,
            position_to_content: fields.required("position_to_content")?,
        })
    }
}

impl Field for Experts {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        Ok(Experts {
            layers: fields.required("layers")?,
            n_experts: fields.required("n_experts")?,
            n_per_token: fields.required("n_per_token")?,
            d_mlp: fields.required("d_mlp")?,
            d_shared: fields.required("d_shared")?,
            sums_to_one: fields.required("sums_to_one")?,
            limit: fields.optional("limit")?,
        })
    }
}

impl Field for Conv {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        Ok(Conv { kernel: fields.required("kernel")?, activation: fields.required("activation")? })
    }
}

impl Field for RelativeBias {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        Ok(RelativeBias { n_buckets: fields.required("n_buckets")?, max_distance: fields.required("max_distance")? })
    }
}

impl Field for Rotary {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        Ok(Rotary {
            theta: fields.required("theta")?,
            dims: fields.required("dims")?,
            scaling: fields.required("scaling")?,
            pairing: fields.or_default("pairing")?,
        })
    }
}

impl Field for Positions {
    fn read(value: Value) -> Result<Self, String> {
        // Rotary positions have fields and are written as an object.
        if let Value::Object(map) = value {
            return Fields::from(map).required("rotary").map(Positions::Rotary);
        }
        match value.as_str() {
            Some("learned") => Ok(Positions::Learned),
            Some("sinusoidal") => Ok(Positions::Sinusoidal),
            Some("shifted_sinusoidal") => Ok(Positions::ShiftedSinusoidal),
            Some("alibi") => Ok(Positions::Alibi),
            Some("scaled_alibi") => Ok(Positions::ScaledAlibi),
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
            "linear" => Ok(Unembed::Linear { tied: fields.required("tied")? }),
            "masked_word" => Ok(Unembed::MaskedWord { tied: fields.required("tied")? }),
            other => Err(unknown(other)),
        }
    }
}

impl Field for RotaryScaling {
    fn read(value: Value) -> Result<Self, String> {
        let (name, mut fields) = variant(value)?;
        Ok(match name.as_str() {
            "none" => RotaryScaling::None,
            "linear" => RotaryScaling::Linear { factor: fields.required("factor")? },
            "llama3" => RotaryScaling::Llama3 {
                factor: fields.required("factor")?,
                low_freq_factor: fields.required("low_freq_factor")?,
                high_freq_factor: fields.required("high_freq_factor")?,
                original_n_ctx: fields.required("original_n_ctx")?,
            },
            "dynamic" => RotaryScaling::Dynamic {
                factor: fields.required("factor")?,
                original_n_ctx: fields.required("original_n_ctx")?,
            },
            "yarn" => RotaryScaling::Yarn {
                factor: fields.required("factor")?,
                beta_fast: fields.required("beta_fast")?,
                beta_slow: fields.required("beta_slow")?,
                original_n_ctx: fields.required("original_n_ctx")?,
                magnitude: fields.required("magnitude")?,
                truncate: fields.required("truncate")?,
            },
            "long_rope" => RotaryScaling::LongRope {
                short: fields.required("short")?,
                long: fields.required("long")?,
                original_n_ctx: fields.required("original_n_ctx")?,
                magnitude: fields.required("magnitude")?,
            },
            "divisors" => RotaryScaling::Divisors {
                divisors: fields.required("divisors")?,
                magnitude: fields.optional("magnitude")?.unwrap_or(1.0),
            },
            other => return Err(unknown(other)),
        })
    }
}

fn unknown(variant: &str) -> String {
    format!("unknown variant `{variant}`")
}

//! Llama (Touvron et al. 2023), also SmolLM and others of this form: LlamaModel and LlamaForCausalLM, as in Hugging Face.

use super::super::error::EngineError;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Part, Slot, Source};
use crate::trace::Spec;
use crate::trace::spec::{Mask, MlpKind, NormKind, NormPlacement, Positions, Rotary, RotaryScaling, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let (d_model, n_heads) = (config.size("hidden_size")?, config.size("num_attention_heads")?);
    let n_key_value_heads = config.size_if_any("num_key_value_heads")?.unwrap_or(n_heads);
    if n_heads % n_key_value_heads != 0 {
        let expected = format!("a divisor of num_attention_heads {n_heads}");
        return Err(config.refuse("num_key_value_heads", &expected, &n_key_value_heads.to_string()));
    }
    let d_head = match config.size_if_any("head_dim")? {
        Some(d_head) => d_head,
        None if d_model % n_heads == 0 => d_model / n_heads,
        None => {
            return Err(config.refuse("head_dim", "a whole number, as hidden_size is no multiple of heads", "nothing"));
        }
    };
    if d_head % 2 != 0 {
        return Err(config.refuse("head_dim", "an even number (rotary embedding pairs neurons)", &d_head.to_string()));
    }
    let n_ctx = config.size("max_position_embeddings")?;
    let spec = Spec {
        architecture: "llama".to_owned(),
        n_layers: config.size("num_hidden_layers")?,
        n_heads,
        n_key_value_heads,
        d_model,
        d_head,
        d_mlp: config.size("intermediate_size")?,
        d_vocab: config.size("vocab_size")?,
        n_ctx,
        norm: NormKind::RmsNorm,
        norm_eps: config.positive("rms_norm_eps")?,
        norm_placement: NormPlacement::Pre,
        positions: Positions::Rotary(rotary(config, d_head, n_ctx)?),
        n_token_types: 0,
        mask: Mask::Causal,
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        attn_scale_by_inverse_layer: false,
        mlp: MlpKind::Gated,
        activation: config.activation("hidden_act")?,
        unembed: Unembed::Linear { tied: config.switch("tie_word_embeddings", false)? },
    };
    let prefix = if has_tensor("model.embed_tokens.weight") { "model." } else { "" };
    let biases = Biases { attn: config.switch("attention_bias", false)?, mlp: config.switch("mlp_bias", false)? };
    Ok(Architecture { spec, source, prefix: prefix.to_owned(), biases })
}

/// The rotation, from `rope_parameters` (transformers 5) or `rope_theta` with `rope_scaling` (before); the base is never
/// assumed silently: Hugging Face's own default of 10,000 holds only where neither is written.
fn rotary(config: &Config, d_head: usize, n_ctx: usize) -> Result<Rotary, EngineError> {
    for field in [Some(config), config.object("rope_parameters")?.as_ref()].into_iter().flatten() {
        if let Some(factor) = field.get("partial_rotary_factor").filter(|factor| factor.as_f64() != Some(1.0)) {
            return Err(field.refuse("partial_rotary_factor", "1", &factor.to_string()));
        }
    }
    let parameters = config.object("rope_parameters")?;
    let scaling = match &parameters {
        Some(parameters) => Some(parameters.clone()),
        None => config.object("rope_scaling")?,
    };
    let with_theta = [parameters.as_ref(), Some(config)].into_iter().flatten().find(|c| c.get("rope_theta").is_some());
    let theta = with_theta.map_or(Ok(10_000.0), |config| config.positive("rope_theta"))?;
    let scaling = scaling.map_or(Ok(RotaryScaling::None), |scaling| rotary_scaling(&scaling, n_ctx))?;
    Ok(Rotary { theta, dims: d_head, scaling })
}

fn rotary_scaling(config: &Config, n_ctx: usize) -> Result<RotaryScaling, EngineError> {
    let common = ["rope_type", "type", "rope_theta", "partial_rotary_factor"];
    let field = if config.get("rope_type").is_some() { "rope_type" } else { "type" };
    let kind = if config.get(field).is_some() { config.string(field)? } else { "default" };
    match kind {
        "default" => {
            config.only(&common)?;
            Ok(RotaryScaling::None)
        }
        "linear" => {
            config.only(&[&common[..], &["factor", "original_max_position_embeddings"]].concat())?;
            Ok(RotaryScaling::Linear { factor: config.positive("factor")? })
        }
        "llama3" => {
            let own = ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"];
            config.only(&[&common[..], &own].concat())?;
            let original_n_ctx = config.size_if_any("original_max_position_embeddings")?.unwrap_or(n_ctx);
            let (low, high) = (config.positive("low_freq_factor")?, config.positive("high_freq_factor")?);
            if high <= low {
                let expected = format!("more than low_freq_factor {low}");
                return Err(config.refuse("high_freq_factor", &expected, &high.to_string()));
            }
            let factor = config.positive("factor")?;
            Ok(RotaryScaling::Llama3 { factor, low_freq_factor: low, high_freq_factor: high, original_n_ctx })
        }
        other => Err(config.refuse(field, "default, linear or llama3", other)),
    }
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Embed => arch.named("embed_tokens.weight"),
        Slot::Block(layer, slot, part) => {
            let (name, has_bias) = match slot {
                BlockSlot::AttnNorm => ("input_layernorm", false),
                BlockSlot::Q => ("self_attn.q_proj", arch.biases.attn),
                BlockSlot::K => ("self_attn.k_proj", arch.biases.attn),
                BlockSlot::V => ("self_attn.v_proj", arch.biases.attn),
                BlockSlot::O => ("self_attn.o_proj", arch.biases.attn),
                BlockSlot::MlpNorm => ("post_attention_layernorm", false),
                BlockSlot::MlpGate => ("mlp.gate_proj", arch.biases.mlp),
                BlockSlot::MlpIn => ("mlp.up_proj", arch.biases.mlp),
                BlockSlot::MlpOut => ("mlp.down_proj", arch.biases.mlp),
            };
            let is_there = part == Part::Weight || has_bias;
            is_there.then(|| arch.named(format!("layers.{layer}.{name}.{}", part.name()))).flatten()
        }
        Slot::FinalNorm(part) if arch.norm_has(part) => arch.named("norm.weight"),
        Slot::Unembed(Part::Weight) if arch.spec.unembed == (Unembed::Linear { tied: false }) => {
            Some(Source { tensor: "lm_head.weight".to_owned(), layout: Layout::Rows })
        }
        _ => None,
    }
}

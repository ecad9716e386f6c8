//! Llama (Touvron et al. 2023) and what has its form: Mistral, Qwen 2 and 3, SmolLM 1 to 3, as in Hugging Face. Also what
//! Gemma, Phi-3 and the families of `llama_kin` share with it.

use super::super::error::EngineError;
use super::rotary::{self, Family};
use super::{Architecture, Biases, BlockSlot, Config, Layout, Slot, Source, whole};
use crate::trace::Spec;
use crate::trace::spec::{Local, Mask, MlpKind, NormKind, NormPlacement, Positions, QkNorm, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let name = config.string("model_type")?;
    let theta = if name == "smollm3" { 2_000_000.0 } else { 10_000.0 };
    let rotary = Family { theta: ("rope_theta", theta), ..Family::USUAL };
    let mut spec = spec(config, Fields { rotary, ..Fields::USUAL })?;
    let attn = config.switch("attention_bias", false)?;
    let mut biases = Biases { qkv: attn, o: attn, mlp: config.switch("mlp_bias", false)?, ..Biases::NONE };
    match name {
        "mistral" => {
            // Without layer_types every layer has the window.
            let reach = config.size_if_any("sliding_window")?.map(|window| window - 1);
            spec.local = config.local_layers(spec.n_layers, reach, "sliding_window", |_| reach.is_some())?;
            biases = Biases::NONE;
        }
        "qwen2" => {
            spec.local = late_windows(config, spec.n_layers)?;
            biases = Biases { qkv: true, ..Biases::NONE };
        }
        "qwen3" => {
            spec.local = late_windows(config, spec.n_layers)?;
            spec.qk_norm = Some(QkNorm::PerHead);
            biases.mlp = false;
        }
        "smollm3" => {
            spec.unrotated_layers = unrotated(config, spec.n_layers)?;
            let on = config.switch("use_sliding_window", false)?;
            let reach = config.window_if("sliding_window", on || config.get("layer_types").is_some())?;
            let is_local = |layer: usize| on && reach.is_some() && spec.unrotated_layers.contains(&layer);
            spec.local = config.local_layers(spec.n_layers, reach, "sliding_window", is_local)?;
        }
        _ => {}
    }
    Ok(Architecture::new(spec, biases, source).with_prefix(prefix(has_tensor)))
}

/// The fields of Llama's form that not all families with it call alike.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    /// The nonlinearity.
    pub activation: &'static str,
    /// What is added to the variance: the name says which norm it is. Empty: LayerNorm with 1e-5.
    pub eps: &'static str,
    pub rotary: Family,
}

impl Fields {
    pub const USUAL: Fields = Fields { activation: "hidden_act", eps: "rms_norm_eps", rotary: Family::USUAL };
}

/// Llama's structure, by the fields that its kin have too.
pub(super) fn spec(config: &Config, fields: Fields) -> Result<Spec, EngineError> {
    let is_rms = fields.eps == Fields::USUAL.eps;
    let (d_model, n_heads) = (config.size("hidden_size")?, config.size("num_attention_heads")?);
    let n_key_value_heads = config.key_value_heads(n_heads)?;
    let d_head = config.d_head(d_model, n_heads)?;
    let (rotary, n_ctx) = rotary::read(config, d_head, config.size("max_position_embeddings")?, fields.rotary)?;
    Ok(Spec {
        architecture: config.string("model_type")?.to_owned(),
        n_layers: config.n_layers("num_hidden_layers")?,
        n_heads,
        n_key_value_heads,
        d_model,
        d_head,
        d_mlp: config.size("intermediate_size")?,
        d_vocab: config.size("vocab_size")?,
        n_ctx,
        norm: if is_rms { NormKind::RmsNorm } else { NormKind::LayerNorm },
        norm_eps: if fields.eps.is_empty() { 1e-5 } else { config.positive(fields.eps)? },
        norm_placement: NormPlacement::Pre,
        positions: Positions::Rotary(rotary),
        mask: Mask::Causal,
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        mlp: MlpKind::Gated,
        activation: config.activation(fields.activation)?,
        unembed: Unembed::Linear { tied: config.switch("tie_word_embeddings", false)? },
        ..Spec::default()
    })
}

pub(super) fn prefix(has_tensor: &dyn Fn(&str) -> bool) -> &'static str {
    // The second is that of the classes for question answering.
    let prefixes = ["model.", "transformer."]
        .map(|prefix| super::prefix(prefix, &["embed_tokens.weight", "norm.weight"], has_tensor));
    prefixes.into_iter().find(|prefix| !prefix.is_empty()).unwrap_or_default()
}

/// Qwen's windows, where they are on: in the last layers.
fn late_windows(config: &Config, n_layers: usize) -> Result<Option<Local>, EngineError> {
    let on = config.switch("use_sliding_window", false)?;
    let reach = config.window_if("sliding_window", on)?;
    // May be zero or less: then every layer has one.
    let first = config.get("max_window_layers").map_or(Some(28), |value| value.as_i64());
    let Some(first) = first.map(|first| usize::try_from(first).unwrap_or(0)) else {
        return Err(config.refuse("max_window_layers", "a whole number", "something else"));
    };
    let field = if on { "sliding_window" } else { "use_sliding_window" };
    config.local_layers(n_layers, reach, field, |layer| reach.is_some() && layer >= first)
}

/// The layers of SmolLM3 whose entry in `no_rope_layers` is 0, else every fourth.
fn unrotated(config: &Config, n_layers: usize) -> Result<Vec<usize>, EngineError> {
    // Where every layer is named, the interval says nothing.
    config.get("no_rope_layer_interval");
    let flags = match config.get("no_rope_layers") {
        None => {
            let interval = config.size_or("no_rope_layer_interval", 4)?;
            (1..=n_layers).map(|layer| layer % interval != 0).collect()
        }
        Some(value) => {
            let flag = |value: &serde_json::Value| value.as_u64().filter(|flag| *flag < 2).map(|flag| flag == 1);
            let flags: Option<Vec<bool>> = value.as_array().and_then(|list| list.iter().map(flag).collect());
            flags.filter(|flags| flags.len() == n_layers).ok_or_else(|| {
                config.refuse("no_rope_layers", &format!("{n_layers} zeros and ones"), &value.to_string())
            })?
        }
    };
    Ok((0..n_layers).filter(|layer| !flags[*layer]).collect())
}

pub(super) fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Embed => arch.named("embed_tokens.weight"),
        Slot::Block(layer, slot, part) => {
            let name = match slot {
                _ if arch.own_name(slot).is_some() => arch.own_name(slot)?,
                BlockSlot::AttnNorm => "input_layernorm",
                BlockSlot::Q => "self_attn.q_proj",
                BlockSlot::K => "self_attn.k_proj",
                BlockSlot::V => "self_attn.v_proj",
                BlockSlot::QNorm => "self_attn.q_norm",
                BlockSlot::KNorm => "self_attn.k_norm",
                BlockSlot::O => "self_attn.o_proj",
                BlockSlot::MlpNorm => "post_attention_layernorm",
                BlockSlot::MlpGate => "mlp.gate_proj",
                BlockSlot::MlpIn => "mlp.up_proj",
                BlockSlot::MlpOut => "mlp.down_proj",
                _ => return None,
            };
            arch.named(format!("layers.{layer}.{name}.{}", part.name()))
        }
        Slot::FinalNorm(part) => arch.named(format!("norm.{}", part.name())),
        Slot::Unembed(part) => whole(format!("lm_head.{}", part.name()), Layout::Rows),
        _ => None,
    }
}

//! GPT-Neo (Black et al. 2021), also the TinyStories models: GPTNeoForCausalLM, as in Hugging Face. Every second layer is
//! local, and scores are not scaled.

use serde_json::Value;

use super::super::error::EngineError;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Slot, Source, whole};
use crate::trace::Spec;
use crate::trace::spec::{Local, Mask, NormPlacement, Positions, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let (d_model, n_heads) = config.width_and_heads("hidden_size", "num_heads")?;
    let prefix = super::prefix("transformer.", &["wte.weight", "ln_f.weight"], has_tensor);
    let n_layers = config.n_layers("num_layers")?;
    let layers = local_layers(config, n_layers)?;
    let reach = config.size_or("window_size", 256)? - 1;
    let spec = Spec {
        architecture: "gpt_neo".to_owned(),
        n_layers,
        n_heads,
        n_key_value_heads: n_heads,
        d_model,
        d_head: d_model / n_heads,
        d_mlp: config.size_or("intermediate_size", 4 * d_model)?,
        d_vocab: config.size("vocab_size")?,
        n_ctx: config.size("max_position_embeddings")?,
        norm_eps: config.positive("layer_norm_epsilon")?,
        norm_placement: NormPlacement::Pre,
        positions: Positions::Learned,
        mask: Mask::Causal,
        attn_scale: 1.0,
        local: (!layers.is_empty()).then_some(Local { layers, reach, rotary: None }),
        activation: config.activation("activation_function")?,
        unembed: Unembed::Linear { tied: config.switch("tie_word_embeddings", true)? },
        ..Spec::default()
    };
    let biases = Biases { qkv: false, ..Biases::LAYERS };
    Ok(Architecture::new(spec, biases, source).with_prefix(prefix))
}

/// Reads `attention_layers`, a list of "global" and "local"; else `attention_types`, e.g. [[["global", "local"], 12]]: each list of
/// kinds with its number of repetitions.
fn local_layers(config: &Config, n_layers: usize) -> Result<Vec<usize>, EngineError> {
    // Read in any case: beside attention_layers it changes nothing, as in transformers.
    let types = config.get("attention_types");
    if let Some(kinds) = config.words("attention_layers")? {
        let expected = format!("\"global\" or \"local\" for each of {n_layers} layers");
        let is_known = |kind: &String| kind == "global" || kind == "local";
        if kinds.len() != n_layers || !kinds.iter().all(is_known) {
            return Err(config.refuse("attention_layers", &expected, &format!("{kinds:?}")));
        }
        return Ok((0..n_layers).filter(|layer| kinds[*layer] == "local").collect());
    }
    let expected = format!("lists of \"global\" and \"local\" with how often they come, {n_layers} layers in all");
    let usual = serde_json::json!([[["global", "local"], n_layers.div_ceil(2)]]);
    let (types, is_given) = types.map_or((&usual, false), |types| (types, true));
    let refuse = || config.refuse("attention_types", &expected, &types.to_string());
    let mut kinds: Vec<bool> = Vec::new();
    for entry in types.as_array().ok_or_else(refuse)? {
        let (list, times) = entry.get(0).and_then(Value::as_array).zip(entry.get(1)).ok_or_else(refuse)?;
        let times = times.as_u64().filter(|times| *times <= n_layers as u64).ok_or_else(refuse)?;
        for _ in 0..times {
            for kind in list {
                match kind.as_str() {
                    Some("global") => kinds.push(false),
                    Some("local") => kinds.push(true),
                    _ => return Err(refuse()),
                }
            }
            if kinds.len() > n_layers + list.len() {
                return Err(refuse());
            }
        }
    }
    if is_given && kinds.len() != n_layers {
        return Err(refuse());
    }
    Ok((0..n_layers).filter(|layer| kinds[*layer]).collect())
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Embed => arch.named("wte.weight"),
        Slot::PosEmbed => arch.named("wpe.weight"),
        Slot::Block(layer, slot, part) => {
            let name = match slot {
                BlockSlot::AttnNorm => "ln_1",
                BlockSlot::Q => "attn.attention.q_proj",
                BlockSlot::K => "attn.attention.k_proj",
                BlockSlot::V => "attn.attention.v_proj",
                BlockSlot::O => "attn.attention.out_proj",
                BlockSlot::MlpNorm => "ln_2",
                BlockSlot::MlpIn => "mlp.c_fc",
                BlockSlot::MlpOut => "mlp.c_proj",
                _ => return None,
            };
            arch.named(format!("h.{layer}.{name}.{}", part.name()))
        }
        Slot::FinalNorm(part) => arch.named(format!("ln_f.{}", part.name())),
        Slot::Unembed(_) => whole("lm_head.weight", Layout::Rows),
        _ => None,
    }
}

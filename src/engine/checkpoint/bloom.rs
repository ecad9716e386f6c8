//! BLOOM (Le Scao et al. 2022): BloomForCausalLM, as in Hugging Face. Positions by ALiBi, queries, keys and values of each head in
//! one matrix.

use super::super::error::EngineError;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Slot, Source, whole};
use crate::trace::Spec;
use crate::trace::spec::{Activation, Mask, NormPlacement, Positions, Unembed};

/// Longest input where the configuration has no `seq_length`: ALiBi itself has no limit.
const N_CTX: usize = 2048;

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    // Older files have the second name.
    let width = if config.get("n_embed").is_some() { "n_embed" } else { "hidden_size" };
    let heads = if config.get("n_head").is_some() { "n_head" } else { "num_attention_heads" };
    let (d_model, n_heads) = config.width_and_heads(width, heads)?;
    config.must_be_off("apply_residual_connection_post_layernorm")?;
    let prefix = super::prefix("transformer.", &["word_embeddings.weight", "ln_f.weight"], has_tensor);
    let d_head = d_model / n_heads;
    let spec = Spec {
        architecture: "bloom".to_owned(),
        n_layers: config.n_layers("n_layer")?,
        n_heads,
        n_key_value_heads: n_heads,
        d_model,
        d_head,
        d_mlp: 4 * d_model,
        d_vocab: config.size("vocab_size")?,
        n_ctx: config.size_or("seq_length", N_CTX)?,
        norm_eps: config.positive("layer_norm_epsilon")?,
        norm_placement: NormPlacement::Pre,
        embed_norm: true,
        positions: Positions::Alibi,
        mask: Mask::Causal,
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        activation: Activation::GeluTanh,
        unembed: Unembed::Linear { tied: config.switch("tie_word_embeddings", true)? },
        ..Spec::default()
    };
    Ok(Architecture::new(spec, Biases::LAYERS, source).with_prefix(prefix))
}

pub(super) fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Embed => arch.named("word_embeddings.weight"),
        Slot::EmbedNorm(part) => arch.named(format!("word_embeddings_layernorm.{}", part.name())),
        Slot::Block(layer, slot, part) => {
            let (name, layout) = match slot {
                _ if arch.own_name(slot).is_some() => (arch.own_name(slot)?, Layout::Rows),
                BlockSlot::AttnNorm => ("input_layernorm", Layout::Rows),
                BlockSlot::Q | BlockSlot::K | BlockSlot::V => {
                    ("self_attention.query_key_value", arch.by_key_head(slot))
                }
                BlockSlot::O => ("self_attention.dense", Layout::Rows),
                BlockSlot::MlpNorm => ("post_attention_layernorm", Layout::Rows),
                BlockSlot::MlpIn => ("mlp.dense_h_to_4h", Layout::Rows),
                BlockSlot::MlpOut => ("mlp.dense_4h_to_h", Layout::Rows),
                _ => return None,
            };
            arch.named_as(format!("h.{layer}.{name}.{}", part.name()), layout)
        }
        Slot::FinalNorm(part) => arch.named(format!("ln_f.{}", part.name())),
        Slot::Unembed(_) => whole("lm_head.weight", Layout::Rows),
        _ => None,
    }
}

//! MPNet (Song et al. 2020): MPNetModel and MPNetForMaskedLM. RoBERTa's form with a bias on the scores by distance.

use super::super::error::EngineError;
use super::{Architecture, Biases, BlockSlot, Config, Slot, Source, bert, roberta};
use crate::trace::Spec;
use crate::trace::spec::{Mask, Positions, RelativeBias, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let prefix =
        super::prefix("mpnet.", &["embeddings.word_embeddings.weight", "embeddings.LayerNorm.weight"], has_tensor);
    let (d_model, n_heads) = config.width_and_heads("hidden_size", "num_attention_heads")?;
    config.must_have_all_heads()?;
    let n_buckets = config.size_or("relative_attention_num_buckets", 32)?;
    if n_buckets < 4 {
        return Err(config.refuse("relative_attention_num_buckets", "at least 4", &n_buckets.to_string()));
    }
    let tied = config.switch("tie_word_embeddings", true)?;
    let d_head = d_model / n_heads;
    let spec = Spec {
        architecture: "mpnet".to_owned(),
        n_layers: config.n_layers("num_hidden_layers")?,
        n_heads,
        n_key_value_heads: n_heads,
        d_model,
        d_head,
        d_mlp: config.size("intermediate_size")?,
        d_vocab: config.size("vocab_size")?,
        n_ctx: config.size("max_position_embeddings")?,
        norm_eps: config.positive("layer_norm_eps")?,
        positions: Positions::Learned,
        embed_norm: true,
        mask: Mask::Bidirectional,
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        // The distance is a constant of the model, not of its configuration.
        relative_bias: Some(RelativeBias { n_buckets, max_distance: 128 }),
        activation: config.activation("hidden_act")?,
        unembed: if has_tensor("lm_head.dense.weight") { Unembed::MaskedWord { tied } } else { Unembed::None },
        ..Spec::default()
    };
    // MPNet counts from after 1, whatever pad_token_id says.
    let spec = roberta::after_padding(config, spec, 1)?;
    let architecture = Architecture::new(spec, Biases::ALL, source).with_prefix(prefix);
    Ok(bert::with_own_bias(architecture, "lm_head.decoder.bias", has_tensor))
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    let in_block = |layer: usize, name: &str| arch.named(format!("encoder.layer.{layer}.attention.{name}"));
    match slot {
        Slot::RelativeBias => arch.named("encoder.relative_attention_bias.weight"),
        Slot::Block(layer, BlockSlot::Q, part) => in_block(layer, &format!("attn.q.{}", part.name())),
        Slot::Block(layer, BlockSlot::K, part) => in_block(layer, &format!("attn.k.{}", part.name())),
        Slot::Block(layer, BlockSlot::V, part) => in_block(layer, &format!("attn.v.{}", part.name())),
        Slot::Block(layer, BlockSlot::O, part) => in_block(layer, &format!("attn.o.{}", part.name())),
        Slot::Block(layer, BlockSlot::AttnNorm, part) => in_block(layer, &format!("LayerNorm.{}", part.name())),
        _ => roberta::head(slot).or_else(|| bert::stack(arch, slot)),
    }
}

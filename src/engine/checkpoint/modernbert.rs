//! ModernBERT (Warner et al. 2024): ModernBertModel and ModernBertForMaskedLM, as in Hugging Face. Rotation, local layers between
//! global ones, a gated MLP; the first layer reads the normalised embedding as it is.

use super::super::error::EngineError;
use super::rotary;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Slot, Source, whole};
use crate::trace::Spec;
use crate::trace::spec::{Mask, MlpKind, NormPlacement, Positions, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let (d_model, n_heads) = config.width_and_heads("hidden_size", "num_attention_heads")?;
    let prefix = super::prefix("model.", &["embeddings.tok_embeddings.weight", "embeddings.norm.weight"], has_tensor);
    let (d_head, n_ctx) = (d_model / n_heads, config.size("max_position_embeddings")?);
    let n_layers = config.n_layers("num_hidden_layers")?;
    let interval = config.size_or("global_attn_every_n_layers", 3)?;
    // The window is as wide as local_attention, half of it on either side; sliding_window is that half.
    let reach = config.size_or("local_attention", 128)? / 2;
    let reach = config.size_or("sliding_window", reach)?;
    let is_local = |layer: usize| !layer.is_multiple_of(interval);
    let mut local = config.local_layers(n_layers, Some(reach), "local_attention", is_local)?;
    let scaled = ["full_attention", "sliding_attention"];
    let of_type = |name, field, theta| rotary::read_of_type(config, name, (field, theta), (d_head, n_ctx), &scaled);
    let far = of_type("full_attention", "global_rope_theta", 160_000.0)?;
    let near = of_type("sliding_attention", "local_rope_theta", 10_000.0)?;
    if let Some(local) = &mut local {
        local.rotary = Some(near);
    }
    let tied = config.switch("tie_word_embeddings", true)?;
    let decoder_bias = config.switch("decoder_bias", true)?;
    // Classifiers have the dense layer and the norm too, but nothing that leads to words.
    let has_decoder = has_tensor("decoder.weight") || has_tensor("decoder.bias");
    let has_head =
        has_tensor("head.dense.weight") && (has_decoder || !decoder_bias && !has_tensor("classifier.weight"));
    let spec = Spec {
        architecture: "modernbert".to_owned(),
        n_layers,
        n_heads,
        n_key_value_heads: n_heads,
        d_model,
        d_head,
        d_mlp: config.size("intermediate_size")?,
        d_vocab: config.size("vocab_size")?,
        n_ctx,
        norm_eps: config.positive("norm_eps")?,
        norm_placement: NormPlacement::Pre,
        embed_norm: true,
        positions: Positions::Rotary(far),
        mask: Mask::Bidirectional,
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        local,
        mlp: MlpKind::Gated,
        activation: config.activation("hidden_activation")?,
        head_activation: Some(config.activation("classifier_activation")?),
        unembed: if has_head { Unembed::MaskedWord { tied } } else { Unembed::None },
        ..Spec::default()
    };
    let attn = config.switch("attention_bias", false)?;
    let biases = Biases {
        qkv: attn,
        o: attn,
        mlp: config.switch("mlp_bias", false)?,
        norm: config.switch("norm_bias", false)?,
        qk_norm: false,
        experts: false,
        head_dense: config.switch("classifier_bias", false)?,
        unembed: decoder_bias,
    };
    Ok(Architecture::new(spec, biases, source).with_prefix(prefix))
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Embed => arch.named("embeddings.tok_embeddings.weight"),
        Slot::EmbedNorm(part) => arch.named(format!("embeddings.norm.{}", part.name())),
        Slot::Block(0, BlockSlot::AttnNorm, _) => None,
        Slot::Block(layer, slot, part) => {
            let (name, layout) = match slot {
                BlockSlot::AttnNorm => ("attn_norm", Layout::Rows),
                BlockSlot::Q | BlockSlot::K | BlockSlot::V => ("attn.Wqkv", arch.one_after_another(slot)),
                BlockSlot::O => ("attn.Wo", Layout::Rows),
                BlockSlot::MlpNorm => ("mlp_norm", Layout::Rows),
                BlockSlot::MlpGate | BlockSlot::MlpIn => ("mlp.Wi", arch.gate_first(slot)),
                BlockSlot::MlpOut => ("mlp.Wo", Layout::Rows),
                _ => return None,
            };
            arch.named_as(format!("layers.{layer}.{name}.{}", part.name()), layout)
        }
        Slot::FinalNorm(part) => arch.named(format!("final_norm.{}", part.name())),
        Slot::HeadDense(part) => whole(format!("head.dense.{}", part.name()), Layout::Rows),
        Slot::HeadNorm(part) => whole(format!("head.norm.{}", part.name()), Layout::Rows),
        Slot::Unembed(part) => whole(format!("decoder.{}", part.name()), Layout::Rows),
        _ => None,
    }
}

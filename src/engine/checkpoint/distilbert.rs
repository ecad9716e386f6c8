//! DistilBERT (Sanh et al. 2019): DistilBertModel and DistilBertForMaskedLM. BERT without token types.

use super::super::error::EngineError;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Slot, Source, whole};
use crate::trace::Spec;
use crate::trace::spec::{Mask, Positions, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let prefix =
        super::prefix("distilbert.", &["embeddings.word_embeddings.weight", "embeddings.LayerNorm.weight"], has_tensor);
    let (d_model, n_heads) = config.width_and_heads("dim", "n_heads")?;
    config.must_have_all_heads()?;
    let tied = config.switch("tie_word_embeddings", true)?;
    let d_head = d_model / n_heads;
    let spec = Spec {
        architecture: "distilbert".to_owned(),
        n_layers: config.n_layers("n_layers")?,
        n_heads,
        n_key_value_heads: n_heads,
        d_model,
        d_head,
        d_mlp: config.size("hidden_dim")?,
        d_vocab: config.size("vocab_size")?,
        n_ctx: config.size("max_position_embeddings")?,
        // A constant of the model.
        norm_eps: 1e-12,
        // Also with sinusoidal_pos_embds: their values are stored like learned ones.
        positions: Positions::Learned,
        embed_norm: true,
        mask: Mask::Bidirectional,
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        activation: config.activation("activation")?,
        unembed: if has_tensor("vocab_transform.weight") { Unembed::MaskedWord { tied } } else { Unembed::None },
        ..Spec::default()
    };
    Ok(Architecture::new(spec, Biases::ALL, source).with_prefix(prefix))
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Embed => arch.named("embeddings.word_embeddings.weight"),
        Slot::PosEmbed => arch.named("embeddings.position_embeddings.weight"),
        Slot::EmbedNorm(part) => arch.named(format!("embeddings.LayerNorm.{}", part.name())),
        Slot::Block(layer, slot, part) => {
            let name = match slot {
                BlockSlot::Q => "attention.q_lin",
                BlockSlot::K => "attention.k_lin",
                BlockSlot::V => "attention.v_lin",
                BlockSlot::O => "attention.out_lin",
                BlockSlot::AttnNorm => "sa_layer_norm",
                BlockSlot::MlpIn => "ffn.lin1",
                BlockSlot::MlpOut => "ffn.lin2",
                BlockSlot::MlpNorm => "output_layer_norm",
                _ => return None,
            };
            arch.named(format!("transformer.layer.{layer}.{name}.{}", part.name()))
        }
        Slot::HeadDense(part) => whole(format!("vocab_transform.{}", part.name()), Layout::Rows),
        Slot::HeadNorm(part) => whole(format!("vocab_layer_norm.{}", part.name()), Layout::Rows),
        Slot::Unembed(part) => whole(format!("vocab_projector.{}", part.name()), Layout::Rows),
        _ => None,
    }
}

//! BERT (Devlin et al. 2019): BertModel and BertForMaskedLM, as in Hugging Face.

use super::super::error::EngineError;
use super::{Architecture, Biases, BlockSlot, Config, Part, Slot, Source};
use crate::trace::Spec;
use crate::trace::spec::{Mask, MlpKind, NormKind, NormPlacement, Positions, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let (d_model, n_heads) = config.width_and_heads("hidden_size", "num_attention_heads")?;
    config.must_be_off("add_cross_attention")?;
    if let Some(kind) = config.get("position_embedding_type").filter(|kind| **kind != "absolute") {
        return Err(config.refuse("position_embedding_type", "\"absolute\"", &kind.to_string()));
    }
    config.must_have_all_heads()?;
    let prefix = if has_tensor("bert.embeddings.word_embeddings.weight") { "bert." } else { "" };
    let has_head = has_tensor("cls.predictions.transform.dense.weight");
    let tied = config.switch("tie_word_embeddings", true)?;
    let d_head = d_model / n_heads;
    let spec = Spec {
        architecture: "bert".to_owned(),
        n_layers: config.size("num_hidden_layers")?,
        n_heads,
        n_key_value_heads: n_heads,
        d_model,
        d_head,
        d_mlp: config.size("intermediate_size")?,
        d_vocab: config.size("vocab_size")?,
        n_ctx: config.size("max_position_embeddings")?,
        norm: NormKind::LayerNorm,
        norm_eps: config.positive("layer_norm_eps")?,
        norm_placement: NormPlacement::Post,
        positions: Positions::Learned,
        n_token_types: config.size("type_vocab_size")?,
        mask: if config.switch("is_decoder", false)? { Mask::Causal } else { Mask::Bidirectional },
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        attn_scale_by_inverse_layer: false,
        mlp: MlpKind::Plain,
        activation: config.activation("hidden_act")?,
        unembed: if has_head { Unembed::MaskedWord { tied } } else { Unembed::None },
    };
    Ok(Architecture { spec, source, prefix: prefix.to_owned(), biases: Biases { attn: true, mlp: true } })
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    let head = |name: String| Some(Source { tensor: name, layout: super::Layout::Rows });
    match slot {
        Slot::Embed => arch.named("embeddings.word_embeddings.weight"),
        Slot::PosEmbed => arch.named("embeddings.position_embeddings.weight"),
        Slot::TokenTypeEmbed => arch.named("embeddings.token_type_embeddings.weight"),
        Slot::EmbedNorm(part) => arch.named(format!("embeddings.LayerNorm.{}", part.name())),
        Slot::Block(layer, slot, part) => {
            let name = match slot {
                BlockSlot::Q => "attention.self.query",
                BlockSlot::K => "attention.self.key",
                BlockSlot::V => "attention.self.value",
                BlockSlot::O => "attention.output.dense",
                BlockSlot::AttnNorm => "attention.output.LayerNorm",
                BlockSlot::MlpIn => "intermediate.dense",
                BlockSlot::MlpOut => "output.dense",
                BlockSlot::MlpNorm => "output.LayerNorm",
                BlockSlot::MlpGate => return None,
            };
            arch.named(format!("encoder.layer.{layer}.{name}.{}", part.name()))
        }
        Slot::FinalNorm(_) => None,
        Slot::HeadDense(part) => head(format!("cls.predictions.transform.dense.{}", part.name())),
        Slot::HeadNorm(part) => head(format!("cls.predictions.transform.LayerNorm.{}", part.name())),
        Slot::Unembed(Part::Bias) => head("cls.predictions.bias".to_owned()),
        Slot::Unembed(Part::Weight) => match arch.spec.unembed {
            Unembed::MaskedWord { tied: false } => head("cls.predictions.decoder.weight".to_owned()),
            _ => None,
        },
    }
}

//! BERT (Devlin et al. 2019): BertModel and BertForMaskedLM, as in Hugging Face. Also what its kin share with it.

use super::super::error::EngineError;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Part, Slot, Source, whole};
use crate::trace::Spec;
use crate::trace::spec::{Mask, Positions, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let prefix =
        super::prefix("bert.", &["embeddings.word_embeddings.weight", "embeddings.LayerNorm.weight"], has_tensor);
    let spec = spec(config, "bert", has_tensor("cls.predictions.transform.dense.weight"))?;
    let architecture = Architecture::new(spec, Biases::ALL, source).with_prefix(prefix);
    Ok(with_own_bias(architecture, "cls.predictions.decoder.bias", has_tensor))
}

/// A masked-word head with a matrix of its own has a bias of its own too; otherwise the bias is shared.
pub(super) fn with_own_bias(arch: Architecture, name: &str, has_tensor: &dyn Fn(&str) -> bool) -> Architecture {
    let is_own = arch.spec.unembed == Unembed::MaskedWord { tied: false } && has_tensor(name);
    if is_own { arch.with_name(Slot::Unembed(Part::Bias), name.to_owned()) } else { arch }
}

/// The structure that BERT, ELECTRA and RoBERTa share.
pub(super) fn spec(config: &Config, architecture: &str, has_head: bool) -> Result<Spec, EngineError> {
    let (d_model, n_heads) = config.width_and_heads("hidden_size", "num_attention_heads")?;
    config.must_be_off("add_cross_attention")?;
    config.must_have_absolute_positions()?;
    config.must_have_all_heads()?;
    let tied = config.switch("tie_word_embeddings", true)?;
    let d_head = d_model / n_heads;
    Ok(Spec {
        architecture: architecture.to_owned(),
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
        n_token_types: config.size("type_vocab_size")?,
        mask: if config.switch("is_decoder", false)? { Mask::Causal } else { Mask::Bidirectional },
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        activation: config.activation("hidden_act")?,
        unembed: if has_head { Unembed::MaskedWord { tied } } else { Unembed::None },
        ..Spec::default()
    })
}

pub(super) fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::HeadDense(part) => whole(format!("cls.predictions.transform.dense.{}", part.name()), Layout::Rows),
        Slot::HeadNorm(part) => whole(format!("cls.predictions.transform.LayerNorm.{}", part.name()), Layout::Rows),
        Slot::Unembed(Part::Bias) => whole("cls.predictions.bias", Layout::Rows),
        Slot::Unembed(Part::Weight) => whole("cls.predictions.decoder.weight", Layout::Rows),
        _ => stack(arch, slot),
    }
}

/// Names of embeddings and blocks.
pub(super) fn stack(arch: &Architecture, slot: Slot) -> Option<Source> {
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
                _ => return None,
            };
            arch.named(format!("encoder.layer.{layer}.{name}.{}", part.name()))
        }
        _ => None,
    }
}

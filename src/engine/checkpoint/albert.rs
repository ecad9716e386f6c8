//! ALBERT (Lan et al. 2020): AlbertModel and AlbertForMaskedLM. BERT with narrow embeddings, and layers that share weights.

use super::super::error::EngineError;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Part, Slot, Source, bert, whole};
use crate::trace::Spec;

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let prefix =
        super::prefix("albert.", &["embeddings.word_embeddings.weight", "embeddings.LayerNorm.weight"], has_tensor);
    config.must_be("inner_group_num", &1.into())?;
    // Several groups of layers, each with weights of its own, are in no checkpoint that is known.
    config.must_be("num_hidden_groups", &1.into())?;
    let spec = bert::spec(config, "albert", has_tensor("predictions.dense.weight"))?;
    // Projected even where the widths agree.
    let spec = Spec { d_embed: Some(config.size("embedding_size")?), ..spec };
    let architecture = Architecture::new(spec, Biases::ALL, source).with_prefix(prefix);
    Ok(bert::with_own_bias(architecture, "predictions.decoder.bias", has_tensor))
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::EmbedProject(part) => arch.named(format!("encoder.embedding_hidden_mapping_in.{}", part.name())),
        Slot::Block(_, slot, part) => {
            let name = match slot {
                BlockSlot::Q => "attention.query",
                BlockSlot::K => "attention.key",
                BlockSlot::V => "attention.value",
                BlockSlot::O => "attention.dense",
                BlockSlot::AttnNorm => "attention.LayerNorm",
                BlockSlot::MlpIn => "ffn",
                BlockSlot::MlpOut => "ffn_output",
                BlockSlot::MlpNorm => "full_layer_layer_norm",
                _ => return None,
            };
            arch.named(format!("encoder.albert_layer_groups.0.albert_layers.0.{name}.{}", part.name()))
        }
        Slot::HeadDense(part) => whole(format!("predictions.dense.{}", part.name()), Layout::Rows),
        Slot::HeadNorm(part) => whole(format!("predictions.LayerNorm.{}", part.name()), Layout::Rows),
        Slot::Unembed(Part::Bias) => whole("predictions.bias", Layout::Rows),
        Slot::Unembed(Part::Weight) => whole("predictions.decoder.weight", Layout::Rows),
        _ => bert::stack(arch, slot),
    }
}

//! RoBERTa (Liu et al. 2019) and, of the same form, XLM-RoBERTa and CamemBERT: BERT whose positions count from after the
//! padding token's id.

use super::super::error::EngineError;
use super::{Architecture, Biases, Config, Layout, Part, Slot, Source, bert, whole};
use crate::trace::Spec;
use crate::trace::spec::Activation;

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let prefix =
        super::prefix("roberta.", &["embeddings.word_embeddings.weight", "embeddings.LayerNorm.weight"], has_tensor);
    let spec = bert::spec(config, config.string("model_type")?, has_tensor("lm_head.dense.weight"))?;
    let pad_id = config.ids("pad_token_id")?.first().copied().unwrap_or(1);
    let spec = after_padding(config, spec, pad_id)?;
    let architecture = Architecture::new(spec, Biases::ALL, source).with_prefix(prefix);
    Ok(bert::with_own_bias(architecture, "lm_head.decoder.bias", has_tensor))
}

/// Lets positions count from after the padding token's id, and the head be RoBERTa's.
pub(super) fn after_padding(config: &Config, spec: Spec, pad_id: u32) -> Result<Spec, EngineError> {
    let pos_offset = pad_id as usize + 1;
    let Some(n_ctx) = spec.n_ctx.checked_sub(pos_offset).filter(|n_ctx| *n_ctx > 0) else {
        let expected = format!("more than {pos_offset} (positions count from after pad_token_id)");
        return Err(config.refuse("max_position_embeddings", &expected, &spec.n_ctx.to_string()));
    };
    // Whatever hidden_act says.
    Ok(Spec { n_ctx, pos_offset, pad_id: Some(pad_id), head_activation: Some(Activation::Gelu), ..spec })
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    head(slot).or_else(|| bert::stack(arch, slot))
}

/// Names of the masked-word head.
pub(super) fn head(slot: Slot) -> Option<Source> {
    match slot {
        Slot::HeadDense(part) => whole(format!("lm_head.dense.{}", part.name()), Layout::Rows),
        Slot::HeadNorm(part) => whole(format!("lm_head.layer_norm.{}", part.name()), Layout::Rows),
        Slot::Unembed(Part::Bias) => whole("lm_head.bias", Layout::Rows),
        Slot::Unembed(Part::Weight) => whole("lm_head.decoder.weight", Layout::Rows),
        _ => None,
    }
}

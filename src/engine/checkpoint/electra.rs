//! ELECTRA (Clark et al. 2020): ElectraModel, the generator ElectraForMaskedLM, and the discriminator's stack. BERT with
//! embeddings of a width of their own.

use super::super::error::EngineError;
use super::{Architecture, Biases, Config, Layout, Part, Slot, Source, bert, whole};
use crate::trace::Spec;
use crate::trace::spec::Activation;

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let prefix =
        super::prefix("electra.", &["embeddings.word_embeddings.weight", "embeddings.LayerNorm.weight"], has_tensor);
    let spec = bert::spec(config, "electra", has_tensor("generator_predictions.dense.weight"))?;
    let d_embed = config.size("embedding_size")?;
    let spec = Spec {
        d_embed: (d_embed != spec.d_model).then_some(d_embed),
        // Whatever hidden_act says.
        head_activation: Some(Activation::Gelu),
        ..spec
    };
    Ok(Architecture::new(spec, Biases::ALL, source).with_prefix(prefix))
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::EmbedProject(part) => arch.named(format!("embeddings_project.{}", part.name())),
        Slot::HeadDense(part) => whole(format!("generator_predictions.dense.{}", part.name()), Layout::Rows),
        Slot::HeadNorm(part) => whole(format!("generator_predictions.LayerNorm.{}", part.name()), Layout::Rows),
        Slot::Unembed(Part::Bias) => whole("generator_lm_head.bias", Layout::Rows),
        Slot::Unembed(Part::Weight) => whole("generator_lm_head.weight", Layout::Rows),
        _ => bert::stack(arch, slot),
    }
}

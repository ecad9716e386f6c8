//! NomicBERT (Nussbaum et al. 2024), as in Hugging Face: BERT with rotation in the place of learned positions, a gated MLP and no biases
//! in its blocks; under the names of the first files, in which queries, keys and values are one matrix, and of transformers 5.

use super::super::error::EngineError;
use super::llama::{self, Fields};
use super::rotary::Family;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Part, Slot, Source, bert, whole};
use crate::trace::Spec;
use crate::trace::spec::{Mask, NormPlacement, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let rotary = Family { theta: ("rope_theta", 1_000.0), ..Family::USUAL };
    let spec = llama::spec(config, Fields { eps: "layer_norm_eps", rotary, ..Fields::USUAL })?;
    let prefixes = ["nomic_bert.", "bert."].map(|prefix| super::prefix(prefix, &[EMBEDDING], has_tensor));
    let prefix = prefixes.into_iter().find(|prefix| !prefix.is_empty()).unwrap_or_default();
    let has_head = has_tensor("cls.predictions.transform.dense.weight");
    let tied = config.switch("tie_word_embeddings", true)?;
    let spec = Spec {
        norm_placement: NormPlacement::Post,
        mask: Mask::Bidirectional,
        embed_norm: true,
        n_token_types: config.size("type_vocab_size")?,
        unembed: if has_head { Unembed::MaskedWord { tied } } else { Unembed::None },
        ..spec
    };
    let is_first = has_tensor(&format!("{prefix}encoder.layers.0.attn.Wqkv.weight"));
    let biases = Biases { head_dense: true, unembed: true, ..Biases::OF_NORMS };
    let architecture = Architecture::new(spec, biases, if is_first { first_names } else { names }).with_prefix(prefix);
    let old_norm = "cls.predictions.transform.LayerNorm";
    let architecture = bert::with_own_bias(architecture, "cls.predictions.decoder.bias", has_tensor);
    Ok(match has_tensor(&format!("{old_norm}.weight")) {
        true => Slot::both(Slot::HeadNorm)
            .into_iter()
            .zip(["weight", "bias"])
            .fold(architecture, |arch, (slot, part)| arch.with_name(slot, format!("{old_norm}.{part}"))),
        false => architecture,
    })
}

const EMBEDDING: &str = "embeddings.word_embeddings.weight";

fn names(arch: &Architecture, slot: Slot) -> Option<Source> {
    let in_block = |layer: usize, name: &str, part: Part| arch.named(format!("layers.{layer}.{name}.{}", part.name()));
    match slot {
        Slot::Block(layer, BlockSlot::AttnNorm, part) => in_block(layer, "post_attention_layernorm", part),
        Slot::Block(layer, BlockSlot::MlpNorm, part) => in_block(layer, "post_mlp_layernorm", part),
        Slot::Block(..) => llama::source(arch, slot),
        _ => outside(arch, slot),
    }
}

fn first_names(arch: &Architecture, slot: Slot) -> Option<Source> {
    let (layer, slot, part) = match slot {
        Slot::Block(layer, slot, part) => (layer, slot, part),
        Slot::EmbedNorm(part) => return arch.named(format!("emb_ln.{}", part.name())),
        _ => return outside(arch, slot),
    };
    let (name, layout) = match slot {
        BlockSlot::Q | BlockSlot::K | BlockSlot::V => ("attn.Wqkv", arch.one_after_another(slot)),
        BlockSlot::O => ("attn.out_proj", Layout::Rows),
        BlockSlot::AttnNorm => ("norm1", Layout::Rows),
        BlockSlot::MlpGate => ("mlp.fc12", Layout::Rows),
        BlockSlot::MlpIn => ("mlp.fc11", Layout::Rows),
        BlockSlot::MlpOut => ("mlp.fc2", Layout::Rows),
        BlockSlot::MlpNorm => ("norm2", Layout::Rows),
        _ => return None,
    };
    arch.named_as(format!("encoder.layers.{layer}.{name}.{}", part.name()), layout)
}

/// Embeddings and the masked-word head.
fn outside(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::HeadNorm(part) => whole(format!("cls.predictions.transform.layer_norm.{}", part.name()), Layout::Rows),
        _ => bert::source(arch, slot),
    }
}

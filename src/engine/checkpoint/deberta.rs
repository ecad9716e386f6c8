//! DeBERTa v2 and v3 (He et al. 2021, 2023), as in Hugging Face: BERT with disentangled attention, and in v2 with a convolution beside
//! the first layer. v1 has other names and another convolution of its queries and is not read.

use super::super::error::EngineError;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Part, Slot, Source, bert, whole};
use crate::trace::Spec;
use crate::trace::spec::{Conv, Disentangled, Mask, Positions, Unembed};

/// The newer head for masked words.
const HEAD: &str = "lm_predictions.lm_head";
const DISTANCE_NORM: &str = "encoder.LayerNorm";

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let prefix = super::prefix("deberta.", &["embeddings.word_embeddings.weight"], has_tensor);
    let has_newer = has_tensor(&format!("{HEAD}.dense.weight"));
    let has_older = has_tensor("cls.predictions.transform.dense.weight");
    // transformers reads the one that `legacy` says and leaves the other out; a file with one alone is read with that.
    let is_legacy = config.switch("legacy", true)?;
    let is_newer = has_newer && !(has_older && is_legacy);
    let spec = spec(config, (is_newer, has_older))?;
    let is_normed =
        spec.disentangled.is_some() && words(config, "norm_rel_ebd")?.iter().any(|word| word == "layer_norm");
    let is_shared = config.switch("share_att_key", false)?;
    let own_names: &[_] = match is_shared {
        true => &[],
        false => {
            &[(BlockSlot::PosK, "attention.self.pos_key_proj"), (BlockSlot::PosQ, "attention.self.pos_query_proj")]
        }
    };
    let mut architecture = Architecture::new(spec, Biases::ALL, source).with_prefix(prefix).with_own_names(own_names);
    if is_normed {
        for part in [Part::Weight, Part::Bias] {
            let name = format!("{prefix}{DISTANCE_NORM}.{}", part.name());
            architecture = architecture.with_name(Slot::DistanceNorm(part), name);
        }
    }
    if is_newer {
        for part in [Part::Weight, Part::Bias] {
            let dense = format!("{HEAD}.dense.{}", part.name());
            let norm = format!("{HEAD}.LayerNorm.{}", part.name());
            architecture = architecture.with_name(Slot::HeadDense(part), dense).with_name(Slot::HeadNorm(part), norm);
        }
        let embed = format!("{prefix}embeddings.word_embeddings.weight");
        architecture.notes.push(
            "DeBERTa's own code reads the head for masked words behind an enhanced mask decoder, which is left out here as in \
             transformers: words are predicted as transformers predicts them."
                .to_owned(),
        );
        architecture = architecture.with_name(Slot::Unembed(Part::Weight), embed);
        return Ok(architecture.with_name(Slot::Unembed(Part::Bias), format!("{HEAD}.bias")));
    }
    Ok(bert::with_own_bias(architecture, "cls.predictions.decoder.bias", has_tensor))
}

/// The words of a field: a list, or a text with bars between them.
fn words(config: &Config, field: &str) -> Result<Vec<String>, EngineError> {
    match config.get(field).and_then(serde_json::Value::as_str) {
        Some(text) => Ok(text.split('|').map(|word| word.trim().to_lowercase()).collect()),
        None => Ok(config.words(field)?.unwrap_or_default()),
    }
}

/// A number that may be missing or below 1, for which it says nothing.
fn size_or_none(config: &Config, field: &str) -> Result<Option<usize>, EngineError> {
    let is_off = config.get(field).and_then(serde_json::Value::as_i64).is_some_and(|number| number < 1);
    if is_off { Ok(None) } else { config.size_if_any(field) }
}

fn spec(config: &Config, (is_newer, has_older): (bool, bool)) -> Result<Spec, EngineError> {
    let (d_model, n_heads) = config.width_and_heads("hidden_size", "num_attention_heads")?;
    let d_head = d_model / n_heads;
    config.must_be("attention_head_size", &d_head.into())?;
    config.must_be("embedding_size", &d_model.into())?;
    config.must_have_all_heads()?;
    let n_ctx = config.size("max_position_embeddings")?;
    let kinds = words(config, "pos_att_type")?;
    let has = |kind: &str| kinds.iter().any(|word| word == kind);
    let disentangled = Disentangled {
        n_buckets: size_or_none(config, "position_buckets")?.unwrap_or(0),
        max_distance: size_or_none(config, "max_relative_positions")?.unwrap_or(n_ctx),
        content_to_position: has("c2p"),
        position_to_content: has("p2c"),
    };
    // The scale counts the parts, whether or not positions are relative.
    let n_parts = 1 + usize::from(has("c2p")) + usize::from(has("p2c"));
    let is_relative = config.switch("relative_attention", false)? && n_parts > 1;
    let conv = match size_or_none(config, "conv_kernel_size")? {
        None => None,
        Some(kernel) => {
            config.must_be("conv_groups", &1.into())?;
            let is_named = config.get("conv_act").is_some();
            let activation =
                config.activation_named("conv_act", if is_named { config.string("conv_act")? } else { "tanh" })?;
            Some(Conv { kernel, activation })
        }
    };
    let tied = is_newer || config.switch("tie_word_embeddings", true)?;
    Ok(Spec {
        architecture: "deberta-v2".to_owned(),
        n_layers: config.n_layers("num_hidden_layers")?,
        n_heads,
        n_key_value_heads: n_heads,
        d_model,
        d_head,
        d_mlp: config.size("intermediate_size")?,
        d_vocab: config.size("vocab_size")?,
        n_ctx,
        norm_eps: config.positive("layer_norm_eps")?,
        positions: if config.switch("position_biased_input", true)? { Positions::Learned } else { Positions::None },
        embed_norm: true,
        n_token_types: size_or_none(config, "type_vocab_size")?.unwrap_or(0),
        mask: Mask::Bidirectional,
        attn_scale: 1.0 / ((d_head * n_parts) as f64).sqrt(),
        disentangled: is_relative.then_some(disentangled),
        conv,
        activation: config.activation("hidden_act")?,
        unembed: if is_newer || has_older { Unembed::MaskedWord { tied } } else { Unembed::None },
        ..Spec::default()
    })
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::DistanceEmbed => arch.named("encoder.rel_embeddings.weight"),
        Slot::Block(layer, slot, part) => {
            let name = match slot {
                BlockSlot::Q => "attention.self.query_proj",
                BlockSlot::K => "attention.self.key_proj",
                BlockSlot::V => "attention.self.value_proj",
                BlockSlot::PosK | BlockSlot::PosQ => arch.own_name(slot)?,
                BlockSlot::Conv => return arch.named(format!("encoder.conv.conv.{}", part.name())),
                BlockSlot::ConvNorm => return arch.named(format!("encoder.conv.LayerNorm.{}", part.name())),
                _ => return bert::stack(arch, Slot::Block(layer, slot, part)),
            };
            arch.named(format!("encoder.layer.{layer}.{name}.{}", part.name()))
        }
        Slot::DistanceNorm(_) => None,
        Slot::Unembed(Part::Weight) => whole("cls.predictions.decoder.weight", Layout::Rows),
        _ => bert::source(arch, slot),
    }
}

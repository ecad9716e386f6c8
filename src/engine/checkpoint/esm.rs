//! ESM-2 (Lin et al. 2023), which reads proteins, as in Hugging Face: BERT with norms before the sub-layers, rotation or learned
//! positions, and embeddings that grow with the share of masked tokens.

use super::super::error::EngineError;
use super::rotary::{self, Family};
use super::{Architecture, Biases, BlockSlot, Config, Layout, Part, Slot, Source, bert, whole};
use crate::trace::Spec;
use crate::trace::spec::{Activation, Mask, NormPlacement, Positions, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let (d_model, n_heads) = config.width_and_heads("hidden_size", "num_attention_heads")?;
    for off in ["is_folding_model", "is_decoder", "add_cross_attention"] {
        config.must_be_off(off)?;
    }
    let prefix = super::prefix("esm.", &["embeddings.word_embeddings.weight"], has_tensor);
    let (d_head, n_rows) = (d_model / n_heads, config.size("max_position_embeddings")?);
    let positions = match config.string("position_embedding_type")? {
        "absolute" => Positions::Learned,
        "rotary" => Positions::Rotary(rotary::read(config, d_head, n_rows, Family::USUAL)?.0),
        other => return Err(config.refuse("position_embedding_type", "absolute or rotary", other)),
    };
    let dropout = config.switch("token_dropout", false)?;
    let mask_id = config.ids("mask_token_id")?.first().copied();
    if dropout && mask_id.is_none() {
        return Err(config.refuse("mask_token_id", "a token id, since token_dropout is on", "nothing"));
    }
    let tied = config.switch("tie_word_embeddings", true)?;
    let has_head = has_tensor("lm_head.dense.weight");
    let mut spec = Spec {
        architecture: "esm".to_owned(),
        n_layers: config.n_layers("num_hidden_layers")?,
        n_heads,
        n_key_value_heads: n_heads,
        d_model,
        d_head,
        d_mlp: config.size("intermediate_size")?,
        d_vocab: config.size("vocab_size")?,
        n_ctx: n_rows,
        norm_eps: config.positive("layer_norm_eps")?,
        norm_placement: NormPlacement::Pre,
        positions,
        embed_norm: config.switch("emb_layer_norm_before", false)?,
        token_dropout: mask_id.filter(|_| dropout),
        mask: Mask::Bidirectional,
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        activation: Activation::Gelu,
        unembed: if has_head { Unembed::MaskedWord { tied } } else { Unembed::None },
        ..Spec::default()
    };
    if spec.positions == Positions::Learned {
        let pad_id = config.ids("pad_token_id")?.first().copied();
        let missing = || config.refuse("pad_token_id", "a token id, after which positions count", "nothing");
        spec = super::roberta::after_padding(config, spec, pad_id.ok_or_else(missing)?)?;
    }
    Ok(Architecture::new(spec, Biases::ALL, source).with_prefix(prefix))
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::EmbedNorm(part) => arch.named(format!("embeddings.layer_norm.{}", part.name())),
        Slot::Block(layer, BlockSlot::AttnNorm, part) => {
            arch.named(format!("encoder.layer.{layer}.attention.LayerNorm.{}", part.name()))
        }
        Slot::Block(layer, BlockSlot::MlpNorm, part) => {
            arch.named(format!("encoder.layer.{layer}.LayerNorm.{}", part.name()))
        }
        Slot::FinalNorm(part) => arch.named(format!("encoder.emb_layer_norm_after.{}", part.name())),
        Slot::HeadDense(part) => whole(format!("lm_head.dense.{}", part.name()), Layout::Rows),
        Slot::HeadNorm(part) => whole(format!("lm_head.layer_norm.{}", part.name()), Layout::Rows),
        Slot::Unembed(Part::Weight) => whole("lm_head.decoder.weight", Layout::Rows),
        Slot::Unembed(Part::Bias) => whole("lm_head.bias", Layout::Rows),
        _ => bert::stack(arch, slot),
    }
}

//! GPT-2 (Radford et al. 2019): GPT2Model and GPT2LMHeadModel, as in Hugging Face. Its matrices are stored [in, out].

use super::super::error::EngineError;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Part, Slot, Source};
use crate::trace::Spec;
use crate::trace::spec::{Mask, MlpKind, NormKind, NormPlacement, Positions, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let (d_model, n_heads) = config.width_and_heads("n_embd", "n_head")?;
    config.must_be_off("add_cross_attention")?;
    config.must_have_all_heads()?;
    let prefix = if has_tensor("transformer.wte.weight") { "transformer." } else { "" };
    let tied = config.switch("tie_word_embeddings", true)?;
    let d_head = d_model / n_heads;
    let scaled = config.switch("scale_attn_weights", true)?;
    let spec = Spec {
        architecture: "gpt2".to_owned(),
        n_layers: config.size("n_layer")?,
        n_heads,
        n_key_value_heads: n_heads,
        d_model,
        d_head,
        d_mlp: config.size_if_any("n_inner")?.unwrap_or(4 * d_model),
        d_vocab: config.size("vocab_size")?,
        n_ctx: config.size("n_positions")?,
        norm: NormKind::LayerNorm,
        norm_eps: config.positive("layer_norm_epsilon")?,
        norm_placement: NormPlacement::Pre,
        positions: Positions::Learned,
        n_token_types: 0,
        mask: Mask::Causal,
        attn_scale: if scaled { 1.0 / (d_head as f64).sqrt() } else { 1.0 },
        attn_scale_by_inverse_layer: config.switch("scale_attn_by_inverse_layer_idx", false)?,
        mlp: MlpKind::Plain,
        activation: config.activation("activation_function")?,
        unembed: Unembed::Linear { tied },
    };
    Ok(Architecture { spec, source, prefix: prefix.to_owned(), biases: Biases { attn: true, mlp: true } })
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Embed => arch.named("wte.weight"),
        Slot::PosEmbed => arch.named("wpe.weight"),
        Slot::Block(layer, slot, part) => {
            let whole = Layout::Transposed { index: 0, of: 1 };
            let third = |index| Layout::Transposed { index, of: 3 };
            let (name, layout) = match slot {
                BlockSlot::AttnNorm => ("ln_1", Layout::Rows),
                BlockSlot::Q => ("attn.c_attn", third(0)),
                BlockSlot::K => ("attn.c_attn", third(1)),
                BlockSlot::V => ("attn.c_attn", third(2)),
                BlockSlot::O => ("attn.c_proj", whole),
                BlockSlot::MlpNorm => ("ln_2", Layout::Rows),
                BlockSlot::MlpIn => ("mlp.c_fc", whole),
                BlockSlot::MlpOut => ("mlp.c_proj", whole),
                BlockSlot::MlpGate => return None,
            };
            arch.named_as(format!("h.{layer}.{name}.{}", part.name()), layout)
        }
        Slot::FinalNorm(part) => arch.named(format!("ln_f.{}", part.name())),
        Slot::Unembed(Part::Weight) if arch.spec.unembed == (Unembed::Linear { tied: false }) => {
            Some(Source { tensor: "lm_head.weight".to_owned(), layout: Layout::Rows })
        }
        _ => None,
    }
}

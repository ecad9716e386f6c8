//! MPT (MosaicML 2023), as in Hugging Face: ALiBi, norms without biases, queries, keys and values in one matrix.

use super::super::error::EngineError;
use super::llama_kin::clip;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Slot, Source, whole};
use crate::trace::Spec;
use crate::trace::spec::{Activation, Mask, NormPlacement, Positions, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let (d_model, n_heads) = config.width_and_heads("d_model", "n_heads")?;
    let prefix = super::prefix("transformer.", &["wte.weight", "norm_f.weight"], has_tensor);
    let d_head = d_model / n_heads;
    let mut attn_scale = 1.0 / (d_head as f64).sqrt();
    let mut clip_qkv = None;
    if let Some(attn) = config.object("attn_config")? {
        // transformers passes over all of these and computes as with these values.
        attn.must_be("attn_type", &"multihead_attention".into())?;
        attn.must_be("alibi", &true.into())?;
        attn.must_be("alibi_bias_max", &8.into())?;
        attn.must_be_off("prefix_lm")?;
        attn.must_be_off("qk_ln")?;
        attn_scale = attn.positive_if_any("softmax_scale")?.unwrap_or(attn_scale);
        clip_qkv = clip(&attn, "clip_qkv")?;
    }
    let spec = Spec {
        architecture: "mpt".to_owned(),
        n_layers: config.n_layers("n_layers")?,
        n_heads,
        n_key_value_heads: n_heads,
        d_model,
        d_head,
        d_mlp: 4 * d_model,
        d_vocab: config.size("vocab_size")?,
        n_ctx: config.size("max_seq_len")?,
        norm_eps: config.positive("layer_norm_epsilon")?,
        norm_placement: NormPlacement::Pre,
        positions: Positions::Alibi,
        mask: Mask::Causal,
        attn_scale,
        clip_qkv,
        activation: Activation::Gelu,
        unembed: Unembed::Linear { tied: config.switch("tie_word_embeddings", true)? },
        ..Spec::default()
    };
    Ok(Architecture::new(spec, Biases::NONE, source).with_prefix(prefix))
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Embed => arch.named("wte.weight"),
        Slot::Block(layer, slot, part) => {
            let (name, layout) = match slot {
                BlockSlot::AttnNorm => ("norm_1", Layout::Rows),
                BlockSlot::Q | BlockSlot::K | BlockSlot::V => ("attn.Wqkv", arch.one_after_another(slot)),
                BlockSlot::O => ("attn.out_proj", Layout::Rows),
                BlockSlot::MlpNorm => ("norm_2", Layout::Rows),
                BlockSlot::MlpIn => ("ffn.up_proj", Layout::Rows),
                BlockSlot::MlpOut => ("ffn.down_proj", Layout::Rows),
                _ => return None,
            };
            arch.named_as(format!("blocks.{layer}.{name}.{}", part.name()), layout)
        }
        Slot::FinalNorm(part) => arch.named(format!("norm_f.{}", part.name())),
        Slot::Unembed(_) => whole("lm_head.weight", Layout::Rows),
        _ => None,
    }
}

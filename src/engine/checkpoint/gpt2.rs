//! GPT-2 (Radford et al. 2019), whose matrices are stored [in, out], and GPT-BigCode (Ben Allal et al. 2023: SantaCoder, StarCoder),
//! whose queries share one key head, as in Hugging Face.

use super::super::error::EngineError;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Slot, Source, whole};
use crate::trace::Spec;
use crate::trace::spec::{Mask, NormPlacement, Positions, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let (d_model, n_heads) = config.width_and_heads("n_embd", "n_head")?;
    config.must_be_off("add_cross_attention")?;
    let is_bigcode = config.string("model_type")? == "gpt_bigcode";
    if !is_bigcode {
        config.must_have_all_heads()?;
    }
    let shares_keys = is_bigcode && config.switch("multi_query", true)?;
    let prefix = super::prefix("transformer.", &["wte.weight", "ln_f.weight"], has_tensor);
    let d_head = d_model / n_heads;
    let scaled = config.switch("scale_attn_weights", true)?;
    let spec = Spec {
        architecture: config.string("model_type")?.to_owned(),
        n_layers: config.n_layers("n_layer")?,
        n_heads,
        n_key_value_heads: if shares_keys { 1 } else { n_heads },
        d_model,
        d_head,
        d_mlp: config.size_or("n_inner", 4 * d_model)?,
        d_vocab: config.size("vocab_size")?,
        n_ctx: config.size("n_positions")?,
        norm_eps: config.positive("layer_norm_epsilon")?,
        norm_placement: NormPlacement::Pre,
        positions: Positions::Learned,
        mask: Mask::Causal,
        attn_scale: if scaled { 1.0 / (d_head as f64).sqrt() } else { 1.0 },
        attn_scale_by_inverse_layer: !is_bigcode && config.switch("scale_attn_by_inverse_layer_idx", false)?,
        activation: config.activation("activation_function")?,
        unembed: Unembed::Linear { tied: config.switch("tie_word_embeddings", true)? },
        ..Spec::default()
    };
    Ok(Architecture::new(spec, Biases::LAYERS, source).with_prefix(prefix))
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Embed => arch.named("wte.weight"),
        Slot::PosEmbed => arch.named("wpe.weight"),
        Slot::Block(layer, slot, part) => {
            let is_bigcode = arch.spec.architecture == "gpt_bigcode";
            let matrix = if is_bigcode { Layout::Rows } else { Layout::Transposed { index: 0, n_parts: 1 } };
            // Gap: c_attn is read three times, once for each of q, k and v.
            let third = |index| Layout::Transposed { index, n_parts: 3 };
            let (name, layout) = match slot {
                BlockSlot::AttnNorm => ("ln_1", Layout::Rows),
                BlockSlot::Q | BlockSlot::K | BlockSlot::V if is_bigcode => ("attn.c_attn", arch.by_key_head(slot)),
                BlockSlot::Q => ("attn.c_attn", third(0)),
                BlockSlot::K => ("attn.c_attn", third(1)),
                BlockSlot::V => ("attn.c_attn", third(2)),
                BlockSlot::O => ("attn.c_proj", matrix),
                BlockSlot::MlpNorm => ("ln_2", Layout::Rows),
                BlockSlot::MlpIn => ("mlp.c_fc", matrix),
                BlockSlot::MlpOut => ("mlp.c_proj", matrix),
                _ => return None,
            };
            arch.named_as(format!("h.{layer}.{name}.{}", part.name()), layout)
        }
        Slot::FinalNorm(part) => arch.named(format!("ln_f.{}", part.name())),
        Slot::Unembed(_) => whole("lm_head.weight", Layout::Rows),
        _ => None,
    }
}

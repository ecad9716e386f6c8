//! OPT (Zhang et al. 2022): OPTForCausalLM, as in Hugging Face; also the 350M model, which is post-norm and has narrow
//! embeddings.

use super::super::error::EngineError;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Part, Slot, Source, whole};
use crate::trace::Spec;
use crate::trace::spec::{Mask, NormPlacement, Positions, Unembed};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let (d_model, n_heads) = config.width_and_heads("hidden_size", "num_attention_heads")?;
    config.must_be_off("_remove_final_layer_norm")?;
    config.must_be("layer_norm_elementwise_affine", &true.into())?;
    let inner = ["embed_tokens.weight", "embed_positions.weight"];
    let prefixes = ["model.decoder.", "decoder."].map(|prefix| super::prefix(prefix, &inner, has_tensor));
    let prefix = prefixes.into_iter().find(|prefix| !prefix.is_empty());
    let bias = config.switch("enable_bias", true)?;
    let before = config.switch("do_layer_norm_before", true)?;
    let d_embed = config.size_or("word_embed_proj_dim", d_model)?;
    let d_head = d_model / n_heads;
    let spec = Spec {
        architecture: "opt".to_owned(),
        n_layers: config.n_layers("num_hidden_layers")?,
        n_heads,
        n_key_value_heads: n_heads,
        d_model,
        d_head,
        d_mlp: config.size("ffn_dim")?,
        d_vocab: config.size("vocab_size")?,
        n_ctx: config.size("max_position_embeddings")?,
        norm_placement: if before { NormPlacement::Pre } else { NormPlacement::Post },
        positions: Positions::Learned,
        pos_offset: 2,
        d_embed: (d_embed != d_model).then_some(d_embed),
        mask: Mask::Causal,
        attn_scale: 1.0 / (d_head as f64).sqrt(),
        activation: config.activation("activation_function")?,
        unembed: Unembed::Linear { tied: config.switch("tie_word_embeddings", true)? },
        ..Spec::default()
    };
    let biases = Biases { qkv: bias, o: bias, mlp: bias, ..Biases::LAYERS };
    Ok(Architecture::new(spec, biases, source).with_prefix(prefix.unwrap_or_default()))
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Embed => arch.named("embed_tokens.weight"),
        Slot::PosEmbed => arch.named("embed_positions.weight"),
        Slot::EmbedProject(Part::Weight) => arch.named("project_in.weight"),
        Slot::UnembedProject => arch.named("project_out.weight"),
        Slot::Block(layer, slot, part) => {
            let name = match slot {
                BlockSlot::AttnNorm => "self_attn_layer_norm",
                BlockSlot::Q => "self_attn.q_proj",
                BlockSlot::K => "self_attn.k_proj",
                BlockSlot::V => "self_attn.v_proj",
                BlockSlot::O => "self_attn.out_proj",
                BlockSlot::MlpNorm => "final_layer_norm",
                BlockSlot::MlpIn => "fc1",
                BlockSlot::MlpOut => "fc2",
                _ => return None,
            };
            arch.named(format!("layers.{layer}.{name}.{}", part.name()))
        }
        Slot::FinalNorm(part) => arch.named(format!("final_layer_norm.{}", part.name())),
        Slot::Unembed(_) => whole("lm_head.weight", Layout::Rows),
        _ => None,
    }
}

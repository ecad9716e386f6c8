//! Gemma 2 (Riviere et al. 2024) and the text part of Gemma 3 (Kamath et al. 2025), as in Hugging Face: Llama's form with
//! norms on both sides of each sub-layer, alternating local and global layers, and scaled embeddings.

use super::super::error::EngineError;
use super::llama;
use super::rotary::{self, Family};
use super::{Architecture, Biases, BlockSlot, Config, Slot, Source};
use crate::trace::Spec;
use crate::trace::spec::{Mask, NormPlacement, Positions, QkNorm};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let is_third = config.string("model_type")? == "gemma3_text";
    // Gemma 2 knows the switch and masks later keys all the same, or not, by the way in which attention is computed.
    let is_bidirectional = is_third && config.switch("use_bidirectional_attention", false)?;
    if !is_third {
        config.must_be_off("use_bidirectional_attention")?;
    }
    let has_old_name = !config.mentions("hidden_activation") && config.mentions("hidden_act");
    let activation = if has_old_name { "hidden_act" } else { "hidden_activation" };
    // Gemma 3's parameters are nested by type of layer: what it does flat is only a start.
    let flat = if is_third { config.without(&["rope_parameters", "rope_scaling"]) } else { config.clone() };
    let base = llama::spec(&flat, activation, Family::USUAL)?;
    let sizes = (base.d_head, config.size("max_position_embeddings")?);
    // Gemma 3's class knows the cap of its scores and does not apply it.
    let attn_softcap = config.positive_if_any("attn_logit_softcapping")?.filter(|_| !is_third);
    let logit_softcap = config.positive_if_any("final_logit_softcapping")?;
    let interval = match is_third {
        true => config.size_or("sliding_window_pattern", 6)?,
        false => 2,
    };
    // Where both sides are seen, they share the window.
    let reach = |window: usize| if is_bidirectional { window / 2 } else { window - 1 };
    let reach = config.size_if_any("sliding_window")?.map(reach);
    let is_local = |layer: usize| !(layer + 1).is_multiple_of(interval);
    let mut local = config.local_layers(base.n_layers, reach, "sliding_window", is_local)?;
    let mut positions = base.positions.clone();
    if is_third {
        let of_type =
            |name, field, theta| rotary::read_of_type(config, name, (field, theta), sizes, &["full_attention"]);
        positions = Positions::Rotary(of_type("full_attention", "rope_theta", 1_000_000.0)?);
        let near = of_type("sliding_attention", "rope_local_base_freq", 10_000.0)?;
        if let Some(local) = &mut local {
            local.rotary = Some(near);
        }
    }
    let spec = Spec {
        norm_placement: NormPlacement::PreAndOutput,
        norm_adds_one: true,
        mask: if is_bidirectional { Mask::Bidirectional } else { Mask::Causal },
        embed_scale: Some((base.d_model as f64).sqrt()),
        attn_scale: config.positive("query_pre_attn_scalar")?.powf(-0.5),
        positions,
        local,
        attn_softcap,
        logit_softcap,
        qk_norm: is_third.then_some(QkNorm::PerHead),
        ..base
    };
    let attn = config.switch("attention_bias", false)?;
    let biases = Biases { qkv: attn, o: attn, ..Biases::NONE };
    Ok(Architecture::new(spec, biases, source).with_prefix(llama::prefix(has_tensor)))
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    let norm = |layer: usize, name: &str| arch.named(format!("layers.{layer}.{name}_layernorm.weight"));
    match slot {
        Slot::Block(layer, BlockSlot::AttnOutNorm, _) => norm(layer, "post_attention"),
        Slot::Block(layer, BlockSlot::MlpNorm, _) => norm(layer, "pre_feedforward"),
        Slot::Block(layer, BlockSlot::MlpOutNorm, _) => norm(layer, "post_feedforward"),
        _ => llama::source(arch, slot),
    }
}

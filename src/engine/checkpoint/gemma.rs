//! Gemma (Mesnard et al. 2024), Gemma 2 (Riviere et al. 2024) and the text part of Gemma 3 (Kamath et al. 2025), as in Hugging Face:
//! Llama's form with scaled embeddings; from Gemma 2 on with norms on both sides of each sub-layer, and local layers between global ones.

use super::super::error::EngineError;
use super::llama::{self, Fields};
use super::rotary;
use super::{Architecture, Biases, BlockSlot, Config, OwnNames};
use crate::trace::Spec;
use crate::trace::spec::{Activation, Mask, NormPlacement, Positions, QkNorm};

const FOUR_NORMS: OwnNames = &[
    (BlockSlot::AttnOutNorm, "post_attention_layernorm"),
    (BlockSlot::MlpNorm, "pre_feedforward_layernorm"),
    (BlockSlot::MlpOutNorm, "post_feedforward_layernorm"),
];

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let name = config.string("model_type")?;
    let (is_first, is_third) = (name == "gemma", name == "gemma3_text");
    // Gemma 1 and 2 know the switch and mask later keys all the same, or not, by the way in which attention is computed.
    let is_bidirectional = is_third && config.switch("use_bidirectional_attention", false)?;
    if !is_third {
        config.must_be_off("use_bidirectional_attention")?;
    }
    let has_old_name = is_first || !config.mentions("hidden_activation") && config.mentions("hidden_act");
    let activation = if has_old_name { "hidden_act" } else { "hidden_activation" };
    // Gemma 3's parameters are nested by type of layer: what it does flat is only a start.
    let flat = if is_third { config.without(&["rope_parameters", "rope_scaling"]) } else { config.clone() };
    let base = llama::spec(&flat, Fields { activation, ..Fields::USUAL })?;
    let base = Spec { norm_adds_one: true, embed_scale: Some((base.d_model as f64).sqrt()), ..base };
    let attn = config.switch("attention_bias", false)?;
    let biases = Biases { qkv: attn, o: attn, ..Biases::NONE };
    if is_first {
        // The first files say "gelu" and mean the approximation.
        let activation = if base.activation == Activation::Gelu { Activation::GeluTanh } else { base.activation };
        let spec = Spec { activation, ..base };
        return Ok(Architecture::new(spec, biases, llama::source).with_prefix(llama::prefix(has_tensor)));
    }
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
        mask: if is_bidirectional { Mask::Bidirectional } else { Mask::Causal },
        attn_scale: config.positive("query_pre_attn_scalar")?.powf(-0.5),
        positions,
        local,
        attn_softcap,
        logit_softcap,
        qk_norm: is_third.then_some(QkNorm::PerHead),
        ..base
    };
    let architecture = Architecture::new(spec, biases, llama::source).with_own_names(FOUR_NORMS);
    Ok(architecture.with_prefix(llama::prefix(has_tensor)))
}

//! Families of Llama's form that differ in a few options, as in Hugging Face: OLMo 1 to 3 (Groeneveld et al. 2024, Walsh et al. 2025),
//! Granite, Command R and R7B (Cohere), GLM-4, EXAONE 4, StableLM, StarCoder 2 (Lozhkov et al. 2024), Phi-1, 1.5 and 2 (Gunasekar
//! et al. 2023), and EuroBERT (Boizard et al. 2025), which reads both ways.

use super::super::error::EngineError;
use super::llama::{self, Fields};
use super::rotary::{self, Family};
use super::{Architecture, Biases, BlockSlot, Config, OwnNames, Slot, Source, SourceOf, phi3};
use crate::trace::Spec;
use crate::trace::spec::{BlockKind, Local, Mask, MlpKind, NormPlacement, Pairing, Positions, QkNorm};

const OUTPUT_NORMS: OwnNames =
    &[(BlockSlot::AttnOutNorm, "post_attention_layernorm"), (BlockSlot::MlpOutNorm, "post_feedforward_layernorm")];
const GLM4: OwnNames =
    &[(BlockSlot::AttnOutNorm, "post_self_attn_layernorm"), (BlockSlot::MlpOutNorm, "post_mlp_layernorm")];
const STARCODER2: OwnNames = &[(BlockSlot::MlpIn, "mlp.c_fc"), (BlockSlot::MlpOut, "mlp.c_proj")];
const PHI: OwnNames = &[
    (BlockSlot::QNorm, "self_attn.q_layernorm"),
    (BlockSlot::KNorm, "self_attn.k_layernorm"),
    (BlockSlot::O, "self_attn.dense"),
    (BlockSlot::MlpIn, "mlp.fc1"),
    (BlockSlot::MlpOut, "mlp.fc2"),
];

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    let name = config.string("model_type")?;
    let (theta, share) = match name {
        "cohere" => (500_000.0, None),
        "glm" | "glm4" | "phi" => (10_000.0, Some(0.5)),
        "stablelm" => (10_000.0, Some(0.25)),
        _ => (10_000.0, None),
    };
    let eps = match name {
        "cohere" | "cohere2" | "phi" | "stablelm" => "layer_norm_eps",
        "olmo" => "",
        "starcoder2" => "norm_epsilon",
        _ => Fields::USUAL.eps,
    };
    let share = share.map(|share| ("partial_rotary_factor", share));
    let rotary = Family { theta: ("rope_theta", theta), share };
    // OLMo 3's parameters are nested by type of layer.
    let flat = if name == "olmo3" { config.without(&["rope_parameters", "rope_scaling"]) } else { config.clone() };
    let spec = llama::spec(&flat, Fields { eps, rotary, ..Fields::USUAL })?;
    if ["cohere2", "stablelm"].contains(&name) && spec.n_heads * spec.d_head != spec.d_model {
        let expected = "the share of hidden_size that each head has (nothing else is supported)";
        return Err(config.refuse("head_dim", expected, &spec.d_head.to_string()));
    }
    // Where a class has no such switch, none of its files has these biases.
    let attn = config.switch("attention_bias", false)?;
    let (qkv_alone, both) = (Biases { qkv: attn, ..Biases::NONE }, Biases { qkv: attn, o: attn, ..Biases::NONE });
    let parallel = Spec { block: BlockKind::ParallelOneNorm, ..spec.clone() };
    let output = |spec: Spec| Spec { norm_placement: NormPlacement::Output, ..spec };
    let (spec, biases, source, own_names): (Spec, Biases, SourceOf, OwnNames) = match name {
        "olmo" => (Spec { clip_qkv: clip(config, "clip_qkv")?, ..spec }, both, llama::source, &[]),
        "olmo2" => (Spec { qk_norm: Some(QkNorm::AllHeads), ..output(spec) }, both, llama::source, OUTPUT_NORMS),
        "olmo3" => {
            let spec = olmo3(config, Spec { qk_norm: Some(QkNorm::AllHeads), ..output(spec) })?;
            (spec, both, llama::source, OUTPUT_NORMS)
        }
        "granite" => {
            let mlp = config.switch("mlp_bias", false)?;
            (granite(config, spec)?, Biases { mlp, ..both }, llama::source, &[])
        }
        "cohere" => {
            let qk_norm = config.switch("use_qk_norm", false)?.then_some(QkNorm::EachHead);
            let logit_scale = config.positive_if_any("logit_scale")?;
            (adjacent(Spec { qk_norm, logit_scale, ..parallel }), both, norms_of_heads_in_one, &[])
        }
        "cohere2" => (cohere2(config, adjacent(parallel))?, both, llama::source, &[]),
        "glm" => (adjacent(spec), qkv_alone, phi3::gate_and_up, &[]),
        "glm4" => {
            let spec = Spec { norm_placement: NormPlacement::PreAndOutput, ..adjacent(spec) };
            (spec, qkv_alone, phi3::gate_and_up, GLM4)
        }
        "eurobert" => {
            let mlp = config.switch("mlp_bias", false)?;
            let spec = Spec { mask: Mask::Bidirectional, ..spec };
            (spec, Biases { mlp, unembed: mlp, ..both }, llama::source, &[])
        }
        "exaone4" => {
            let spec = exaone4(config, Spec { qk_norm: Some(QkNorm::PerHead), ..output(spec) })?;
            (spec, Biases::NONE, llama::source, OUTPUT_NORMS)
        }
        "stablelm" => {
            let qk_norm = config.switch("qk_layernorm", false)?.then_some(QkNorm::EachHead);
            let spec = if config.switch("use_parallel_residual", false)? { parallel } else { spec };
            let biases = Biases { qkv: config.switch("use_qkv_bias", false)?, ..Biases::OF_NORMS };
            (Spec { qk_norm, ..spec }, biases, norms_of_heads_apart, &[])
        }
        "starcoder2" => {
            let on = config.switch("use_bias", true)?;
            let all = (0..spec.n_layers).collect();
            let local = |window: usize| Local { layers: all, reach: window - 1, rotary: None };
            let local = config.size_if_any("sliding_window")?.map(local);
            let biases = Biases { qkv: on, o: on, mlp: on, ..Biases::OF_NORMS };
            (Spec { local, mlp: MlpKind::Plain, ..spec }, biases, llama::source, STARCODER2)
        }
        _ => {
            let has_norms = config.switch("qk_layernorm", false)?;
            let qk_norm = has_norms.then_some(QkNorm::PerHead);
            let biases = Biases { qk_norm: has_norms, ..Biases::ALL };
            (Spec { qk_norm, mlp: MlpKind::Plain, ..parallel }, biases, phi, PHI)
        }
    };
    let architecture = Architecture::new(spec, biases, source).with_own_names(own_names);
    let mut architecture = architecture.with_prefix(llama::prefix(has_tensor));
    architecture.has_unweighted_norms = name == "olmo";
    Ok(architecture)
}

/// The size at which queries, keys and values are cut off, where there is one.
pub(super) fn clip(config: &Config, field: &str) -> Result<Option<f64>, EngineError> {
    if config.get(field).and_then(serde_json::Value::as_f64) == Some(0.0) {
        return Err(config.refuse(field, "a positive number, or null", "0"));
    }
    config.positive_if_any(field)
}

/// Neighbouring neurons turn together.
fn adjacent(mut spec: Spec) -> Spec {
    if let Positions::Rotary(rotary) = &mut spec.positions {
        rotary.pairing = Pairing::Adjacent;
    }
    spec
}

/// Three of four layers are local; only the global ones have a scaled rotation.
fn olmo3(config: &Config, spec: Spec) -> Result<Spec, EngineError> {
    let sizes = (spec.d_head, config.size("max_position_embeddings")?);
    let reach = config.window_if("sliding_window", true)?;
    let mut local =
        config.local_layers(spec.n_layers, reach, "sliding_window", |layer| !(layer + 1).is_multiple_of(4))?;
    let of_type = |config: &Config, kind| {
        rotary::read_of_type(config, kind, ("rope_theta", 500_000.0), sizes, &["full_attention"])
    };
    let far = of_type(config, "full_attention")?;
    if let Some(local) = &mut local {
        // A base beside the nested parameters counts for the global layers alone, as in transformers.
        local.rotary = Some(of_type(&config.without(&["rope_theta"]), "sliding_attention")?);
    }
    Ok(Spec { positions: Positions::Rotary(far), local, ..spec })
}

fn granite(config: &Config, spec: Spec) -> Result<Spec, EngineError> {
    let factor = |field: &str| Ok::<_, EngineError>(Some(config.positive(field)?).filter(|factor| *factor != 1.0));
    Ok(Spec {
        embed_scale: factor("embedding_multiplier")?,
        attn_scale: config.positive("attention_multiplier")?,
        resid_scale: factor("residual_multiplier")?,
        logit_scale: factor("logits_scaling")?.map(|divisor| 1.0 / divisor),
        ..spec
    })
}

/// Three of four layers are local, and only these rotate.
fn cohere2(config: &Config, spec: Spec) -> Result<Spec, EngineError> {
    let interval = config.size_or("sliding_window_pattern", 4)?;
    let reach = config.window_if("sliding_window", true)?;
    let is_local = |layer: usize| !(layer + 1).is_multiple_of(interval);
    let local = config.local_layers(spec.n_layers, reach, "sliding_window", is_local)?;
    let logit_scale = Some(config.positive("logit_scale")?);
    Ok(Spec { unrotated_layers: global_layers(&local, spec.n_layers), local, logit_scale, ..spec })
}

/// Local layers between global ones, which do not rotate where there is a window.
fn exaone4(config: &Config, spec: Spec) -> Result<Spec, EngineError> {
    let reach = config.window_if("sliding_window", true)?;
    // Where every layer is named, a pattern says nothing, be it in letters.
    config.get("sliding_window_pattern");
    let is_asked = reach.is_some() && config.get("layer_types").is_none();
    let interval = if is_asked { config.size("sliding_window_pattern")? } else { 1 };
    let is_local = |layer: usize| reach.is_some() && !(layer + 1).is_multiple_of(interval);
    let local = config.local_layers(spec.n_layers, reach, "sliding_window", is_local)?;
    let unrotated_layers = if reach.is_some() { global_layers(&local, spec.n_layers) } else { Vec::new() };
    Ok(Spec { unrotated_layers, local, ..spec })
}

fn global_layers(local: &Option<Local>, n_layers: usize) -> Vec<usize> {
    (0..n_layers).filter(|layer| local.as_ref().is_none_or(|local| !local.layers.contains(layer))).collect()
}

/// Phi's tensors: the final norm has a name of its own.
fn phi(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::FinalNorm(part) => arch.named(format!("final_layernorm.{}", part.name())),
        _ => llama::source(arch, slot),
    }
}

/// Norms of queries and keys of all heads in one tensor, [head, d_head].
fn norms_of_heads_in_one(arch: &Architecture, slot: Slot) -> Option<Source> {
    llama::source(arch, slot).map(|source| Architecture::with_norms_of_heads(source, slot))
}

/// Norms of queries and keys with a tensor for each head.
fn norms_of_heads_apart(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Block(_, BlockSlot::QNorm | BlockSlot::KNorm, _) => None,
        Slot::NormOfHead(layer, slot, head) => {
            let which = if slot == BlockSlot::QNorm { "q" } else { "k" };
            arch.named(format!("layers.{layer}.self_attn.{which}_layernorm.norms.{head}.weight"))
        }
        _ => llama::source(arch, slot),
    }
}

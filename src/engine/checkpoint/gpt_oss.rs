//! gpt-oss (OpenAI 2025), as in Hugging Face: experts whose gates are cut off, and heads that leave weight to a sink.

use serde_json::json;

use super::super::error::EngineError;
use super::experts::{experts, n_experts};
use super::llama::{self, Fields};
use super::rotary::Family;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Part, Slot, Source};
use crate::trace::Spec;
use crate::trace::spec::{Activation, Experts};

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    // What the class takes where a file says nothing of the rotation.
    let usual = json!({"rope_parameters": {"rope_type": "yarn", "factor": 32.0, "truncate": false,
        "original_max_position_embeddings": 4096}});
    let says_nothing = ["rope_parameters", "rope_scaling"].iter().all(|field| config.get(field).is_none());
    let config = match says_nothing {
        true => &config.with_fields_of(&Config::parse(config.file(), usual.to_string().as_bytes())?),
        false => config,
    };
    let rotary = Family { theta: ("rope_theta", 150_000.0), ..Family::USUAL };
    let spec = llama::spec(config, Fields { rotary, ..Fields::USUAL })?;
    config.must_be("hidden_act", &"silu".into())?;
    config.must_be("swiglu_alpha", &json!(1.702))?;
    let reach = config.window_if("sliding_window", true)?;
    let is_local = |layer: usize| reach.is_some() && layer.is_multiple_of(2);
    let local = config.local_layers(spec.n_layers, reach, "sliding_window", is_local)?;
    let limit = Some(config.positive("swiglu_limit")?);
    let experts = Some(Experts { sums_to_one: true, limit, ..experts(config, &spec)? });
    let attn = config.switch("attention_bias", true)?;
    let biases = Biases { qkv: attn, o: attn, experts: true, ..Biases::NONE };
    // x σ(1.702 x), which is what the gate's name for it does.
    let spec = Spec { activation: Activation::QuickGelu, sinks: true, local, experts, ..spec };
    Ok(Architecture::new(spec, biases, source).with_prefix(llama::prefix(has_tensor)))
}

/// All experts of a layer in one tensor, transposed, with each gate before what it multiplies.
fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Block(layer, BlockSlot::Sinks, _) => arch.named(format!("layers.{layer}.self_attn.sinks")),
        Slot::Block(layer, BlockSlot::Router, part) => arch.named(format!("layers.{layer}.mlp.router.{}", part.name())),
        Slot::Expert(layer, expert, slot, part) => {
            let (name, n_parts) = if slot == BlockSlot::MlpOut { ("down_proj", 1) } else { ("gate_up_proj", 2) };
            let index = usize::from(slot == BlockSlot::MlpIn);
            let layout = Layout::OfExpert { expert, n_experts: n_experts(arch), index, n_parts };
            let bias = if part == Part::Bias { "_bias" } else { "" };
            arch.named_as(format!("layers.{layer}.mlp.experts.{name}{bias}"), layout)
        }
        _ => llama::source(arch, slot),
    }
}

//! Phi-3 (Abdin et al. 2024), also Phi-4 and others of this form: Llama's form with queries, keys and values in one matrix,
//! gate and up in another.

use super::super::error::EngineError;
use super::llama::{self, Fields};
use super::rotary::Family;
use super::{Architecture, Biases, BlockSlot, Config, Part, Slot, Source};
use crate::trace::spec::Local;

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    // Only a scaled rotation uses it: Phi-4 names it without one.
    config.size_if_any("original_max_position_embeddings")?;
    let rotary = Family { share: Some(("partial_rotary_factor", 1.0)), ..Family::USUAL };
    let mut spec = llama::spec(config, Fields { rotary, ..Fields::USUAL })?;
    // In every layer: transformers' Phi-3 has no layer_types.
    let local = |window: usize| Local { layers: (0..spec.n_layers).collect(), reach: window - 1, rotary: None };
    spec.local = config.size_if_any("sliding_window")?.map(local);
    Ok(Architecture::new(spec, Biases::NONE, source).with_prefix(llama::prefix(has_tensor)))
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Block(layer, slot @ (BlockSlot::Q | BlockSlot::K | BlockSlot::V), Part::Weight) => {
            arch.named_as(format!("layers.{layer}.self_attn.qkv_proj.weight"), arch.one_after_another(slot))
        }
        _ => gate_and_up(arch, slot),
    }
}

/// Llama's tensors with gate and up in one matrix.
pub(super) fn gate_and_up(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Block(layer, slot @ (BlockSlot::MlpGate | BlockSlot::MlpIn), Part::Weight) => {
            arch.named_as(format!("layers.{layer}.mlp.gate_up_proj.weight"), arch.gate_first(slot))
        }
        _ => llama::source(arch, slot),
    }
}

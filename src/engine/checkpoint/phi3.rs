//! Phi-3 (Abdin et al. 2024), also Phi-4 and others of this form: Llama's form with queries, keys and values in one matrix,
//! gate and up in another.

use super::super::error::EngineError;
use super::llama;
use super::rotary::Family;
use super::{Architecture, Biases, BlockSlot, Config, Layout, Part, Slot, Source};
use crate::trace::spec::Local;

pub(super) fn from_config(config: &Config, has_tensor: &dyn Fn(&str) -> bool) -> Result<Architecture, EngineError> {
    // Only a scaled rotation uses it: Phi-4 names it without one.
    config.size_if_any("original_max_position_embeddings")?;
    let keys = Family { share: Some(("partial_rotary_factor", 1.0)), ..Family::USUAL };
    let mut spec = llama::spec(config, "hidden_act", keys)?;
    // In every layer: transformers' Phi-3 has no layer_types.
    let local = |window: usize| Local { layers: (0..spec.n_layers).collect(), reach: window - 1, rotary: None };
    spec.local = config.size_if_any("sliding_window")?.map(local);
    Ok(Architecture::new(spec, Biases::NONE, source).with_prefix(llama::prefix(has_tensor)))
}

fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    let spec = &arch.spec;
    let (queries, keys) = (spec.n_heads * spec.d_head, spec.n_key_value_heads * spec.d_head);
    let (attn, mlp) = ((queries + 2 * keys, "self_attn.qkv_proj"), (2 * spec.d_mlp, "mlp.gate_up_proj"));
    let Slot::Block(layer, block_slot, Part::Weight) = slot else { return llama::source(arch, slot) };
    let ((n_rows, tensor), first) = match block_slot {
        BlockSlot::Q => (attn, 0),
        BlockSlot::K => (attn, queries),
        BlockSlot::V => (attn, queries + keys),
        BlockSlot::MlpGate => (mlp, 0),
        BlockSlot::MlpIn => (mlp, spec.d_mlp),
        _ => return llama::source(arch, slot),
    };
    arch.named_as(format!("layers.{layer}.{tensor}.weight"), Layout::RowRange { first, n_rows })
}

//! Experts in llama.cpp's files: all of a layer in one tensor, in older files each in its own.

use super::super::experts::{n_experts, of_expert};
use super::super::{Architecture, BlockSlot, Slot, Source};
use super::fields::Fields;
use super::{Kind, names};
use crate::engine::error::EngineError;
use crate::trace::Spec;
use crate::trace::spec::Experts;

/// The experts of a file, which all layers have; none where it speaks of none.
pub(super) fn read(fields: &Fields<'_>, kind: Kind, spec: &Spec) -> Result<Option<Experts>, EngineError> {
    let n_experts = fields.whole_if_any("expert_count")?.unwrap_or(0);
    if n_experts == 0 {
        return Ok(None);
    }
    if !matches!(kind, Kind::GptOss | Kind::Llama | Kind::Olmoe | Kind::Qwen2Moe | Kind::Qwen3Moe) {
        let expected = "0 (experts of this architecture are not read)";
        return Err(fields.refuse("expert_count", expected, &n_experts.to_string()));
    }
    let n_per_token = fields.size("expert_used_count")?;
    if n_per_token > n_experts {
        let expected = format!("at most {n_experts}, the number of experts");
        return Err(fields.refuse("expert_used_count", &expected, &n_per_token.to_string()));
    }
    // What an expert reads last is as wide as its hidden layer.
    let width = |tensor: &str| {
        let entry = fields.gguf.index.tensors.get(&format!("blk.0.{tensor}.weight"));
        entry.and_then(|entry| entry.shape.last().copied())
    };
    Ok(Some(Experts {
        layers: (0..spec.n_layers).collect(),
        n_experts,
        n_per_token,
        d_mlp: width("ffn_down_exps").unwrap_or(spec.d_mlp),
        d_shared: width("ffn_down_shexp").unwrap_or(0),
        sums_to_one: !matches!(kind, Kind::Olmoe | Kind::Qwen2Moe),
        // No field says it.
        limit: (kind == Kind::GptOss).then_some(7.0),
    }))
}

/// The tensor of a layer of an expert.
pub(super) fn source(arch: &Architecture, slot: Slot) -> Option<Source> {
    let Slot::Expert(layer, expert, slot, part) = slot else { return None };
    let (name, part, n) = (name(slot), part.name(), n_experts(arch));
    match expert < n {
        true => arch.named_as(format!("blk.{layer}.{name}_exps.{part}"), of_expert(arch, slot, expert, n)),
        false => arch.named(format!("blk.{layer}.{name}_shexp.{part}")),
    }
}

/// The tensors of Mixtral in files from before experts were put together.
pub(super) fn apart(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Expert(layer, expert, slot, part) => {
            arch.named(format!("blk.{layer}.{}.{expert}.{}", name(slot), part.name()))
        }
        _ => names::paired(arch, slot),
    }
}

fn name(slot: BlockSlot) -> &'static str {
    match slot {
        BlockSlot::MlpGate => "ffn_gate",
        BlockSlot::MlpIn => "ffn_up",
        _ => "ffn_down",
    }
}

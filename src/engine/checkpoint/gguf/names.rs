//! llama.cpp's names of tensors.

use super::super::{Architecture, BlockSlot, Layout, Part, RotaryTable, Slot, Source};
use super::experts;
use crate::engine::files::gguf::Gguf;

/// The rotary divisors that a file has among its tensors.
pub(super) fn rotary_tables(gguf: &Gguf) -> Vec<RotaryTable> {
    let tables = [RotaryTable::All, RotaryTable::Short, RotaryTable::Long].into_iter();
    tables.filter(|table| gguf.index.tensors.contains_key(table_name(*table))).collect()
}

fn table_name(table: RotaryTable) -> &'static str {
    match table {
        RotaryTable::All => "rope_freqs.weight",
        RotaryTable::Short => "rope_factors_short.weight",
        RotaryTable::Long => "rope_factors_long.weight",
    }
}

/// The names that most architectures have.
pub(super) fn plain(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Embed => arch.named("token_embd.weight"),
        Slot::PosEmbed => arch.named("position_embd.weight"),
        Slot::EmbedNorm(part) => arch.named(format!("token_embd_norm.{}", part.name())),
        Slot::RotaryDivisors(table) if arch.rotary_tables.contains(&table) => arch.named(table_name(table)),
        Slot::Block(layer, slot, part) => {
            let name = match slot {
                BlockSlot::AttnNorm => "attn_norm",
                BlockSlot::Q => "attn_q",
                BlockSlot::K => "attn_k",
                BlockSlot::V => "attn_v",
                BlockSlot::QNorm => "attn_q_norm",
                BlockSlot::KNorm => "attn_k_norm",
                BlockSlot::O => "attn_output",
                BlockSlot::AttnOutNorm => "post_attention_norm",
                BlockSlot::MlpNorm => "ffn_norm",
                BlockSlot::MlpGate => "ffn_gate",
                BlockSlot::MlpIn => "ffn_up",
                BlockSlot::MlpOut => "ffn_down",
                BlockSlot::MlpOutNorm => "post_ffw_norm",
                BlockSlot::Sinks => "attn_sinks",
                BlockSlot::Router => "ffn_gate_inp",
                BlockSlot::SharedGate => "ffn_gate_inp_shexp",
                _ => return None,
            };
            arch.named(format!("blk.{layer}.{name}.{}", part.name()))
        }
        Slot::Expert(..) => experts::source(arch, slot),
        Slot::FinalNorm(part) => arch.named(format!("output_norm.{}", part.name())),
        Slot::Unembed(part) => arch.named(format!("output.{}", part.name())),
        _ => None,
    }
}

/// The tensors of families whose rows of queries and keys are stored in pairs.
pub(super) fn paired(arch: &Architecture, slot: Slot) -> Option<Source> {
    let source = plain(arch, slot)?;
    let layout = match slot {
        Slot::Block(_, BlockSlot::Q | BlockSlot::K, _) => Layout::PairedRows,
        _ => source.layout,
    };
    Some(Source { layout, ..source })
}

/// The tensors of gpt-oss, whose MLP's norm has the name that elsewhere is that of attention's output.
pub(super) fn gpt_oss(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Block(layer, BlockSlot::MlpNorm, part) => {
            arch.named(format!("blk.{layer}.post_attention_norm.{}", part.name()))
        }
        _ => plain(arch, slot),
    }
}

/// The tensors of families whose queries, keys and values are one matrix, one after another.
pub(super) fn fused(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Block(layer, slot @ (BlockSlot::Q | BlockSlot::K | BlockSlot::V), part) => {
            arch.named_as(format!("blk.{layer}.attn_qkv.{}", part.name()), arch.one_after_another(slot))
        }
        _ => plain(arch, slot),
    }
}

/// The tensors of families whose gate stands before what it gates, in one matrix.
pub(super) fn gate_and_up(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Block(layer, slot @ (BlockSlot::MlpGate | BlockSlot::MlpIn), Part::Weight) => {
            arch.named_as(format!("blk.{layer}.ffn_up.weight"), arch.gate_first(slot))
        }
        _ => plain(arch, slot),
    }
}

/// The tensors of Phi-3 and GLM: one matrix for q, k, v, and the gate before what it gates.
pub(super) fn phi3(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Block(_, BlockSlot::MlpGate | BlockSlot::MlpIn, _) => gate_and_up(arch, slot),
        _ => fused(arch, slot),
    }
}

/// The tensors of Falcon's new decoder, whose MLP has the norm that elsewhere is attention's.
pub(super) fn two_norms(arch: &Architecture, slot: Slot) -> Option<Source> {
    match slot {
        Slot::Block(layer, BlockSlot::AttnNorm, part) => arch.named(format!("blk.{layer}.attn_norm_2.{}", part.name())),
        Slot::Block(layer, BlockSlot::MlpNorm, part) => arch.named(format!("blk.{layer}.attn_norm.{}", part.name())),
        _ => fused(arch, slot),
    }
}

/// The tensors of families whose norms of queries and keys have weights for each head, [head, d_head].
pub(super) fn norms_of_heads(arch: &Architecture, slot: Slot) -> Option<Source> {
    plain(arch, slot).map(|source| Architecture::with_norms_of_heads(source, slot))
}

//! llama.cpp's names of tensors.

use super::super::{Architecture, BlockSlot, Layout, Part, RotaryTable, Slot, Source};
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
                _ => return None,
            };
            arch.named(format!("blk.{layer}.{name}.{}", part.name()))
        }
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

/// The tensors of families whose queries, keys and values are one matrix, one after another.
pub(super) fn fused(arch: &Architecture, slot: Slot) -> Option<Source> {
    let spec = &arch.spec;
    let (queries, keys) = (spec.n_heads * spec.d_head, spec.n_key_value_heads * spec.d_head);
    let n_rows = queries + 2 * keys;
    let (layer, part, first) = match slot {
        Slot::Block(layer, BlockSlot::Q, part) => (layer, part, 0),
        Slot::Block(layer, BlockSlot::K, part) => (layer, part, queries),
        Slot::Block(layer, BlockSlot::V, part) => (layer, part, queries + keys),
        _ => return plain(arch, slot),
    };
    arch.named_as(format!("blk.{layer}.attn_qkv.{}", part.name()), Layout::RowRange { first, n_rows })
}

/// The tensors of Phi-3: one matrix for q, k, v, and the gate before what it gates.
pub(super) fn phi3(arch: &Architecture, slot: Slot) -> Option<Source> {
    let d_mlp = arch.spec.d_mlp;
    let (layer, first) = match slot {
        Slot::Block(layer, BlockSlot::MlpGate, Part::Weight) => (layer, 0),
        Slot::Block(layer, BlockSlot::MlpIn, Part::Weight) => (layer, d_mlp),
        _ => return fused(arch, slot),
    };
    arch.named_as(format!("blk.{layer}.ffn_up.weight"), Layout::RowRange { first, n_rows: 2 * d_mlp })
}

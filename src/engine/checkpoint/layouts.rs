//! How matrices that several layers share are divided among them.

use super::{Architecture, BlockSlot, Layout, Part, Slot, Source};

impl Architecture {
    /// How queries, keys or values lie in a matrix of all, by key heads: the queries that read one, the key, the value.
    pub(super) fn by_key_head(&self, slot: BlockSlot) -> Layout {
        let (n_queries, unit) = (self.spec.queries_per_key_head(), self.spec.d_head);
        let (index, count) = match slot {
            BlockSlot::Q => (0, n_queries),
            BlockSlot::K => (n_queries, 1),
            _ => (n_queries + 1, 1),
        };
        Layout::Grouped { index, count, n_parts: n_queries + 2, unit }
    }

    /// How queries, keys or values lie in a matrix in which one follows another.
    pub(super) fn one_after_another(&self, slot: BlockSlot) -> Layout {
        let (queries, keys) = (self.spec.n_heads * self.spec.d_head, self.spec.n_key_value_heads * self.spec.d_head);
        let first = match slot {
            BlockSlot::Q => 0,
            BlockSlot::K => queries,
            _ => queries + keys,
        };
        Layout::RowRange { first, n_rows: queries + 2 * keys }
    }

    /// A tensor of a family whose norms of queries and keys have weights for each head, [head, d_head].
    pub(super) fn with_norms_of_heads(source: Source, slot: Slot) -> Source {
        let is_norm = matches!(slot, Slot::Block(_, BlockSlot::QNorm | BlockSlot::KNorm, Part::Weight));
        Source { layout: if is_norm { Layout::HeadColumns } else { source.layout }, ..source }
    }

    /// Bytes of the keys and queries of positions that a loaded model holds, of disentangled attention.
    pub(in crate::engine) fn position_bytes(&self) -> u64 {
        let spec = &self.spec;
        let n_rows = spec.disentangled.map_or(0, |kind| {
            2 * kind.span() * (usize::from(kind.content_to_position) + usize::from(kind.position_to_content))
        });
        4 * (spec.n_layers as u64) * (n_rows as u64) * ((spec.n_heads * spec.d_head) as u64)
    }

    /// How gate and what it gates lie in a matrix of both.
    pub(super) fn gate_first(&self, slot: BlockSlot) -> Layout {
        let d_mlp = self.spec.d_mlp;
        Layout::RowRange { first: if slot == BlockSlot::MlpGate { 0 } else { d_mlp }, n_rows: 2 * d_mlp }
    }
}

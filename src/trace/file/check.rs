//! What must be read to know that every number of a file is as it should be.

use std::ops::Range;

use super::{Element, Trace};
use crate::trace::StackHook;

/// A part of a tensor: whole rows along its first axis (heads, for patterns).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracePiece {
    /// The tensor.
    pub name: String,
    /// The first row of the bytes.
    pub first_row: usize,
    /// Where it is in the file.
    pub bytes: Range<u64>,
}

impl Trace {
    /// Every tensor of activations in pieces of at most `max_bytes`, as far as its rows allow; each is to be decoded.
    pub fn pieces(&self, max_bytes: u64) -> Vec<TracePiece> {
        let mut pieces = Vec::new();
        let is_activation = |name: &str, element: Element| element.is_float() || name.parse::<StackHook>().is_ok();
        for (name, tensor) in self.tensors.iter().filter(|(name, tensor)| is_activation(name, tensor.element)) {
            let n_rows = tensor.shape.first().copied().unwrap_or(1);
            let row_bytes = tensor.len.checked_div(n_rows as u64).unwrap_or(0).max(1);
            let n_at_once = usize::try_from(max_bytes / row_bytes).unwrap_or(usize::MAX).max(1);
            for first_row in (0..n_rows).step_by(n_at_once) {
                let rows = first_row..first_row.saturating_add(n_at_once).min(n_rows);
                let bytes = tensor.offset + rows.start as u64 * row_bytes..tensor.offset + rows.end as u64 * row_bytes;
                pieces.push(TracePiece { name: name.clone(), first_row, bytes });
            }
        }
        pieces
    }

    /// Bytes of all its activations.
    pub fn n_activation_bytes(&self) -> u64 {
        self.tensors.values().filter(|tensor| tensor.element.is_float()).map(|tensor| tensor.len).sum()
    }
}

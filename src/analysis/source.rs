//! Sources of attention: what a view needs from a run, an opened trace, or the data inside an exported figure.
//!
//! A source is one kind of attention: an encoder-decoder model has three (encoder, decoder, cross), each a source of its
//! own, and in cross-attention queries and keys are different tokens, so nothing here assumes a square pattern. Invariant:
//! a source refuses what it does not hold, with a reason for the reader; it never makes a value up.

use std::ops::Range;

use super::inside::InsideSource;
use crate::trace::{Attn, BlockSite, Side, Spec, Tokens};

/// The sizes of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Number of layers.
    pub n_layers: usize,
    /// Number of query heads per layer.
    pub n_heads: usize,
    /// Number of key and value heads per layer; query head h reads key head h / (n_heads / n_key_value_heads).
    pub n_key_value_heads: usize,
    /// Width of a head in neurons; 0 where a source holds patterns alone.
    pub d_head: usize,
    /// Number of rows of a pattern: the queries.
    pub n_query: usize,
    /// Number of columns of a pattern: the keys.
    pub n_key: usize,
    /// Whether the last column is an attention sink: it stands for no token and writes nothing, but takes weight from every query.
    pub has_sink: bool,
}

impl Sizes {
    /// Number of weights in the patterns of `n_heads` heads.
    pub fn n_weights(&self, n_heads: usize) -> u64 {
        let n_pairs = (self.n_query as u64).saturating_mul(self.n_key as u64);
        n_pairs.saturating_mul(n_heads as u64)
    }

    /// Index of the key head that a query head reads.
    pub fn key_head(&self, head: usize) -> usize {
        head / (self.n_heads / self.n_key_value_heads.max(1)).max(1)
    }

    /// The query heads that read the same key head as this one, itself included.
    pub fn sharing_heads(&self, head: usize) -> Range<usize> {
        let n_sharing = (self.n_heads / self.n_key_value_heads.max(1)).max(1);
        let first = self.key_head(head) * n_sharing;
        first..(first + n_sharing).min(self.n_heads)
    }
}

/// The stage at which queries and keys are asked for: as projected, or as they enter the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// hook_q and hook_k.
    Before,
    /// hook_rot_q and hook_rot_k, where a norm or rotation changes them; elsewhere the same as hook_q and hook_k.
    After,
}

/// The reason why a source does not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The layer, head or position asked for does not exist.
    #[error("{0}")]
    NoSuch(String),
    /// The source does not hold what was asked for.
    #[error("{what}: {reason}")]
    Missing {
        /// The thing asked for, as a noun phrase.
        what: &'static str,
        /// Why it is not there, as one clause for the reader.
        reason: String,
    },
    /// The answer would need more numbers than can be made or held at once.
    #[error("{0}")]
    TooLarge(String),
    /// Bytes of the file are required first: the caller supplies them and asks again, and nothing is lost.
    #[error("bytes {0:?} of the file are not here yet")]
    Wants(Range<u64>),
    /// The answer could not be computed; the text says why.
    #[error("{0}")]
    Failed(String),
}

/// One kind of attention of one input through one model.
pub trait AttentionSource {
    /// The sizes of this source.
    fn sizes(&self) -> Sizes;

    /// The tokens of one side. Both sides have the same tokens except in cross-attention.
    fn tokens(&self, side: Side) -> &Tokens;

    /// The structure of the stack that makes the queries, where it is known.
    fn spec(&self) -> Option<&Spec>;

    /// Whether queries and keys belong to the same tokens.
    fn attn(&self) -> Attn {
        Attn::Own
    }

    /// The keys that the mask lets a query see.
    fn allowed_keys(&self, layer: usize, query: usize) -> Range<usize> {
        let n_key = self.sizes().n_key;
        match self.spec().filter(|_| self.attn() == Attn::Own) {
            Some(spec) => allowed_keys(spec, layer, query, n_key),
            None => 0..n_key,
        }
    }

    /// The attention of one layer; what its heads share is computed once.
    ///
    /// # Errors
    /// When the layer does not exist, or the source holds neither its patterns nor what they are computed from.
    fn layer_source(&self, layer: usize) -> Result<Box<dyn LayerSource>, SourceError>;

    /// Queries of one head, [n_query, d_head].
    ///
    /// # Errors
    /// When they are not there.
    fn queries(&self, layer: usize, head: usize, rotation: Rotation) -> Result<Vec<f32>, SourceError>;

    /// Keys that a query head reads, [n_key, d_head].
    ///
    /// # Errors
    /// When they are not there.
    fn keys(&self, layer: usize, head: usize, rotation: Rotation) -> Result<Vec<f32>, SourceError>;

    /// Values that a query head reads, [n_key, d_head].
    ///
    /// # Errors
    /// When they are not there.
    fn values(&self, layer: usize, head: usize) -> Result<Vec<f32>, SourceError>;

    /// ‖f_j‖₂ of a head, [n_key]: the length of each key's value v_j once it leaves the head as f_j = v_j W_O
    /// (docs/methods.md, "Norm-based attention").
    ///
    /// # Errors
    /// When values or W_O are not there.
    fn value_output_norms(&self, layer: usize, head: usize) -> Result<Vec<f32>, SourceError>;

    /// What is inside the stack whose queries these are, beside attention.
    fn inside(&self) -> &dyn InsideSource;
}

/// The attention of one layer. It borrows nothing from its source, so a caller can pause between two questions.
pub trait LayerSource {
    /// Rows of a head's pattern, [rows.len(), n_key]; 0 where masked.
    ///
    /// # Errors
    /// When the head or a row does not exist, or the pattern is not there.
    fn pattern(&self, head: usize, rows: Range<usize>) -> Result<Vec<f32>, SourceError>;

    /// Rows of a head's scores as they enter the softmax, [rows.len(), n_key]; −∞ where masked.
    ///
    /// # Errors
    /// When the head or a row does not exist, or the scores are not there.
    fn scores(&self, head: usize, rows: Range<usize>) -> Result<Vec<f32>, SourceError>;

    /// Rows of what a part of disentangled attention adds to a head's scores, [rows.len(), n_key]; `site` is one that the layer has.
    ///
    /// # Errors
    /// When the head or a row does not exist, or the part is not there.
    fn score_part(&self, site: BlockSite, head: usize, rows: Range<usize>) -> Result<Vec<f32>, SourceError>;
}

/// The range of `n_key` keys that a model's mask lets a query see in a layer.
pub fn allowed_keys(spec: &Spec, layer: usize, query: usize, n_key: usize) -> Range<usize> {
    spec.visible(layer, query, n_key)
}

/// Checks a head and rows against the sizes of a source.
///
/// # Errors
/// A sentence that names the heads or rows that exist.
pub fn check_rows(sizes: &Sizes, head: usize, rows: &Range<usize>) -> Result<(), SourceError> {
    let Sizes { n_heads, n_query, .. } = *sizes;
    if head >= n_heads {
        return Err(SourceError::NoSuch(format!("head {head} is not there: {n_heads} heads, counted from 0")));
    }
    if rows.start > rows.end || rows.end > n_query {
        return Err(SourceError::NoSuch(format!("queries {rows:?} are not there: {n_query} of them")));
    }
    Ok(())
}

/// Extends rows that end before the last key to `n_key` columns, filled with `masked`.
pub fn widened(rows: Vec<f32>, n_rows: usize, n_key: usize, masked: f32) -> Vec<f32> {
    let width = rows.len().checked_div(n_rows).unwrap_or(0);
    if width == n_key || width == 0 {
        return rows;
    }
    let mut wide = vec![masked; n_rows * n_key];
    for (wide, row) in wide.chunks_exact_mut(n_key).zip(rows.chunks_exact(width)) {
        wide[..width].copy_from_slice(row);
    }
    wide
}

/// Copies the columns of one head out of [pos, n_heads, d_head]; returns [pos, d_head].
pub fn head_columns(values: &[f32], n_heads: usize, d_head: usize, head: usize) -> Vec<f32> {
    let rows = values.chunks_exact((n_heads * d_head).max(1));
    rows.flat_map(|row| row[head * d_head..][..d_head].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grouped_queries_share_their_keys() {
        let sizes = Sizes { n_heads: 9, n_key_value_heads: 3, ..Sizes::default() };
        let shared: Vec<_> = (0..9).map(|head| (sizes.key_head(head), sizes.sharing_heads(head))).collect();
        assert_eq!(shared[0], (0, 0..3));
        assert_eq!(shared[5], (1, 3..6));
        assert_eq!(shared[8], (2, 6..9));
        let all = Sizes { n_heads: 4, n_key_value_heads: 4, ..Sizes::default() };
        assert_eq!((all.key_head(3), all.sharing_heads(3)), (3, 3..4));
        assert_eq!(Sizes::default().sharing_heads(0), 0..0, "nothing panics without heads");
    }

    #[test]
    fn rows_are_widened_and_columns_taken() {
        assert_eq!(widened(vec![1.0, 2.0, 3.0, 4.0], 2, 3, -1.0), [1.0, 2.0, -1.0, 3.0, 4.0, -1.0]);
        assert_eq!(widened(vec![1.0, 2.0], 1, 2, 0.0), [1.0, 2.0]);
        let values: Vec<f32> = (0..12).map(|value| value as f32).collect();
        assert_eq!(head_columns(&values, 3, 2, 1), [2.0, 3.0, 8.0, 9.0]);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let sizes = Sizes { n_heads: 2, n_query: 5, ..Sizes::default() };
        assert_eq!(check_rows(&sizes, 1, &(0..5)), Ok(()));
        assert!(check_rows(&sizes, 2, &(0..5)).unwrap_err().to_string().contains("2 heads"));
        assert!(check_rows(&sizes, 0, &(4..6)).unwrap_err().to_string().contains("5 of them"));
    }
}

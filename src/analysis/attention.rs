//! How scores and patterns arise from queries and keys: rotation, product, scale, mask, softmax.
//!
//! One implementation for every caller: a run that needs z, a view that asks for a pattern later, and a viewer that
//! has only a file. Whoever calls passes a [`Tap`], through which each hook point goes.

use std::ops::Range;

use crate::kernels::rotary::rotate;
use crate::kernels::softmax::softmax_row;
use crate::kernels::{PackedRows, Panels};
use crate::trace::{BlockSite, Hook, Spec};

/// What sees and may change an activation at its hook point.
pub trait Tap {
    /// Why a change cannot be made.
    type Error;

    /// An activation whose first axis is the position: `data` holds positions `rows`.
    ///
    /// # Errors
    /// When a change cannot be made.
    fn rows(&mut self, hook: Hook, rows: Range<usize>, data: &mut [f32]) -> Result<(), Self::Error>;

    /// Scores of one head, [rows.len(), n_key], after scale and mask.
    ///
    /// # Errors
    /// When a change cannot be made, e.g. when a row would lose its last key.
    fn scores(&mut self, part: SquarePart, data: &mut [f32]) -> Result<(), Self::Error>;

    /// Pattern of one head, [rows.len(), n_key]; `scores` as they entered the softmax.
    ///
    /// # Errors
    /// When a change cannot be made.
    fn pattern(&mut self, part: SquarePart, scores: &[f32], data: &mut [f32]) -> Result<(), Self::Error>;
}

/// Which part of a [head, query_pos, key_pos] activation is at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SquarePart {
    /// Which layer.
    pub layer: usize,
    /// Which query head.
    pub head: usize,
    /// Which queries.
    pub rows: Range<usize>,
    /// How many keys each row holds. Later ones are masked for every query of the part.
    pub n_key: usize,
}

/// The keys of one layer as they enter the product, packed per key head.
#[derive(Clone, Debug)]
pub struct Keys {
    heads: Vec<Panels>,
    n_pos: usize,
}

impl Keys {
    /// From `k` [n_pos, n_key_value_heads, d_head] as projected.
    ///
    /// # Errors
    /// The tap's.
    pub fn new<T: Tap>(spec: &Spec, layer: usize, k: &[f32], tap: &mut T) -> Result<Self, T::Error> {
        let width = spec.n_key_value_heads * spec.d_head;
        let n_pos = k.len() / width;
        let mut k = k.to_vec();
        if let Some(rotary) = spec.rotary() {
            rotate(&mut k, spec.n_key_value_heads, spec.d_head, 0, &rotary.frequencies());
            tap.rows(Hook::Block(layer, BlockSite::RotK), 0..n_pos, &mut k)?;
        }
        let head = |head: usize| {
            let columns = head * spec.d_head..(head + 1) * spec.d_head;
            let rows: Vec<f32> = k.chunks_exact(width).flat_map(|row| &row[columns.clone()]).copied().collect();
            Panels::pack(&rows, spec.d_head)
        };
        Ok(Self { heads: (0..spec.n_key_value_heads).map(head).collect(), n_pos })
    }

    /// The keys of one key head, [n_pos, d_head].
    pub fn head(&self, key_head: usize) -> Vec<f32> {
        let panels = &self.heads[key_head];
        let mut keys = vec![0.0; self.n_pos * panels.n_in()];
        keys.chunks_exact_mut(panels.n_in().max(1)).enumerate().for_each(|(pos, row)| panels.copy_row(pos, row));
        keys
    }
}

/// Queries of positions `rows` as they enter the product, from `q` [rows.len(), n_heads, d_head] as projected.
///
/// # Errors
/// The tap's.
pub fn queries<T: Tap>(
    spec: &Spec,
    layer: usize,
    rows: Range<usize>,
    q: &[f32],
    tap: &mut T,
) -> Result<Vec<f32>, T::Error> {
    let mut q = q.to_vec();
    if let Some(rotary) = spec.rotary() {
        rotate(&mut q, spec.n_heads, spec.d_head, rows.start, &rotary.frequencies());
        tap.rows(Hook::Block(layer, BlockSite::RotQ), rows, &mut q)?;
    }
    Ok(q)
}

/// Pattern of one head for positions `rows`, [rows.len(), n_key], where n_key leaves out keys that the mask hides from
/// all of them. `queries` as [`queries`] gives them.
///
/// # Errors
/// The tap's.
pub fn pattern<T: Tap>(
    spec: &Spec,
    layer: usize,
    head: usize,
    rows: Range<usize>,
    queries: &[f32],
    keys: &Keys,
    tap: &mut T,
) -> Result<Vec<f32>, T::Error> {
    let n_key = visible_keys(spec, &rows, keys.n_pos);
    let part = SquarePart { layer, head, rows, n_key };
    let mut scores = scores(spec, &part, queries, keys);
    tap.scores(part.clone(), &mut scores)?;
    let mut weights = scores.clone();
    weights.chunks_exact_mut(n_key).for_each(softmax_row);
    tap.pattern(part, &scores, &mut weights)?;
    Ok(weights)
}

/// How many keys are visible to at least one query of `rows`.
pub fn visible_keys(spec: &Spec, rows: &Range<usize>, n_pos: usize) -> usize {
    if spec.is_causal() { rows.end } else { n_pos }
}

/// q·k · scale, −∞ where masked.
fn scores(spec: &Spec, part: &SquarePart, queries: &[f32], keys: &Keys) -> Vec<f32> {
    let columns = part.head * spec.d_head..(part.head + 1) * spec.d_head;
    let queries = PackedRows::pack(queries, spec.n_heads * spec.d_head, columns);
    let mut scores = vec![0.0; part.rows.len() * part.n_key];
    let panels = &keys.heads[part.head / spec.queries_per_key_head()];
    panels.matmul(&queries, 0..spec.d_head, &mut scores, part.n_key, 0);
    let scale = spec.attn_scale_of(part.layer);
    for (query, row) in part.rows.clone().zip(scores.chunks_exact_mut(part.n_key)) {
        row.iter_mut().for_each(|score| *score *= scale);
        if spec.is_causal() {
            row[query + 1..].fill(f32::NEG_INFINITY);
        }
    }
    scores
}

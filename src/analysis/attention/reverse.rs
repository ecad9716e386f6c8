//! The reverse of attention: from the gradient by z to those by queries, keys and values, some rows of one head at a time.
//!
//! The pattern is made again through the same taps as in the run, so that no n² numbers are kept. With P the pattern as it mixed the
//! values and S the scores as they entered the softmax:
//!
//! ```text
//! dP = dz Vᵀ      dV += Pᵀ dz      dS = softmax's reverse of dP      dq = dS K · scale      dK += dSᵀ q · scale
//! ```

use std::ops::Range;

use super::{AttnLayer, Keys, SquarePart, Tap, pattern};
use crate::kernels::activation::soft_cap_reverse;
use crate::kernels::norm::{layer_norm_reverse, rms_norm_reverse};
use crate::kernels::rotary::rotate_back;
use crate::kernels::softmax::softmax_reverse;
use crate::kernels::{PackedRows, Panels};
use crate::trace::spec::{NormKind, Pairing};
use crate::trace::{Attn, BlockSite, Hook};

/// A tap on the way back: it sees gradients by scores and patterns, and undoes what the tap of the run changed there.
pub trait ReverseTap: Tap {
    /// Passes the gradient by the pattern of one head, [rows.len(), n_key].
    fn pattern_reverse(&mut self, part: &SquarePart, grad: &mut [f32]);

    /// Passes the gradient by the scores of one head, [rows.len(), n_key].
    fn scores_reverse(&mut self, part: &SquarePart, grad: &mut [f32]);

    /// Passes the gradient by what a part of disentangled attention added to the scores, [rows.len(), n_key].
    fn score_part_reverse(&mut self, site: BlockSite, part: &SquarePart, grad: &mut [f32]);
}

/// Where the gradients of one head go.
#[derive(Debug)]
pub struct HeadGradients<'a> {
    /// By the queries as they enter the product, of these rows [rows.len(), d_head]: written.
    pub q: &'a mut [f32],
    /// By the keys as they enter the product [n_key, d_head]: added.
    pub k: &'a mut [f32],
    /// By the values [n_key, d_head]: added.
    pub v: &'a mut [f32],
}

/// Whether queries or keys are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Projected {
    /// Queries, of `n_heads` heads.
    Queries,
    /// Keys, of `n_key_value_heads` heads.
    Keys,
}

/// Takes the gradient by z of positions `rows`, `grad_z` [rows.len(), n_heads, d_head], back through one head. `queries` is the
/// result of [`super::queries`] for these rows, `values` [n_key, d_head] those of the head.
///
/// # Errors
/// Those of [`pattern`].
pub fn reverse<T: ReverseTap>(
    attention: &AttnLayer<'_>,
    head: usize,
    rows: Range<usize>,
    (queries, keys, values): (&[f32], &Keys, &Panels),
    grad_z: &[f32],
    tap: &mut T,
    mut into: HeadGradients<'_>,
) -> Result<(), T::Error> {
    let (spec, n_rows) = (attention.spec, rows.len());
    let (width, d_head) = (spec.n_heads * spec.d_head, spec.d_head);
    let columns = head * d_head..(head + 1) * d_head;
    let n_key = attention.visible_keys(&rows, keys.n_pos);
    let part = SquarePart { layer: attention.layer, attn: attention.attn, head, rows: rows.clone(), n_key };
    let mut between = Between { tap, attention, softmax: Vec::new(), capped: Vec::new() };
    let weights = pattern(attention, head, rows, queries, keys, &mut between)?;
    let Between { tap, softmax, capped, .. } = between;

    let mut grad = vec![0.0; n_rows * n_key];
    values.matmul(&PackedRows::pack(grad_z, width, columns.clone()), 0..d_head, &mut grad, n_key, 0);
    let mut sum = vec![0.0; n_key * d_head];
    let mut add_rows = |square: &[f32], rows: &[f32], to: &mut [f32]| {
        let packed = PackedRows::pack_transposed(square, n_key, 0..n_key);
        Panels::pack_columns(rows, width, columns.clone()).matmul(&packed, 0..n_rows, &mut sum, d_head, 0);
        to.iter_mut().zip(&sum).for_each(|(to, sum)| *to += sum);
    };
    add_rows(&weights, grad_z, into.v);
    tap.pattern_reverse(&part, &mut grad);
    softmax_reverse(&softmax, n_key, &mut grad);
    tap.scores_reverse(&part, &mut grad);
    if let Some(cap) = spec.attn_softcap {
        soft_cap_reverse(&capped, cap as f32, &mut grad);
    }
    let scale = spec.attn_scale_of(attention.layer);
    let by_scores = spec.disentangled.map(|_| grad.clone());
    if by_scores.is_some() {
        tap.score_part_reverse(BlockSite::ScoresC2c, &part, &mut grad);
    }
    grad.iter_mut().for_each(|grad| *grad *= scale);
    add_rows(&grad, queries, into.k);
    let packed = PackedRows::pack(&grad, n_key, 0..n_key);
    keys.heads[head / spec.queries_per_key_head()].matmul_transposed(&packed, into.q);
    for site in [BlockSite::ScoresC2p, BlockSite::ScoresP2c] {
        if let Some(by_scores) = by_scores.as_ref().filter(|_| site.exists_at(spec, part.layer)) {
            let mut grad = by_scores.clone();
            tap.score_part_reverse(site, &part, &mut grad);
            grad.iter_mut().for_each(|grad| *grad *= scale);
            attention.position_part_reverse(site, &part, &grad, &mut into);
        }
    }
    Ok(())
}

/// Keeps what the reverse needs of a pattern in the making.
struct Between<'a, 'b, T> {
    tap: &'a mut T,
    attention: &'a AttnLayer<'b>,
    /// What the softmax made, before changes of the pattern.
    softmax: Vec<f32>,
    /// Scores after the soft cap and before the bias; −∞ where masked. Empty where there is no cap.
    capped: Vec<f32>,
}

impl<T: Tap> Tap for Between<'_, '_, T> {
    type Error = T::Error;

    fn rows(&mut self, hook: Hook, rows: Range<usize>, data: &mut [f32]) -> Result<(), T::Error> {
        self.tap.rows(hook, rows, data)
    }

    fn scores(&mut self, part: SquarePart, data: &mut [f32]) -> Result<(), T::Error> {
        if self.attention.spec.attn_softcap.is_some() {
            self.capped = data.to_vec();
            if let Some(biases) = self.attention.biases(&part).filter(|_| part.attn == Attn::Own) {
                for (query, row) in part.rows.clone().zip(self.capped.chunks_exact_mut(part.n_key)) {
                    row.iter_mut().zip(biases.row(&part, query)).for_each(|(score, bias)| *score -= bias);
                }
            }
        }
        self.tap.scores(part, data)
    }

    fn score_part(&mut self, site: BlockSite, part: &SquarePart, data: &mut [f32]) -> Result<(), T::Error> {
        self.tap.score_part(site, part, data)
    }

    fn pattern(&mut self, part: SquarePart, scores: &[f32], data: &mut [f32]) -> Result<(), T::Error> {
        self.softmax = data.to_vec();
        self.tap.pattern(part, scores, data)
    }
}

impl AttnLayer<'_> {
    /// Takes gradients by queries or keys as they enter the product, of positions from `first_pos` on of `n_pos`, back to those as
    /// projected, in place: rotation, then norm. `x` [_, heads, d_head] as projected.
    pub fn entering_reverse(&self, which: Projected, x: &[f32], first_pos: usize, n_pos: usize, grad: &mut [f32]) {
        if !self.changes_queries() {
            return;
        }
        let (spec, norm, n_heads) = match which {
            Projected::Queries => (self.spec, self.q_norm, self.spec.n_heads),
            Projected::Keys => (self.spec, self.k_norm, self.spec.n_key_value_heads),
        };
        if let Some(rotary) = spec.rotary_of(self.layer) {
            let is_adjacent = rotary.pairing == Pairing::Adjacent;
            let (frequencies, magnitude) = (rotary.frequencies(n_pos), rotary.magnitude());
            rotate_back(grad, [n_heads, spec.d_head], first_pos, &frequencies, magnitude, is_adjacent);
        }
        let Some(weight) = norm.map(|norm| norm.weight) else { return };
        if let Some(clip) = spec.clip_qkv {
            let mut normed = x.to_vec();
            self.norm(norm, &mut normed);
            let cut = grad.iter_mut().zip(&normed).filter(|(_, value)| value.abs() >= clip as f32);
            cut.for_each(|(grad, _)| *grad = 0.0);
        }
        for (columns, rows) in self.norm_parts(weight.len(), x.len()) {
            let (weight, x, grad) = (&weight[columns], &x[rows.clone()], &mut grad[rows]);
            match spec.norm {
                NormKind::LayerNorm => layer_norm_reverse(x, weight, spec.norm_eps, grad),
                NormKind::RmsNorm => rms_norm_reverse(x, weight, spec.norm_adds_one, spec.norm_eps, grad),
                NormKind::None => {}
            }
        }
    }
}

//! How scores and patterns arise from queries and keys: norm, rotation, product, scale, bias, mask, softmax.
//!
//! One implementation serves every caller: a run that needs z, a view that asks for a pattern later, and a viewer that
//! has only a file. The caller passes a [`Tap`], which each hook point passes through.

pub mod bias;
pub mod disentangled;
pub mod reverse;

use std::ops::Range;

use disentangled::PositionVectors;

use crate::kernels::activation::soft_cap;
use crate::kernels::finite::is_finite;
use crate::kernels::norm::{layer_norm, rms_norm};
use crate::kernels::rotary::rotate;
use crate::kernels::softmax::{softmax_row, softmax_rows};
use crate::kernels::{PackedRows, Panels};
use crate::trace::spec::{NormKind, Pairing, Positions, QkNorm};
use crate::trace::{Attn, BlockSite, Hook, Spec};

/// An activation with a value that is not finite, from which nothing can be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{hook} is not finite ({}token {position}{})", head_words(*.head), layer_words(*.hook))]
pub struct NotFinite {
    /// The name of the activation.
    pub hook: Hook,
    /// The head, where the activation is the scores.
    pub head: Option<usize>,
    /// The first position with such a value; for scores, the query's position.
    pub position: usize,
}

fn head_words(head: Option<usize>) -> String {
    head.map(|head| format!("head {head}, ")).unwrap_or_default()
}

fn layer_words(hook: Hook) -> String {
    hook.layer().map(|layer| format!(", layer {layer}")).unwrap_or_default()
}

/// An observer of hook points, which may change the activation that passes.
pub trait Tap {
    /// The reason why a change cannot be made, or what is wrong with the values.
    type Error: From<NotFinite>;

    /// Passes an activation whose first axis is the position: `data` holds positions `rows`.
    ///
    /// # Errors
    /// When a change cannot be made.
    fn rows(&mut self, hook: Hook, rows: Range<usize>, data: &mut [f32]) -> Result<(), Self::Error>;

    /// Passes scores of one head, [rows.len(), n_key], after scale, bias and mask.
    ///
    /// # Errors
    /// When a change cannot be made, e.g. when a row would lose its last key.
    fn scores(&mut self, part: SquarePart, data: &mut [f32]) -> Result<(), Self::Error>;

    /// Passes what a part of disentangled attention adds to the scores of one head, [rows.len(), n_key].
    ///
    /// # Errors
    /// When a change cannot be made.
    fn score_part(&mut self, _site: BlockSite, _part: &SquarePart, _data: &mut [f32]) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Passes the pattern of one head, [rows.len(), n_key], and the `scores` that entered the softmax.
    ///
    /// # Errors
    /// When a change cannot be made.
    fn pattern(&mut self, part: SquarePart, scores: &[f32], data: &mut [f32]) -> Result<(), Self::Error>;
}

/// The part of a [head, query_pos, key_pos] activation that passes a hook point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SquarePart {
    /// The layer's index.
    pub layer: usize,
    /// The kind of attention: self or cross.
    pub attn: Attn,
    /// The query head's index.
    pub head: usize,
    /// The positions of the queries.
    pub rows: Range<usize>,
    /// The number of keys in each row. Later keys are masked for every query of the part.
    pub n_key: usize,
}

/// One attention of one layer: its structure, and the weights that act between projection and product.
#[derive(Clone, Copy, Debug)]
pub struct AttnLayer<'a> {
    /// The structure of the stack that makes the queries.
    pub spec: &'a Spec,
    /// The layer's index.
    pub layer: usize,
    /// Self-attention, or cross-attention over the encoder's positions, which has no rotation, bias or mask.
    pub attn: Attn,
    /// The queries' norm, [d_head] or [n_heads · d_head].
    pub q_norm: Option<HeadNorm<'a>>,
    /// The keys' norm, [d_head] or [n_key_value_heads · d_head].
    pub k_norm: Option<HeadNorm<'a>>,
    /// The scores of attention sinks [n_heads].
    pub sinks: Option<&'a [f32]>,
    /// Learned bias on the scores, [n_buckets, n_heads].
    pub relative_bias: Option<&'a [f32]>,
    /// Keys and queries of positions, of disentangled attention.
    pub positions: Option<&'a PositionVectors>,
}

/// The norm of queries or of keys.
#[derive(Clone, Copy, Debug)]
pub struct HeadNorm<'a> {
    /// What the normalised neurons are multiplied by.
    pub weight: &'a [f32],
    /// What is added then, as long as the weight; zeros where there is none.
    pub bias: &'a [f32],
}

/// The keys of one layer as they enter the product, packed per key head.
#[derive(Clone, Debug)]
pub struct Keys {
    heads: Vec<Panels>,
    n_pos: usize,
}

impl Keys {
    /// Makes them from `k` [n_pos, n_key_value_heads, d_head] as projected.
    ///
    /// # Errors
    /// Those of the tap.
    pub fn new<T: Tap>(attention: &AttnLayer<'_>, k: &[f32], tap: &mut T) -> Result<Self, T::Error> {
        let spec = attention.spec;
        let width = spec.n_key_value_heads * spec.d_head;
        let n_pos = k.len() / width;
        let mut k = k.to_vec();
        if attention.changes_queries() {
            attention.norm(attention.k_norm, &mut k);
            attention.rotate(&mut k, spec.n_key_value_heads, 0, n_pos);
            tap.rows(Hook::Block(attention.layer, BlockSite::RotK), 0..n_pos, &mut k)?;
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

    /// The number of positions.
    pub fn n_pos(&self) -> usize {
        self.n_pos
    }
}

impl AttnLayer<'_> {
    /// Whether a norm or rotation changes queries and keys before they enter the product.
    fn changes_queries(&self) -> bool {
        self.attn == Attn::Own && self.spec.changes_queries(self.layer)
    }

    /// Normalises in place: each head alone where the weight is one head long or each has its own, else all heads together.
    fn norm(&self, norm: Option<HeadNorm<'_>>, x: &mut [f32]) {
        let Some(norm) = norm else { return };
        let (spec, from) = (self.spec, x.to_vec());
        for (columns, rows) in self.norm_parts(norm.weight.len(), from.len()) {
            let (weight, from, x) = (&norm.weight[columns.clone()], &from[rows.clone()], &mut x[rows]);
            match spec.norm {
                NormKind::LayerNorm => layer_norm(from, weight, &norm.bias[columns], spec.norm_eps, x),
                NormKind::RmsNorm => rms_norm(from, weight, spec.norm_adds_one, spec.norm_eps, x),
                NormKind::None => {}
            }
        }
        // Only what is normalised is cut off here; elsewhere the projection is (OLMoE against OLMo).
        if let Some(clip) = spec.clip_qkv {
            x.iter_mut().for_each(|value| *value = value.clamp(-clip as f32, clip as f32));
        }
    }

    /// What is normalised at a time of `n` values: the columns of the weight, and the values that they are of.
    fn norm_parts(&self, width: usize, n: usize) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let is_apart = self.spec.qk_norm == Some(QkNorm::EachHead);
        let part = if is_apart { self.spec.d_head } else { n.max(1) };
        (0..n).step_by(part).map(move |start| {
            let first = if is_apart { start % width } else { 0 };
            (first..if is_apart { first + part } else { width }, start..start + part)
        })
    }

    fn rotate(&self, x: &mut [f32], n_heads: usize, first_pos: usize, n_pos: usize) {
        if let Some(rotary) = self.spec.rotary_of(self.layer) {
            let is_adjacent = rotary.pairing == Pairing::Adjacent;
            let (frequencies, magnitude) = (rotary.frequencies(n_pos), rotary.magnitude());
            rotate(x, [n_heads, self.spec.d_head], first_pos, &frequencies, magnitude, is_adjacent);
        }
    }

    /// Keys [n, n_heads, d_head] of some key heads as they enter the product, each as if it stood at the first of `n_pos` positions.
    pub fn keys_at_start(&self, k: &mut [f32], n_heads: usize, n_pos: usize) {
        if !self.changes_queries() {
            return;
        }
        self.norm(self.k_norm, k);
        if let Some(rotary) = self.spec.rotary_of(self.layer) {
            let is_adjacent = rotary.pairing == Pairing::Adjacent;
            let (frequencies, magnitude) = (rotary.frequencies(n_pos), rotary.magnitude());
            for row in k.chunks_exact_mut((n_heads * self.spec.d_head).max(1)) {
                rotate(row, [n_heads, self.spec.d_head], 0, &frequencies, magnitude, is_adjacent);
            }
        }
    }

    /// The range of `n_key` keys that a query may see.
    fn visible(&self, query: usize, n_key: usize) -> Range<usize> {
        if self.attn == Attn::Cross { 0..n_key } else { self.spec.visible(self.layer, query, n_key) }
    }

    /// The number of leading keys of `n_pos` after which no query of `rows` sees any key.
    pub fn visible_keys(&self, rows: &Range<usize>, n_pos: usize) -> usize {
        let last = rows.end.saturating_sub(1);
        self.visible(last, n_pos).end
    }
}

/// Returns the queries of positions `rows` of `n_pos` as they enter the product, from `q` [rows.len(), n_heads, d_head]
/// as projected.
///
/// # Errors
/// Those of the tap.
pub fn queries<T: Tap>(
    attention: &AttnLayer<'_>,
    rows: Range<usize>,
    n_pos: usize,
    q: &[f32],
    tap: &mut T,
) -> Result<Vec<f32>, T::Error> {
    let mut q = q.to_vec();
    if attention.changes_queries() {
        attention.norm(attention.q_norm, &mut q);
        attention.rotate(&mut q, attention.spec.n_heads, rows.start, n_pos);
        tap.rows(Hook::Block(attention.layer, BlockSite::RotQ), rows, &mut q)?;
    }
    Ok(q)
}

/// Returns the pattern of one head for positions `rows`, [rows.len(), n_key], where n_key leaves out the keys after
/// those that any of them may see. `queries` is the result of [`queries`].
///
/// # Errors
/// Those of the tap, and scores that are not finite where the mask lets a query see, since their row has no distribution.
pub fn pattern<T: Tap>(
    attention: &AttnLayer<'_>,
    head: usize,
    rows: Range<usize>,
    queries: &[f32],
    keys: &Keys,
    tap: &mut T,
) -> Result<Vec<f32>, T::Error> {
    let n_key = attention.visible_keys(&rows, keys.n_pos);
    let part = SquarePart { layer: attention.layer, attn: attention.attn, head, rows, n_key };
    let not_finite = |row: usize| NotFinite {
        hook: Hook::Block(part.layer, BlockSite::AttnScores.in_attn(part.attn)),
        head: Some(part.head),
        position: part.rows.start + row,
    };
    let mut scores = scores(attention, &part, queries, keys).map_err(not_finite)?;
    if attention.spec.disentangled.is_some() {
        tap.score_part(BlockSite::ScoresC2c, &part, &mut scores)?;
        for (site, mut more) in attention.position_parts(&part, queries, keys) {
            tap.score_part(site, &part, &mut more)?;
            scores.iter_mut().zip(more).for_each(|(score, more)| *score += more);
        }
    }
    tap.scores(part.clone(), &mut scores)?;
    let mut weights = vec![0.0; scores.len()];
    let visible = |row| attention.visible(part.rows.start + row, n_key);
    match attention.sinks {
        Some(sinks) => beside_sink(&scores, n_key, sinks[part.head], &mut weights),
        None => softmax_rows(&scores, n_key, visible, &mut weights),
    }
    .map_err(not_finite)?;
    tap.pattern(part, &scores, &mut weights)?;
    Ok(weights)
}

/// Turns rows of scores [_, n_key] into weights that leave a part to a sink of this score. The reverse is that of a softmax without one,
/// since nothing reads the sink.
fn beside_sink(scores: &[f32], n_key: usize, sink: f32, weights: &mut [f32]) -> Result<(), usize> {
    let rows = scores.chunks_exact(n_key.max(1)).zip(weights.chunks_exact_mut(n_key.max(1)));
    for (row, (scores, weights)) in rows.enumerate() {
        let mut all = [scores, &[sink]].concat();
        if !softmax_row(&mut all) {
            return Err(row);
        }
        weights.copy_from_slice(&all[..scores.len()]);
    }
    Ok(())
}

/// Computes q·k · scale, soft-capped, plus bias; −∞ where masked.
///
/// # Errors
/// The index of the first row that overflows, where the soft cap would hide it; elsewhere the softmax finds it.
fn scores(attention: &AttnLayer<'_>, part: &SquarePart, queries: &[f32], keys: &Keys) -> Result<Vec<f32>, usize> {
    let spec = attention.spec;
    let columns = part.head * spec.d_head..(part.head + 1) * spec.d_head;
    let queries = PackedRows::pack(queries, spec.n_heads * spec.d_head, columns);
    let mut scores = vec![0.0; part.rows.len() * part.n_key];
    let panels = &keys.heads[part.head / spec.queries_per_key_head()];
    panels.matmul(&queries, 0..spec.d_head, &mut scores, part.n_key, 0);
    let scale = spec.attn_scale_of(part.layer);
    scores.iter_mut().for_each(|score| *score *= scale);
    if let Some(cap) = spec.attn_softcap {
        if let Some(row) = scores.chunks_exact(part.n_key.max(1)).position(|row| !is_finite(row)) {
            return Err(row);
        }
        soft_cap(&mut scores, cap as f32);
    }
    if part.attn == Attn::Cross {
        return Ok(scores);
    }
    let biases = attention.biases(part);
    for (query, row) in part.rows.clone().zip(scores.chunks_exact_mut(part.n_key)) {
        if let Some(biases) = &biases {
            row.iter_mut().zip(biases.row(part, query)).for_each(|(score, bias)| *score += bias);
        }
        let visible = attention.visible(query, part.n_key);
        row[..visible.start].fill(f32::NEG_INFINITY);
        row[visible.end..].fill(f32::NEG_INFINITY);
    }
    Ok(scores)
}

/// Numbers that are added to the scores of a head.
enum Biases {
    /// By distance, starting from key 0 as the last query of the part sees it.
    ByDistance(Vec<f32>),
    /// For each key.
    ByKey(Vec<f32>),
}

impl Biases {
    /// Those of a query's row, from key 0 on.
    fn row(&self, part: &SquarePart, query: usize) -> &[f32] {
        match self {
            // Key 0 is `query` before the query.
            Biases::ByDistance(all) => &all[part.rows.end - 1 - query..],
            Biases::ByKey(all) => all,
        }
    }
}

impl AttnLayer<'_> {
    /// The numbers added to scores.
    fn biases(&self, part: &SquarePart) -> Option<Biases> {
        let spec = self.spec;
        let first = 1 - part.rows.end as isize;
        let distances = first..first + (part.rows.len() + part.n_key) as isize;
        match (&spec.relative_bias, self.relative_bias, &spec.positions) {
            (Some(bias), Some(table), _) => {
                let row = |distance| bias::bucket(bias, spec.is_causal(), distance) * spec.n_heads;
                Some(Biases::ByDistance(distances.map(|distance| table[row(distance) + part.head]).collect()))
            }
            (_, _, Positions::Alibi) => {
                let slope = bias::alibi_slope(part.head, spec.n_heads);
                Some(Biases::ByDistance(distances.map(|distance| slope * distance as f32).collect()))
            }
            (_, _, Positions::ScaledAlibi) => {
                let scale = spec.attn_scale_of(part.layer);
                let of_key = |key| bias::rounded_alibi(part.head, spec.n_heads, key) * scale;
                Some(Biases::ByKey((0..part.n_key).map(of_key).collect()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;

//! The reverse of one attention of a block: from the gradient by z to those by queries, keys and values, some queries of all heads
//! at a time.
//!
//! Heads that share a key head add to the same gradients, so threads share the work by key heads.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;

use super::hooks::{KeptSquares, ReverseSquares};
use super::sublayers::ReverseContext;
use crate::analysis::attention::queries;
use crate::analysis::attention::reverse::{HeadGradients, Projected, reverse};
use crate::engine::error::EngineError;
use crate::engine::run::sublayers::Attention;
use crate::kernels::{Panels, threads};
use crate::trace::{Attn, BlockSite, Spec};

/// Gradients of one attention.
#[derive(Debug)]
pub(super) struct AttentionReverse {
    attn: Attn,
    n_query: usize,
    n_key: usize,
    /// By z; later by queries. [pos, n_heads, d_head]
    pub z: Vec<f32>,
    /// By keys, once all rows are done. [key_pos, n_key_value_heads, d_head]
    pub k: Vec<f32>,
    /// By values, once all rows are done. [key_pos, n_key_value_heads, d_head]
    pub v: Vec<f32>,
    /// One key head after the other: its queries [n_group, n_query, d_head], its keys and its values [n_key, d_head].
    by_key_head: Vec<f32>,
    /// The values of each key head, [n_key, d_head].
    values: Vec<Panels>,
}

impl AttentionReverse {
    pub fn new(spec: &Spec, attn: Attn, n_query: usize, n_key: usize) -> Self {
        let z = vec![0.0; n_query * spec.n_heads * spec.d_head];
        let (k, v) = (Vec::new(), Vec::new());
        Self { attn, n_query, n_key, z, k, v, by_key_head: Vec::new(), values: Vec::new() }
    }

    /// How many positions it reads.
    pub fn n_key(&self) -> usize {
        self.n_key
    }

    /// Whether gradients by scores or patterns are asked for, which takes all rows of a head at once.
    pub fn wants_squares(&self, cx: &ReverseContext<'_, '_>) -> bool {
        let is_own = |site: BlockSite| site.is_square() && site.is_cross() == (self.attn == Attn::Cross);
        BlockSite::all().any(|site| is_own(site) && cx.asked().contains(&cx.hook(site)))
    }

    /// Takes rows of z back; the block's inside holds queries, keys and values.
    pub fn attend(
        &mut self,
        cx: &mut ReverseContext<'_, '_>,
        inside: &Attention,
        rows: &Range<usize>,
    ) -> Result<(), EngineError> {
        let attention = cx.model().attn_layer(cx.forward.layer, self.attn);
        let spec = attention.spec;
        let (n_group, d_head, width) = (spec.queries_per_key_head(), spec.d_head, spec.n_heads * spec.d_head);
        let Some(keys) = inside.keys() else { return Ok(()) };
        if self.values.is_empty() {
            let key_width = spec.n_key_value_heads * d_head;
            let head = |head: usize| {
                let values = inside.v.chunks_exact(key_width).flat_map(|row| &row[head * d_head..(head + 1) * d_head]);
                Panels::pack(&values.copied().collect::<Vec<f32>>(), d_head)
            };
            self.values = (0..spec.n_key_value_heads).map(head).collect();
            let unit = (n_group * self.n_query + 2 * self.n_key) * d_head;
            self.by_key_head = vec![0.0; spec.n_key_value_heads * unit];
        }
        let span = rows.start * width..rows.end * width;
        let queries = queries(&attention, rows.clone(), self.n_query, &inside.q[span.clone()], cx.forward.hooks)?;
        let (grad_z, values, n_key) = (&self.z[span], &self.values, self.n_key);
        let (edits, asked, kept) = (cx.back.edits, cx.asked(), KeptSquares::default());
        let refused = Mutex::new(BTreeMap::new());
        let (of_queries, unit) = (self.n_query * d_head, (n_group * self.n_query + 2 * n_key) * d_head);
        let work = 10 * width * rows.len() * attention.visible_keys(rows, n_key);
        threads::share(&mut self.by_key_head, unit, work, |first, parts| {
            for (key_head, part) in (first..).zip(parts.chunks_exact_mut(unit)) {
                let (q, rest) = part.split_at_mut(n_group * of_queries);
                let (k, v) = rest.split_at_mut(n_key * d_head);
                for (index, q) in q.chunks_exact_mut(of_queries).enumerate() {
                    let head = key_head * n_group + index;
                    let into = HeadGradients { q: &mut q[rows.start * d_head..rows.end * d_head], k, v };
                    let mut tap = ReverseSquares { edits, asked, kept: &kept };
                    let head_values = &values[key_head];
                    let from = (queries.as_slice(), keys, head_values);
                    if let Err(error) = reverse(&attention, head, rows.clone(), from, grad_z, &mut tap, into) {
                        _ = refused.lock().map(|mut refused| refused.insert(head, error));
                    }
                }
            }
        });
        if let Some((_, error)) = refused.into_inner().unwrap_or_default().pop_first() {
            return Err(error);
        }
        for ((site, _), square) in kept.into_inner().unwrap_or_default() {
            let hook = cx.hook(site);
            cx.back.kept.entry(hook).or_default().extend(square);
        }
        Ok(())
    }

    /// Once all rows are done: gradients by queries, keys and values as they were projected, through the hooks on the way.
    pub fn finish(&mut self, cx: &mut ReverseContext<'_, '_>, inside: &Attention) {
        let attention = cx.model().attn_layer(cx.forward.layer, self.attn);
        let spec = attention.spec;
        let (n_group, d_head) = (spec.queries_per_key_head(), spec.d_head);
        let (width, key_width) = (spec.n_heads * d_head, spec.n_key_value_heads * d_head);
        (self.k, self.v) = (vec![0.0; self.n_key * key_width], vec![0.0; self.n_key * key_width]);
        let unit = (n_group * self.n_query + 2 * self.n_key) * d_head;
        for (key_head, part) in self.by_key_head.chunks_exact(unit).enumerate() {
            let (q, rest) = part.split_at(n_group * self.n_query * d_head);
            let (k, v) = rest.split_at(self.n_key * d_head);
            for (index, q) in q.chunks_exact(self.n_query * d_head).enumerate() {
                place(q, d_head, key_head * n_group + index, width, &mut self.z);
            }
            place(k, d_head, key_head, key_width, &mut self.k);
            place(v, d_head, key_head, key_width, &mut self.v);
        }
        (self.by_key_head, self.values) = (Vec::new(), Vec::new());
        let (queries, keys) = (0..self.n_query, 0..self.n_key);
        if self.attn == Attn::Own && BlockSite::RotQ.exists_at(spec, cx.forward.layer) {
            cx.pass(BlockSite::RotQ, &queries, &mut self.z);
            cx.pass(BlockSite::RotK, &keys, &mut self.k);
        }
        attention.entering_reverse(Projected::Queries, &inside.q, 0, self.n_query, &mut self.z);
        attention.entering_reverse(Projected::Keys, &inside.k, 0, self.n_key, &mut self.k);
        cx.pass(BlockSite::Q.in_attn(self.attn), &queries, &mut self.z);
        cx.pass(BlockSite::K.in_attn(self.attn), &keys, &mut self.k);
        cx.pass(BlockSite::V.in_attn(self.attn), &keys, &mut self.v);
    }
}

/// Writes one head's rows [_, d_head] to their columns of `all` [_, width].
fn place(rows: &[f32], d_head: usize, head: usize, width: usize, all: &mut [f32]) {
    for (row, all) in rows.chunks_exact(d_head).zip(all.chunks_exact_mut(width)) {
        all[head * d_head..(head + 1) * d_head].copy_from_slice(row);
    }
}

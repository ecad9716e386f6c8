//! One block of the transformer, a few rows at a time.

use std::ops::Range;

use super::attend::Attend;
use super::cross::CrossWork;
use super::mlp::mlp;
use super::{LayerRun, Step};
use crate::analysis::attention::{AttnLayer, Tap};
use crate::engine::error::EngineError;
use crate::engine::hooks::Hooks;
use crate::engine::model::{AttnWeights, Block, Linear, Model, Norm, add_bias};
use crate::kernels::{PackedRows, ROWS};
use crate::trace::spec::NormPlacement;
use crate::trace::{Attn, BlockSite, Hook, Spec};

/// A block under way.
#[derive(Debug)]
pub(super) struct Work {
    layer: usize,
    phase: Phase,
    /// Rows before it were done earlier: their keys and values are kept.
    first: usize,
    /// First row that the phase has not done.
    row: usize,
    kept: LayerRun,
    attend: Option<Attend>,
    /// [pos, n_heads, d_head]
    z: Vec<f32>,
    /// A decoder's attention to its encoder.
    cross: Option<CrossWork>,
    /// The stream leaving the block. [pos, d_model]
    next: Vec<f32>,
}

/// The phases of a block, in their order; each ends before the next begins. [`Phase::Source`] to [`Phase::AttendCross`] are
/// those of decoders with an encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Queries, keys and values.
    Project,
    /// z.
    Attend,
    /// Keys and values of the encoder's positions.
    Source,
    /// The stream after attention, and the queries of cross-attention.
    Middle,
    /// Its z.
    AttendCross,
    /// The stream leaving the block.
    Finish,
}

impl Work {
    /// Starts the block; `resid_pre` [_, d_model] has passed its hook. `past`: what is kept of the positions before these.
    /// `source` [source_pos, d_model]: what cross-attention reads.
    pub fn new(spec: &Spec, layer: usize, past: Option<LayerRun>, resid_pre: Vec<f32>, source: Option<&[f32]>) -> Self {
        let (queries, keys) = (spec.n_heads * spec.d_head, spec.n_key_value_heads * spec.d_head);
        let mut kept = past.unwrap_or_default();
        let first = kept.resid_pre.len() / spec.d_model;
        // Not copied where there is nothing before it: at a thousand tokens every copy is megabytes.
        match first {
            0 => kept.resid_pre = resid_pre,
            _ => kept.resid_pre.extend(resid_pre),
        }
        let n_pos = kept.resid_pre.len() / spec.d_model;
        kept.q.resize(n_pos * queries, 0.0);
        kept.k.resize(n_pos * keys, 0.0);
        kept.v.resize(n_pos * keys, 0.0);
        let cross = kept.cross.take();
        Self {
            layer,
            phase: Phase::Project,
            first,
            row: first,
            attend: None,
            z: vec![0.0; n_pos * queries],
            cross: source.map(|source| CrossWork::new(spec, first, n_pos, source.len() / spec.d_model, cross)),
            next: vec![0.0; n_pos * spec.d_model],
            kept,
        }
    }

    /// What is kept, and the stream of the new positions entering the next layer.
    pub fn finish(mut self, d_model: usize) -> (LayerRun, Vec<f32>) {
        self.kept.cross = self.cross.map(CrossWork::finish);
        let next = if self.first == 0 { self.next } else { self.next.split_off(self.first * d_model) };
        (self.kept, next)
    }

    /// Does about `flop` operations.
    ///
    /// `positions`: what is added to the inputs of queries and keys [pos, d_model]; empty where nothing is.
    pub fn step(
        &mut self,
        (model, block): (&Model, &Block),
        hooks: &mut Hooks<'_>,
        (source, positions): (Option<&[f32]>, &[f32]),
        flop: usize,
    ) -> Result<Step, EngineError> {
        let (spec, n_pos) = (&model.spec, self.next.len() / model.spec.d_model);
        let n_source = self.cross.as_ref().map_or(0, CrossWork::n_source);
        let n_rows = if self.phase == Phase::Source { n_source } else { n_pos };
        let first = if self.phase == Phase::Source { 0 } else { self.first };
        let n_at_once = rows_at_once(n_rows - first, flop / self.flop_per_row(spec, n_pos, n_source));
        let rows = self.row..(self.row + n_at_once).min(n_rows);
        self.row = rows.end;
        let is_last = rows.end == n_rows;
        let of = model.attn_layer(self.layer, Attn::Own);
        match self.phase {
            Phase::Project => {
                self.project(model, block, positions, rows);
                if is_last {
                    self.attend = Some(self.start_attending(&of, n_pos, hooks)?);
                }
            }
            Phase::Attend => {
                if let Some(attend) = &self.attend {
                    attend.rows(&of, rows, n_pos, &self.kept.q, hooks, &mut self.z)?;
                }
                if is_last {
                    let new = &mut self.z[self.first * spec.n_heads * spec.d_head..];
                    hooks.rows(Hook::Block(self.layer, BlockSite::Z), self.first..n_pos, new)?;
                    self.attend = None;
                }
            }
            Phase::Source | Phase::Middle | Phase::AttendCross => {
                self.step_cross((model, block), hooks, source, rows, is_last)?;
            }
            Phase::Finish => {
                self.finish_rows(model, block, rows, hooks)?;
                if is_last {
                    return Ok(Step::Done);
                }
            }
        }
        if is_last {
            self.phase = match self.phase {
                Phase::Project => Phase::Attend,
                Phase::Attend if self.cross.is_some() && self.first == 0 => Phase::Source,
                Phase::Attend if self.cross.is_some() => Phase::Middle,
                Phase::Source => Phase::Middle,
                Phase::Middle => Phase::AttendCross,
                Phase::Attend | Phase::AttendCross | Phase::Finish => Phase::Finish,
            };
            self.row = if self.phase == Phase::Source { 0 } else { self.first };
        }
        Ok(Step::More)
    }

    fn step_cross(
        &mut self,
        (model, block): (&Model, &Block),
        hooks: &mut Hooks<'_>,
        source: Option<&[f32]>,
        rows: Range<usize>,
        is_last: bool,
    ) -> Result<(), EngineError> {
        let layer = self.layer;
        let (Some(mut cross), Some(source), Some((norm, attn))) = (self.cross.take(), source, &block.cross) else {
            return Ok(());
        };
        match self.phase {
            Phase::Source => cross.project_source(attn, source, rows),
            Phase::Middle => {
                let stream = self.after_attention(model, block, rows.clone(), hooks)?;
                cross.project(model, norm, attn, &stream, rows);
                if is_last {
                    cross.start_attending(model, layer, hooks)?;
                }
            }
            _ => {
                cross.attend(&model.attn_layer(layer, Attn::Cross), rows, hooks)?;
                if is_last {
                    cross.end_attending(layer, hooks)?;
                }
            }
        }
        self.cross = Some(cross);
        Ok(())
    }

    /// About how many operations a row costs in this phase.
    fn flop_per_row(&self, spec: &Spec, n_pos: usize, n_source: usize) -> usize {
        let (queries, keys) = (spec.n_heads * spec.d_head, spec.n_key_value_heads * spec.d_head);
        let multiplications = match self.phase {
            Phase::Project => spec.d_model * (queries + 2 * keys),
            // Twice the products: softmax costs about as much as a product of 64 neurons.
            Phase::Attend => 4 * n_pos * queries,
            Phase::AttendCross => 4 * n_source * queries,
            Phase::Source => spec.d_model * 2 * keys,
            Phase::Middle => spec.d_model * 2 * queries,
            Phase::Finish => spec.d_model * (queries + 3 * spec.d_mlp),
        };
        2 * multiplications.max(1)
    }

    fn project(&mut self, model: &Model, block: &Block, positions: &[f32], rows: Range<usize>) {
        let d_model = model.spec.d_model;
        let span = rows.start * d_model..rows.end * d_model;
        let input = input_of(model, block.attn_norm.as_ref(), &self.kept.resid_pre[span.clone()]);
        let packed = PackedRows::pack(&input, d_model, 0..d_model);
        let with_positions = positions.get(span).map(|positions| sum(&input, positions));
        let with_positions = with_positions.map(|input| PackedRows::pack(&input, d_model, 0..d_model));
        let for_pattern = with_positions.as_ref().unwrap_or(&packed);
        let AttnWeights { q, k, v, .. } = &block.attn;
        project_rows(q, for_pattern, rows.clone(), &mut self.kept.q);
        project_rows(k, for_pattern, rows.clone(), &mut self.kept.k);
        project_rows(v, &packed, rows, &mut self.kept.v);
    }

    fn start_attending(
        &mut self,
        of: &AttnLayer<'_>,
        n_pos: usize,
        hooks: &mut Hooks<'_>,
    ) -> Result<Attend, EngineError> {
        let LayerRun { q, k, v, .. } = &mut self.kept;
        for (site, data) in [(BlockSite::Q, q), (BlockSite::K, &mut *k), (BlockSite::V, &mut *v)] {
            let width = data.len() / n_pos;
            hooks.rows(Hook::Block(self.layer, site), self.first..n_pos, &mut data[self.first * width..])?;
        }
        Attend::new(of, k, v, hooks)
    }

    /// What attention adds to rows of the stream, and the stream after it as the next sub-layer's sum starts from it.
    fn after_attention(
        &self,
        model: &Model,
        block: &Block,
        rows: Range<usize>,
        hooks: &mut Hooks<'_>,
    ) -> Result<Vec<f32>, EngineError> {
        let (spec, layer) = (&model.spec, self.layer);
        let span = rows.start * spec.d_model..rows.end * spec.d_model;
        let width = spec.n_heads * spec.d_head;
        let z = &self.z[rows.start * width..rows.end * width];
        let mut attn_out = output(&block.attn, spec, Hook::Block(layer, BlockSite::Result), z, &rows, hooks)?;
        if let Some(norm) = &block.attn_out_norm {
            attn_out = model.norm(norm, &attn_out);
        }
        hooks.rows(Hook::Block(layer, BlockSite::AttnOut), rows.clone(), &mut attn_out)?;
        if !spec.has_resid_mid() {
            return Ok(attn_out);
        }
        let mut resid_mid = sum(&self.kept.resid_pre[span], &attn_out);
        hooks.rows(Hook::Block(layer, BlockSite::ResidMid), rows, &mut resid_mid)?;
        Ok(sum_normed(model, block.attn_norm.as_ref(), resid_mid))
    }

    fn finish_rows(
        &mut self,
        model: &Model,
        block: &Block,
        rows: Range<usize>,
        hooks: &mut Hooks<'_>,
    ) -> Result<(), EngineError> {
        let (spec, layer) = (&model.spec, self.layer);
        let span = rows.start * spec.d_model..rows.end * spec.d_model;
        let before_mlp = match (&self.cross, &block.cross) {
            (Some(cross), Some((norm, attn))) => {
                let resid_mid = cross.finish_rows(model, attn, layer, rows.clone(), hooks)?;
                sum_normed(model, Some(norm), resid_mid)
            }
            _ => self.after_attention(model, block, rows.clone(), hooks)?,
        };
        let resid_pre = &self.kept.resid_pre[span.clone()];
        let mut pass = |site: BlockSite, data: &mut Vec<f32>| hooks.rows(Hook::Block(layer, site), rows.clone(), data);
        let before_mlp = if spec.has_resid_mid() { before_mlp } else { sum(resid_pre, &before_mlp) };
        let mut resid_post = match &block.mlp {
            None => before_mlp,
            Some(weights) => {
                let normed = if spec.is_parallel() {
                    input_of(model, block.mlp_norm.as_ref().or(block.attn_norm.as_ref()), resid_pre)
                } else {
                    input_of(model, block.mlp_norm.as_ref(), &before_mlp)
                };
                let mut mlp_out = mlp(model, weights, &normed, &mut pass)?;
                if let Some(norm) = &block.mlp_out_norm {
                    mlp_out = model.norm(norm, &mlp_out);
                }
                pass(BlockSite::MlpOut, &mut mlp_out)?;
                sum(&before_mlp, &mlp_out)
            }
        };
        pass(BlockSite::ResidPost, &mut resid_post)?;
        if let (NormPlacement::Post, Some(norm)) = (spec.norm_placement, &block.mlp_norm) {
            resid_post = model.norm(norm, &resid_post);
            pass(BlockSite::NormalizedResidPost, &mut resid_post)?;
        }
        self.next[span].copy_from_slice(&resid_post);
        Ok(())
    }
}

/// How many of `n_rows` rows to do at a time so that it is about `wanted` at most: parts of about equal length, whole panels, so that
/// weights are read as seldom as can be and no part ends with a few rows of its own.
fn rows_at_once(n_rows: usize, wanted: usize) -> usize {
    let n_parts = n_rows.div_ceil(wanted.max(1)).max(1);
    n_rows.div_ceil(n_parts).next_multiple_of(ROWS)
}

/// What a sub-layer reads of rows of the stream: normalised where its norm stands before it.
pub(super) fn input_of(model: &Model, norm: Option<&Norm>, stream: &[f32]) -> Vec<f32> {
    match norm.filter(|_| model.spec.has_input_norms()) {
        Some(norm) => model.norm(norm, stream),
        None => stream.to_vec(),
    }
}

/// A sum as the next sub-layer's sum starts from it: normalised in post-norm models.
fn sum_normed(model: &Model, norm: Option<&Norm>, sum: Vec<f32>) -> Vec<f32> {
    match norm.filter(|_| model.spec.norm_placement == NormPlacement::Post) {
        Some(norm) => model.norm(norm, &sum),
        None => sum,
    }
}

/// Writes a projection of packed rows where all rows are kept.
pub(super) fn project_rows(linear: &Linear, packed: &PackedRows, rows: Range<usize>, kept: &mut [f32]) {
    let width = linear.weight.n_out();
    kept[rows.start * width..rows.end * width].copy_from_slice(&linear.apply_packed(packed));
}

/// z [_, n_heads, d_head] through W_O: head by head, by way of the `result` hook, only where someone looks there.
pub(super) fn output(
    attn: &AttnWeights,
    spec: &Spec,
    result_hook: Hook,
    z: &[f32],
    rows: &Range<usize>,
    hooks: &mut Hooks<'_>,
) -> Result<Vec<f32>, EngineError> {
    if !hooks.wants(result_hook) {
        return Ok(attn.o.apply(z));
    }
    let (width, d_model) = (spec.n_heads * spec.d_head, spec.d_model);
    let n_rows = z.len() / width;
    let mut result = vec![0.0; n_rows * spec.n_heads * d_model];
    for head in 0..spec.n_heads {
        let inputs = head * spec.d_head..(head + 1) * spec.d_head;
        let part = attn.o.weight.matmul(&PackedRows::pack(z, width, inputs.clone()), inputs);
        for (row, part) in result.chunks_exact_mut(spec.n_heads * d_model).zip(part.chunks_exact(d_model)) {
            row[head * d_model..][..d_model].copy_from_slice(part);
        }
    }
    hooks.rows(result_hook, rows.clone(), &mut result)?;
    if !hooks.edits.touches(result_hook) {
        // Only looked at: the stream gets what it gets when nobody looks, to the last bit.
        return Ok(attn.o.apply(z));
    }
    let mut out = vec![0.0; n_rows * d_model];
    for (out, heads) in out.chunks_exact_mut(d_model).zip(result.chunks_exact(spec.n_heads * d_model)) {
        for head in heads.chunks_exact(d_model) {
            out.iter_mut().zip(head).for_each(|(value, part)| *value += part);
        }
    }
    if let Some(bias) = &attn.o.bias {
        add_bias(&mut out, bias);
    }
    Ok(out)
}

pub(super) fn sum(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

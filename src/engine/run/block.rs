//! One block of the transformer on one page, from top to bottom in the order of execution.
//!
//! ```text
//! Project        resid_pre ─▶ norm ─▶ q, k, v
//! Attend         q, k, v ─▶ pattern ─▶ z
//! ProjectSource  encoder's stream ─▶ k, v of cross-attention       decoders with an encoder only
//! ProjectCross   z ─▶ attn_out ─▶ resid_mid ─▶ norm ─▶ q           "
//! AttendCross    q, k, v ─▶ pattern ─▶ z                           "
//! Finish         z ─▶ attn_out ─▶ resid_mid ─▶ norm ─▶ mlp_out ─▶ resid_post
//! ```
//!
//! A phase goes through all its rows, a few per step, before the next begins: attention needs the keys and values of all rows,
//! everything else works on each row by itself. Steps that several sub-layers share are in `sublayers`; how many rows make a
//! step is in `phase`.

use std::ops::Range;

use super::conv::convolved;
use super::experts::routed;
use super::phase::{Phase, rows_at_once};
use super::sublayers::{Attention, BlockContext, Inside, mlp, project_rows, sum};
use super::{CrossRun, LayerRun, Step};
use crate::engine::error::EngineError;
use crate::kernels::PackedRows;
use crate::trace::spec::NormPlacement;
use crate::trace::{Attn, BlockSite, Spec};

/// A block under way.
#[derive(Debug)]
pub(in crate::engine) struct BlockRun {
    phase: Phase,
    /// Whether the block was run before and only its inside is made again.
    is_again: bool,
    /// Rows before it were done in an earlier pass: their keys and values are kept.
    first: usize,
    /// The first row that the phase has not done.
    row: usize,
    /// [pos, d_model]
    pub resid_pre: Vec<f32>,
    pub attn: Attention,
    pub cross: Option<CrossAttention>,
    /// The stream that the next block reads. [pos, d_model]
    next: Vec<f32>,
}

/// A decoder's attention to its encoder.
#[derive(Debug)]
pub(in crate::engine) struct CrossAttention {
    pub attn: Attention,
    /// The stream that it is added to. [pos, d_model]
    pub resid_mid: Vec<f32>,
}

impl BlockRun {
    /// Starts the block on new rows of the stream, `resid_pre` [_, d_model], which have passed their hook. `kept` holds the
    /// positions before them. `n_source` is the number of positions that cross-attention reads.
    pub fn new(spec: &Spec, kept: Option<LayerRun>, new_rows: Vec<f32>, n_source: Option<usize>) -> Self {
        let LayerRun { mut resid_pre, q, k, v, cross } = kept.unwrap_or_default();
        let first = resid_pre.len() / spec.d_model;
        // Not copied where nothing stands before: at a thousand tokens every copy is megabytes.
        match first {
            0 => resid_pre = new_rows,
            _ => resid_pre.extend(new_rows),
        }
        let n_pos = resid_pre.len() / spec.d_model;
        let cross = n_source.map(|n_source| {
            let CrossRun { q, k, v } = cross.unwrap_or_default();
            let attn = Attention::new(spec, Attn::Cross, first..n_pos, n_source, [q, k, v]);
            CrossAttention { attn, resid_mid: vec![0.0; n_pos * spec.d_model] }
        });
        Self {
            phase: Phase::Project,
            is_again: false,
            first,
            row: first,
            attn: Attention::new(spec, Attn::Own, first..n_pos, n_pos, [q, k, v]),
            cross,
            next: vec![0.0; n_pos * spec.d_model],
            resid_pre,
        }
    }

    /// Makes the inside of a block again from what a run keeps of it, up to [`Phase::Finish`].
    pub fn again(spec: &Spec, kept: &LayerRun, cx: &mut BlockContext<'_, '_>) -> Result<Self, EngineError> {
        let LayerRun { resid_pre, q, k, v, cross } = kept.clone();
        let n_source = cross.as_ref().map(|cross| cross.k.len() / (spec.n_key_value_heads * spec.d_head));
        let mut block = Self::new(spec, None, resid_pre, n_source);
        (block.is_again, block.phase) = (true, Phase::Attend);
        (block.attn.q, block.attn.k, block.attn.v) = (q, k, v);
        block.attn.pack_kept(cx)?;
        if let (Some(to), Some(CrossRun { q, k, v })) = (&mut block.cross, cross) {
            (to.attn.q, to.attn.k, to.attn.v) = (q, k, v);
            to.attn.pack_kept(cx)?;
        }
        Ok(block)
    }

    /// Whether only the last phase is left.
    pub fn is_at_finish(&self) -> bool {
        self.phase == Phase::Finish
    }

    /// Does about `flop` operations.
    ///
    /// # Errors
    /// When an edit cannot be made.
    pub fn step(&mut self, cx: &mut BlockContext<'_, '_>, flop: usize) -> Result<Step, EngineError> {
        let (rows, is_last) = self.next_rows(&cx.model.spec, flop);
        match self.phase {
            Phase::Project => {
                self.project(cx, &rows);
                if is_last {
                    self.attn.pack(cx)?;
                }
            }
            Phase::Attend => {
                self.attn.attend(cx, &rows)?;
                if is_last {
                    self.attn.finish_z(cx, self.is_again)?;
                }
            }
            Phase::ProjectSource => self.project_source(cx, &rows),
            Phase::ProjectCross => {
                self.project_cross(cx, &rows)?;
                if let Some(cross) = self.cross.as_mut().filter(|_| is_last && !self.is_again) {
                    cross.attn.pack(cx)?;
                }
            }
            Phase::AttendCross => {
                if let Some(cross) = &mut self.cross {
                    cross.attn.attend(cx, &rows)?;
                    if is_last {
                        cross.attn.finish_z(cx, self.is_again)?;
                    }
                }
            }
            Phase::Finish => {
                self.finish_rows(cx, &rows, None)?;
                if is_last {
                    return Ok(Step::Done);
                }
            }
        }
        if is_last {
            self.phase = self.phase.next(self.cross.is_some(), self.first == 0 && !self.is_again);
            self.row = if self.phase == Phase::ProjectSource { 0 } else { self.first };
        }
        Ok(Step::More)
    }

    /// What values are projected from, and what queries and keys are, where that is not the same: where positions are not in the
    /// stream, queries and keys read them beside it. [rows.len(), d_model]
    pub fn projected(&self, cx: &BlockContext<'_, '_>, rows: &Range<usize>) -> (Vec<f32>, Option<Vec<f32>>) {
        let span = cx.span(rows);
        let input = cx.normed_before(cx.weights.attn_norm.as_ref(), &self.resid_pre[span.clone()]);
        let with_positions = cx.positions.get(span).map(|positions| sum(&input, positions));
        (input, with_positions)
    }

    /// Project: queries, keys and values of rows.
    fn project(&mut self, cx: &BlockContext<'_, '_>, rows: &Range<usize>) {
        let d_model = cx.model.spec.d_model;
        let (input, with_positions) = self.projected(cx, rows);
        let packed = PackedRows::pack(&input, d_model, 0..d_model);
        let with_positions = with_positions.map(|input| PackedRows::pack(&input, d_model, 0..d_model));
        let for_pattern = with_positions.as_ref().unwrap_or(&packed);
        project_rows(&cx.weights.attn.q, for_pattern, rows, &mut self.attn.q);
        project_rows(&cx.weights.attn.k, for_pattern, rows, &mut self.attn.k);
        project_rows(&cx.weights.attn.v, &packed, rows, &mut self.attn.v);
    }

    /// Attention's output for rows, added to the stream. [rows.len(), d_model]
    pub fn add_attention(
        &self,
        cx: &mut BlockContext<'_, '_>,
        rows: &Range<usize>,
        inside: Option<&mut Inside>,
    ) -> Result<Vec<f32>, EngineError> {
        let attn_out = self.attn.output(cx, &cx.weights.attn, rows)?;
        self.after_attention(cx, rows, attn_out, inside)
    }

    /// The stream after attention has written `attn_out` for rows. [rows.len(), d_model]
    pub fn after_attention(
        &self,
        cx: &mut BlockContext<'_, '_>,
        rows: &Range<usize>,
        mut attn_out: Vec<f32>,
        inside: Option<&mut Inside>,
    ) -> Result<Vec<f32>, EngineError> {
        let weights = cx.weights;
        let mut attn_raw = Vec::new();
        if let Some(norm) = &weights.attn_out_norm {
            let normed = cx.model.norm(norm, &attn_out);
            attn_raw = std::mem::replace(&mut attn_out, normed);
        }
        cx.pass(BlockSite::AttnOut, rows, &mut attn_out)?;
        let mut resid_mid = sum(&self.resid_pre[cx.span(rows)], &attn_out);
        if cx.model.spec.has_resid_mid() {
            cx.pass(BlockSite::ResidMid, rows, &mut resid_mid)?;
        }
        if let Some(inside) = inside {
            (inside.attn_raw, inside.resid_mid) = (attn_raw, resid_mid.clone());
        }
        match cx.model.spec.has_resid_mid() {
            true => Ok(cx.normed_after(weights.attn_norm.as_ref(), resid_mid)),
            false => Ok(resid_mid),
        }
    }

    /// ProjectSource: keys and values of the encoder's positions.
    fn project_source(&mut self, cx: &BlockContext<'_, '_>, rows: &Range<usize>) {
        let (Some(cross), Some((_, weights))) = (&mut self.cross, &cx.weights.cross) else { return };
        let width = weights.k.weight.n_in();
        let packed = PackedRows::pack(&cx.source[rows.start * width..rows.end * width], width, 0..width);
        project_rows(&weights.k, &packed, rows, &mut cross.attn.k);
        project_rows(&weights.v, &packed, rows, &mut cross.attn.v);
    }

    /// ProjectCross: the stream after the decoder's own attention, and the queries that it gives.
    fn project_cross(&mut self, cx: &mut BlockContext<'_, '_>, rows: &Range<usize>) -> Result<(), EngineError> {
        let resid_mid = self.add_attention(cx, rows, None)?;
        let (Some(cross), Some((norm, weights))) = (&mut self.cross, &cx.weights.cross) else { return Ok(()) };
        let d_model = cx.model.spec.d_model;
        cross.resid_mid[cx.span(rows)].copy_from_slice(&resid_mid);
        if self.is_again {
            return Ok(());
        }
        let packed = PackedRows::pack(&cx.normed_before(Some(norm), &resid_mid), d_model, 0..d_model);
        project_rows(&weights.q, &packed, rows, &mut cross.attn.q);
        Ok(())
    }

    /// Cross-attention's output for rows, added to the stream; `None` in blocks without. [rows.len(), d_model]
    fn add_cross_attention(
        &self,
        cx: &mut BlockContext<'_, '_>,
        rows: &Range<usize>,
        inside: Option<&mut Inside>,
    ) -> Result<Option<Vec<f32>>, EngineError> {
        let (Some(cross), Some((norm, weights))) = (&self.cross, &cx.weights.cross) else { return Ok(None) };
        let mut attn_out = cross.attn.output(cx, weights, rows)?;
        cx.pass(BlockSite::CrossAttnOut, rows, &mut attn_out)?;
        let mut resid_mid = sum(&cross.resid_mid[cx.span(rows)], &attn_out);
        cx.pass(BlockSite::ResidMidCross, rows, &mut resid_mid)?;
        if let Some(inside) = inside {
            inside.resid_mid_cross.clone_from(&resid_mid);
        }
        Ok(Some(cx.normed_after(Some(norm), resid_mid)))
    }

    /// Finish: what attention and MLP write, and the stream leaving the block. The reverse asks for the inside.
    pub fn finish_rows(
        &mut self,
        cx: &mut BlockContext<'_, '_>,
        rows: &Range<usize>,
        mut inside: Option<&mut Inside>,
    ) -> Result<(), EngineError> {
        let resid_mid = match self.add_cross_attention(cx, rows, inside.as_deref_mut())? {
            Some(resid_mid) => resid_mid,
            None => self.add_attention(cx, rows, inside.as_deref_mut())?,
        };
        let mlp_out = match (&cx.weights.mlp, &cx.weights.experts) {
            (Some(weights), _) => {
                let input = self.mlp_input(cx, rows, &resid_mid);
                Some(mlp(cx, weights, &input, rows, inside.as_deref_mut())?)
            }
            (None, Some(experts)) => {
                let input = self.mlp_input(cx, rows, &resid_mid);
                Some(routed(cx, experts, &input, rows, inside.as_deref_mut())?)
            }
            (None, None) => None,
        };
        self.after_mlp(cx, rows, resid_mid, mlp_out, inside)
    }

    /// What the MLP reads of rows. [rows.len(), d_model]
    pub fn mlp_input(&self, cx: &BlockContext<'_, '_>, rows: &Range<usize>, resid_mid: &[f32]) -> Vec<f32> {
        let weights = cx.weights;
        if cx.model.spec.is_parallel() {
            let norm = weights.mlp_norm.as_ref().or(weights.attn_norm.as_ref());
            cx.normed_before(norm, &self.resid_pre[cx.span(rows)])
        } else {
            cx.normed_before(weights.mlp_norm.as_ref(), resid_mid)
        }
    }

    /// The stream leaving the block, after the MLP, where there is one, has written `mlp_out` for rows.
    pub fn after_mlp(
        &mut self,
        cx: &mut BlockContext<'_, '_>,
        rows: &Range<usize>,
        resid_mid: Vec<f32>,
        mlp_out: Option<Vec<f32>>,
        mut inside: Option<&mut Inside>,
    ) -> Result<(), EngineError> {
        let (spec, weights, span) = (&cx.model.spec, cx.weights, cx.span(rows));
        let mut resid_post = match mlp_out {
            None => resid_mid,
            Some(mut mlp_out) => {
                if let Some(norm) = &weights.mlp_out_norm {
                    let normed = cx.model.norm(norm, &mlp_out);
                    let raw = std::mem::replace(&mut mlp_out, normed);
                    if let Some(inside) = &mut inside {
                        inside.mlp_raw = raw;
                    }
                }
                if let Some(inside) = inside.as_deref_mut().filter(|_| !spec.is_parallel()) {
                    inside.mlp_stream.clone_from(&resid_mid);
                }
                cx.pass(BlockSite::MlpOut, rows, &mut mlp_out)?;
                sum(&resid_mid, &mlp_out)
            }
        };
        cx.pass(BlockSite::ResidPost, rows, &mut resid_post)?;
        if let Some(inside) = inside.as_deref_mut() {
            inside.resid_post.clone_from(&resid_post);
        }
        if let (NormPlacement::Post, Some(norm)) = (spec.norm_placement, &weights.mlp_norm) {
            resid_post = cx.model.norm(norm, &resid_post);
            cx.pass(BlockSite::NormalizedResidPost, rows, &mut resid_post)?;
        }
        if let Some(conv) = &weights.conv {
            resid_post = convolved(cx, conv, rows, &resid_post, &self.resid_pre, inside)?;
        }
        self.next[span].copy_from_slice(&resid_post);
        Ok(())
    }

    /// What the run keeps of the block, and the new rows of the stream that enter the next one. [_, d_model]
    pub fn finish(mut self, d_model: usize) -> (LayerRun, Vec<f32>) {
        let next = if self.first == 0 { self.next } else { self.next.split_off(self.first * d_model) };
        let cross = self.cross.map(|CrossAttention { attn: Attention { q, k, v, .. }, .. }| CrossRun { q, k, v });
        let Attention { q, k, v, .. } = self.attn;
        (LayerRun { resid_pre: self.resid_pre, q, k, v, cross }, next)
    }

    /// The rows that the phase does next, about `flop` operations, and whether they are its last.
    fn next_rows(&mut self, spec: &Spec, flop: usize) -> (Range<usize>, bool) {
        let n_pos = self.next.len() / spec.d_model;
        let n_source = self.cross.as_ref().map_or(0, |cross| cross.attn.n_key());
        let (first, n_rows) = if self.phase == Phase::ProjectSource { (0, n_source) } else { (self.first, n_pos) };
        let n_at_once = rows_at_once(n_rows - first, flop / self.phase.flop_per_row(spec, n_pos, n_source));
        let rows = self.row..(self.row + n_at_once).min(n_rows);
        self.row = rows.end;
        (rows.clone(), rows.end == n_rows)
    }
}

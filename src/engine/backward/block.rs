//! The reverse of one block (`run/block`), read from its bottom to its top.
//!
//! ```text
//! Again          the inside of the block up to z, from what the run keeps
//! Finish         next stream ─▶ mlp_out ─▶ MLP ─▶ resid_mid ─▶ attn_out ─▶ z        made again for the same rows first
//! CrossAttend    z ─▶ pattern ─▶ q, k, v of cross-attention                         decoders with an encoder only
//! ProjectCross   q ─▶ resid_mid ─▶ attn_out ─▶ z                                    "
//! ProjectSource  k, v ─▶ encoder's stream                                           "
//! Attend         z ─▶ pattern ─▶ q, k, v
//! Project        q, k, v ─▶ norm ─▶ resid_pre
//! ```
//!
//! A phase goes through all its rows, a few per step, before the next begins. Of n² or d_mlp numbers only those of a step's rows are
//! in memory.

use std::ops::Range;

use super::attention::AttentionReverse;
use super::conv::convolved_reverse;
use super::sublayers::{ReverseContext, add};
use crate::engine::error::EngineError;
use crate::engine::run::block::BlockRun;
use crate::engine::run::experts::routed_reverse;
use crate::engine::run::phase::{Phase, rows_at_once};
use crate::engine::run::sublayers::Inside;
use crate::engine::run::{LayerRun, Step};
use crate::kernels::PackedRows;
use crate::trace::spec::NormPlacement;
use crate::trace::{Attn, BlockSite, Spec};

/// The phases in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Back {
    Again,
    Finish,
    CrossAttend,
    ProjectCross,
    ProjectSource,
    Attend,
    Project,
}

/// The reverse of a block under way.
#[derive(Debug)]
pub(super) struct BlockReverse {
    /// The block's inside.
    block: BlockRun,
    phase: Back,
    /// The first row that the phase has not done.
    row: usize,
    n_pos: usize,
    /// Gradient by what the next block reads, or the final norm's result. [pos, d_model]
    next: Vec<f32>,
    /// Gradient by the stream entering the block, as far as it is added up. [pos, d_model]
    resid_pre: Vec<f32>,
    attn: AttentionReverse,
    cross: Option<CrossReverse>,
}

/// Gradients of a decoder's attention to its encoder.
#[derive(Debug)]
struct CrossReverse {
    attn: AttentionReverse,
    /// By the stream that it is added to. [pos, d_model]
    resid_mid: Vec<f32>,
}

impl BlockReverse {
    /// Starts the reverse of a block that a run keeps. `next` is the gradient by what the next block reads.
    pub fn new(cx: &mut ReverseContext<'_, '_>, kept: &LayerRun, next: Vec<f32>) -> Result<Self, EngineError> {
        let spec = cx.model().spec();
        let n_pos = next.len() / spec.d_model;
        let block = BlockRun::again(spec, kept, &mut cx.forward)?;
        let cross = block.cross.as_ref().map(|cross| CrossReverse {
            attn: AttentionReverse::new(spec, Attn::Cross, n_pos, cross.attn.n_key()),
            resid_mid: vec![0.0; n_pos * spec.d_model],
        });
        Ok(Self {
            block,
            phase: Back::Again,
            row: 0,
            n_pos,
            resid_pre: vec![0.0; next.len()],
            next,
            attn: AttentionReverse::new(spec, Attn::Own, n_pos, n_pos),
            cross,
        })
    }

    /// Does about `flop` operations.
    ///
    /// # Errors
    /// When the inside cannot be made again.
    pub fn step(&mut self, cx: &mut ReverseContext<'_, '_>, flop: usize) -> Result<Step, EngineError> {
        if self.phase == Back::Again {
            self.block.step(&mut cx.forward, flop)?;
            if self.block.is_at_finish() {
                self.phase = Back::Finish;
            }
            return Ok(Step::More);
        }
        let (rows, is_last) = self.next_rows(cx, flop);
        let all = 0..self.n_pos;
        match self.phase {
            Back::Again => {}
            Back::Finish => {
                self.finish_rows(cx, &rows)?;
                match &mut self.cross {
                    _ if !is_last => {}
                    Some(cross) => cx.pass(BlockSite::CrossZ, &all, &mut cross.attn.z),
                    None => cx.pass(BlockSite::Z, &all, &mut self.attn.z),
                }
            }
            Back::CrossAttend => {
                if let (Some(cross), Some(inside)) = (&mut self.cross, &self.block.cross) {
                    cross.attn.attend(cx, &inside.attn, &rows)?;
                    if is_last {
                        cross.attn.finish(cx, &inside.attn);
                    }
                }
            }
            Back::ProjectCross => {
                self.project_cross(cx, &rows)?;
                if is_last {
                    cx.pass(BlockSite::Z, &all, &mut self.attn.z);
                }
            }
            Back::ProjectSource => self.project_source(cx, &rows),
            Back::Attend => {
                self.attn.attend(cx, &self.block.attn, &rows)?;
                if is_last {
                    self.attn.finish(cx, &self.block.attn);
                }
            }
            Back::Project => {
                self.project(cx, &rows);
                if is_last {
                    return Ok(Step::Done);
                }
            }
        }
        if is_last {
            self.phase = match self.phase {
                Back::Again => Back::Finish,
                Back::Finish if self.cross.is_some() => Back::CrossAttend,
                Back::CrossAttend => Back::ProjectCross,
                Back::ProjectCross => Back::ProjectSource,
                Back::Finish | Back::ProjectSource => Back::Attend,
                Back::Attend | Back::Project => Back::Project,
            };
            self.row = 0;
        }
        Ok(Step::More)
    }

    /// Finish: from the stream leaving the block to the attention before the MLP, and to the stream that both read.
    fn finish_rows(&mut self, cx: &mut ReverseContext<'_, '_>, rows: &Range<usize>) -> Result<(), EngineError> {
        let mut inside = Inside::default();
        self.block.finish_rows(&mut cx.forward, rows, Some(&mut inside))?;
        let (model, weights, span) = (cx.model(), cx.forward.weights, cx.forward.span(rows));
        let spec = model.spec();
        let mut grad = self.next[span.clone()].to_vec();
        if let Some(norm) = cx.final_norm {
            model.norm_reverse(norm, &inside.resid_post, &mut grad);
        }
        if let Some(conv) = &weights.conv {
            convolved_reverse(cx, conv, rows, &inside, &mut grad, &mut self.resid_pre);
        }
        if let (NormPlacement::Post, Some(norm)) = (spec.norm_placement, &weights.mlp_norm) {
            cx.pass(BlockSite::NormalizedResidPost, rows, &mut grad);
            model.norm_reverse(norm, &inside.resid_post, &mut grad);
        }
        cx.pass(BlockSite::ResidPost, rows, &mut grad);
        let mut resid_mid = grad.clone();
        if weights.mlp.is_some() || weights.experts.is_some() {
            cx.pass(BlockSite::MlpOut, rows, &mut grad);
            if let Some(norm) = &weights.mlp_out_norm {
                model.norm_reverse(norm, &inside.mlp_raw, &mut grad);
            }
            let mut input = match (&weights.mlp, &weights.experts) {
                (Some(mlp), _) => cx.mlp(mlp, &inside, rows, &grad),
                (None, Some(experts)) => {
                    routed_reverse(model, experts, &inside.routed, &grad, &mut |site, grad| cx.pass(site, rows, grad))
                }
                (None, None) => vec![0.0; grad.len()],
            };
            if spec.is_parallel() {
                let norm = weights.mlp_norm.as_ref().or(weights.attn_norm.as_ref());
                cx.normed_before(norm, &self.block.resid_pre[span.clone()], &mut input);
                add(&mut self.resid_pre[span.clone()], &input);
            } else {
                cx.normed_before(weights.mlp_norm.as_ref(), &inside.mlp_stream, &mut input);
                add(&mut resid_mid, &input);
            }
        }
        let (Some(cross), Some((norm, cross_weights))) = (&mut self.cross, &weights.cross) else {
            self.attention(cx, rows, &inside, resid_mid);
            return Ok(());
        };
        cx.normed_after(Some(norm), &inside.resid_mid_cross, &mut resid_mid);
        cx.pass(BlockSite::ResidMidCross, rows, &mut resid_mid);
        cross.resid_mid[span].copy_from_slice(&resid_mid);
        cx.pass(BlockSite::CrossAttnOut, rows, &mut resid_mid);
        cx.output(Attn::Cross, cross_weights, rows, &resid_mid, &mut cross.attn.z);
        Ok(())
    }

    /// From the stream after attention, `grad` [rows.len(), d_model], to z and to the stream entering the block.
    fn attention(&mut self, cx: &mut ReverseContext<'_, '_>, rows: &Range<usize>, inside: &Inside, mut grad: Vec<f32>) {
        let (model, weights) = (cx.model(), cx.forward.weights);
        if model.spec().has_resid_mid() {
            cx.normed_after(weights.attn_norm.as_ref(), &inside.resid_mid, &mut grad);
            cx.pass(BlockSite::ResidMid, rows, &mut grad);
        }
        add(&mut self.resid_pre[cx.forward.span(rows)], &grad);
        cx.pass(BlockSite::AttnOut, rows, &mut grad);
        if let Some(norm) = &weights.attn_out_norm {
            model.norm_reverse(norm, &inside.attn_raw, &mut grad);
        }
        cx.output(Attn::Own, &weights.attn, rows, &grad, &mut self.attn.z);
    }

    /// ProjectCross: from cross-attention's queries to the stream that they read, and on through the decoder's own attention.
    fn project_cross(&mut self, cx: &mut ReverseContext<'_, '_>, rows: &Range<usize>) -> Result<(), EngineError> {
        let (Some(cross), Some(kept), Some((norm, weights))) =
            (&self.cross, &self.block.cross, &cx.forward.weights.cross)
        else {
            return Ok(());
        };
        let (span, width) = (cx.forward.span(rows), weights.q.weight.n_out());
        let mut grad = weights.q.reverse(&cross.attn.z[rows.start * width..rows.end * width]);
        cx.normed_before(Some(norm), &kept.resid_mid[span.clone()], &mut grad);
        add(&mut grad, &cross.resid_mid[span]);
        let mut inside = Inside::default();
        self.block.add_attention(&mut cx.forward, rows, Some(&mut inside))?;
        self.attention(cx, rows, &inside, grad);
        Ok(())
    }

    /// ProjectSource: from cross-attention's keys and values to the encoder's stream.
    fn project_source(&self, cx: &mut ReverseContext<'_, '_>, rows: &Range<usize>) {
        let (Some(cross), Some((_, weights))) = (&self.cross, &cx.forward.weights.cross) else { return };
        let (width, source_width) = (weights.k.weight.n_out(), weights.k.weight.n_in());
        let span = rows.start * width..rows.end * width;
        let mut grad = weights.k.reverse(&cross.attn.k[span.clone()]);
        add(&mut grad, &weights.v.reverse(&cross.attn.v[span]));
        add(&mut cx.source[rows.start * source_width..rows.end * source_width], &grad);
    }

    /// Project: from queries, keys and values to the stream entering the block.
    fn project(&mut self, cx: &mut ReverseContext<'_, '_>, rows: &Range<usize>) {
        let (weights, span) = (&cx.forward.weights.attn, cx.forward.span(rows));
        let (width, key_width) = (weights.q.weight.n_out(), weights.k.weight.n_out());
        let of_keys = rows.start * key_width..rows.end * key_width;
        if weights.v.clip.is_some() {
            let (input, with_positions) = self.block.projected(&cx.forward, rows);
            let d_model = cx.model().spec().d_model;
            let packed = PackedRows::pack(&input, d_model, 0..d_model);
            let with_positions = with_positions.map(|input| PackedRows::pack(&input, d_model, 0..d_model));
            let for_pattern = with_positions.as_ref().unwrap_or(&packed);
            weights.q.cut_off_reverse(for_pattern, &mut self.attn.z[rows.start * width..rows.end * width]);
            weights.k.cut_off_reverse(for_pattern, &mut self.attn.k[of_keys.clone()]);
            weights.v.cut_off_reverse(&packed, &mut self.attn.v[of_keys.clone()]);
        }
        let mut grad = weights.q.reverse(&self.attn.z[rows.start * width..rows.end * width]);
        add(&mut grad, &weights.k.reverse(&self.attn.k[of_keys.clone()]));
        if let Some(positions) = cx.positions.get_mut(span.clone()) {
            add(positions, &grad);
        }
        add(&mut grad, &weights.v.reverse(&self.attn.v[of_keys]));
        cx.normed_before(cx.forward.weights.attn_norm.as_ref(), &self.block.resid_pre[span.clone()], &mut grad);
        add(&mut self.resid_pre[span], &grad);
    }

    /// The gradient by the stream entering the block. [pos, d_model]
    pub fn finish(self) -> Vec<f32> {
        self.resid_pre
    }

    /// The rows that the phase does next, about `flop` operations, and whether they are its last.
    fn next_rows(&mut self, cx: &ReverseContext<'_, '_>, flop: usize) -> (Range<usize>, bool) {
        let (spec, n_pos) = (cx.model().spec(), self.n_pos);
        let n_source = self.cross.as_ref().map_or(0, |cross| cross.attn.n_key());
        let n_rows = if self.phase == Back::ProjectSource { n_source } else { n_pos };
        let wants_all = match (self.phase, &self.cross) {
            (Back::Attend, _) => self.attn.wants_squares(cx),
            (Back::CrossAttend, Some(cross)) => cross.attn.wants_squares(cx),
            _ => false,
        };
        let n_at_once = match wants_all {
            true => n_rows,
            false => rows_at_once(n_rows, flop / flop_per_row(self.phase, spec, n_pos, n_source)),
        };
        let rows = self.row..(self.row + n_at_once).min(n_rows);
        self.row = rows.end;
        (rows.clone(), rows.end == n_rows)
    }
}

/// About how many operations one row costs, by what its forward costs.
fn flop_per_row(phase: Back, spec: &Spec, n_pos: usize, n_source: usize) -> usize {
    let forward = |phase: Phase| phase.flop_per_row(spec, n_pos, n_source);
    match phase {
        Back::Again | Back::Project => forward(Phase::Project),
        // Once forward, once back.
        Back::Finish => 2 * forward(Phase::Finish),
        // Five products where the way there has two.
        Back::Attend => 3 * forward(Phase::Attend),
        Back::CrossAttend => 3 * forward(Phase::AttendCross),
        Back::ProjectCross => 2 * forward(Phase::ProjectCross),
        Back::ProjectSource => forward(Phase::ProjectSource),
    }
}

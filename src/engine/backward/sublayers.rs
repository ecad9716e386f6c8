//! The reverse of the steps that the sub-layers of a block share (`run/sublayers`): norms, the output of attention, the MLP.

use std::collections::BTreeSet;
use std::ops::Range;

use super::hooks::ReverseHooks;
use crate::engine::model::{AttnWeights, Mlp, Model, Norm};
use crate::engine::run::sublayers::{BlockContext, Inside};
use crate::trace::spec::NormPlacement;
use crate::trace::{Attn, BlockSite, Hook};

/// What every step of a block's reverse reads, beside what the block itself does.
pub(super) struct ReverseContext<'a, 'h> {
    /// For making the inside of the block again.
    pub forward: BlockContext<'a, 'h>,
    /// The hook point on the way back.
    pub back: ReverseHooks<'a>,
    /// The norm after the last block, in its reverse.
    pub final_norm: Option<&'a Norm>,
    /// Gradient by what positions add to the inputs of queries and keys [pos, d_model]; empty where they are in the stream.
    pub positions: &'a mut [f32],
    /// Gradient by the encoder's last stream [source_pos, d_model]; empty for models of one stack.
    pub source: &'a mut [f32],
}

impl<'a> ReverseContext<'a, '_> {
    /// The model.
    pub fn model(&self) -> &'a Model {
        self.forward.model
    }

    /// What is asked for.
    pub fn asked(&self) -> &'a BTreeSet<Hook> {
        self.back.asked
    }

    /// A hook of the block.
    pub fn hook(&self, site: BlockSite) -> Hook {
        Hook::Block(self.forward.layer, site)
    }

    /// Passes rows of a gradient through the hook point of the block.
    pub fn pass(&mut self, site: BlockSite, rows: &Range<usize>, grad: &mut [f32]) {
        let hook = self.hook(site);
        self.back.rows(hook, rows, grad);
    }

    /// Gradients by what a sub-layer reads become those by the stream, `stream` [_, d_model], in place.
    pub fn normed_before(&self, norm: Option<&Norm>, stream: &[f32], grad: &mut [f32]) {
        if let Some(norm) = norm.filter(|_| self.model().spec().has_input_norms()) {
            self.model().norm_reverse(norm, stream, grad);
        }
    }

    /// Gradients by the stream after a sub-layer become those by the sum, `stream` [_, d_model], in place.
    pub fn normed_after(&self, norm: Option<&Norm>, stream: &[f32], grad: &mut [f32]) {
        if let Some(norm) = norm.filter(|_| self.model().spec().norm_placement == NormPlacement::Post) {
            self.model().norm_reverse(norm, stream, grad);
        }
    }

    /// From attention's output before its norm, `grad` [rows.len(), d_model], to z: head by head only where someone looks at the
    /// results of heads. Writes the rows of `z` [pos, n_heads, d_head].
    pub fn output(&mut self, attn: Attn, weights: &AttnWeights, rows: &Range<usize>, grad: &[f32], z: &mut [f32]) {
        let spec = self.model().spec();
        let (width, d_model, d_head) = (spec.n_heads * spec.d_head, spec.d_model, spec.d_head);
        let z = &mut z[rows.start * width..rows.end * width];
        let site = BlockSite::Result.in_attn(attn);
        let hook = self.hook(site);
        if !self.back.wants(hook) {
            return z.copy_from_slice(&weights.o.reverse(grad));
        }
        let mut result: Vec<f32> = grad.chunks_exact(d_model).flat_map(|row| row.repeat(spec.n_heads)).collect();
        self.pass(site, rows, &mut result);
        if !self.back.edits.touches(hook) {
            return z.copy_from_slice(&weights.o.reverse(grad));
        }
        for head in 0..spec.n_heads {
            let of_head = result.chunks_exact(spec.n_heads * d_model).flat_map(|row| &row[head * d_model..][..d_model]);
            let by_all = weights.o.reverse(&of_head.copied().collect::<Vec<f32>>());
            let columns = head * d_head..(head + 1) * d_head;
            for (z, by_all) in z.chunks_exact_mut(width).zip(by_all.chunks_exact(width)) {
                z[columns.clone()].copy_from_slice(&by_all[columns.clone()]);
            }
        }
    }

    /// From the MLP's output before its norm, `grad` [rows.len(), d_model], to what the MLP reads. [rows.len(), d_model]
    pub fn mlp(&mut self, weights: &Mlp, inside: &Inside, rows: &Range<usize>, grad: &[f32]) -> Vec<f32> {
        let mut post = weights.out.reverse(grad);
        self.pass(BlockSite::MlpPost, rows, &mut post);
        let mut slope = inside.mlp_pre.clone();
        Model::slope_of(self.model().spec().activation)(&mut slope);
        let times = |grad: &mut [f32], by: &[f32]| grad.iter_mut().zip(by).for_each(|(grad, by)| *grad *= by);
        let Some(gate) = &weights.gate else {
            times(&mut post, &slope);
            self.pass(BlockSite::MlpPre, rows, &mut post);
            return weights.into.reverse(&post);
        };
        let mut linear = inside.mlp_pre.clone();
        self.model().activation().0(&mut linear);
        times(&mut linear, &post);
        self.pass(BlockSite::MlpPreLinear, rows, &mut linear);
        times(&mut post, &slope);
        times(&mut post, &inside.mlp_linear);
        self.pass(BlockSite::MlpPre, rows, &mut post);
        let mut input = weights.into.reverse(&linear);
        add(&mut input, &gate.reverse(&post));
        input
    }
}

/// to += more, element by element.
pub(super) fn add(to: &mut [f32], more: &[f32]) {
    to.iter_mut().zip(more).for_each(|(to, more)| *to += more);
}

//! One block of the transformer, a few rows at a time.

use std::ops::Range;

use super::{LayerRun, Step};
use crate::analysis::attention::{Keys, Tap, pattern, queries};
use crate::edit::InvalidEdit;
use crate::engine::hooks::Hooks;
use crate::engine::model::{Block, Model, add_bias};
use crate::kernels::{PackedRows, Panels};
use crate::trace::spec::NormPlacement;
use crate::trace::{BlockSite, Hook, Spec};

/// A block under way.
#[derive(Debug)]
pub(super) struct Work {
    layer: usize,
    phase: Phase,
    /// First row that the phase has not done.
    row: usize,
    kept: LayerRun,
    /// Keys as they enter the product, values per key head transposed [d_head, pos]; made when all rows are projected.
    attend: Option<(Keys, Vec<Panels>)>,
    /// [pos, n_heads, d_head]
    z: Vec<f32>,
    /// The stream leaving the block. [pos, d_model]
    next: Vec<f32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Project,
    Attend,
    Finish,
}

impl Work {
    /// Starts the block; `resid_pre` [pos, d_model] has passed its hook.
    pub fn new(spec: &Spec, layer: usize, resid_pre: Vec<f32>) -> Self {
        let n_pos = resid_pre.len() / spec.d_model;
        let queries = n_pos * spec.n_heads * spec.d_head;
        let keys = n_pos * spec.n_key_value_heads * spec.d_head;
        Self {
            layer,
            phase: Phase::Project,
            row: 0,
            attend: None,
            z: vec![0.0; queries],
            next: vec![0.0; resid_pre.len()],
            kept: LayerRun { resid_pre, q: vec![0.0; queries], k: vec![0.0; keys], v: vec![0.0; keys] },
        }
    }

    /// What is kept, and the stream entering the next layer.
    pub fn finish(self) -> (LayerRun, Vec<f32>) {
        (self.kept, self.next)
    }

    /// Does about `flop` operations.
    pub fn step(&mut self, model: &Model, hooks: &mut Hooks<'_>, flop: usize) -> Result<Step, InvalidEdit> {
        let spec = &model.spec;
        let n_pos = self.next.len() / spec.d_model;
        let rows = self.row..(self.row + (flop / self.flop_per_row(spec, n_pos)).max(1)).min(n_pos);
        self.row = rows.end;
        let is_last = rows.end == n_pos;
        let block = &model.blocks[self.layer];
        match self.phase {
            Phase::Project => {
                self.project(model, block, rows);
                if is_last {
                    self.start_attending(spec, n_pos, hooks)?;
                }
            }
            Phase::Attend => {
                self.attend(spec, rows, hooks)?;
                if is_last {
                    hooks.rows(Hook::Block(self.layer, BlockSite::Z), 0..n_pos, &mut self.z)?;
                    self.attend = None;
                }
            }
            Phase::Finish => {
                self.finish_rows(model, block, rows, hooks)?;
                if is_last {
                    return Ok(Step::Done);
                }
            }
        }
        if is_last {
            self.row = 0;
            self.phase = if self.phase == Phase::Project { Phase::Attend } else { Phase::Finish };
        }
        Ok(Step::More)
    }

    /// About how many operations a row costs in this phase.
    fn flop_per_row(&self, spec: &Spec, n_pos: usize) -> usize {
        let (queries, keys) = (spec.n_heads * spec.d_head, spec.n_key_value_heads * spec.d_head);
        let multiplications = match self.phase {
            Phase::Project => spec.d_model * (queries + 2 * keys),
            // Twice the products: softmax costs about as much as a product of 64 neurons.
            Phase::Attend => 4 * n_pos * queries,
            Phase::Finish => spec.d_model * (queries + 3 * spec.d_mlp),
        };
        2 * multiplications
    }

    fn project(&mut self, model: &Model, block: &Block, rows: Range<usize>) {
        let d_model = model.spec.d_model;
        let stream = &self.kept.resid_pre[rows.start * d_model..rows.end * d_model];
        let normed = match model.spec.norm_placement {
            NormPlacement::Pre => &model.norm(&block.attn_norm, stream),
            NormPlacement::Post => stream,
        };
        let packed = PackedRows::pack(normed, d_model, 0..d_model);
        let parts = [(&block.q, &mut self.kept.q), (&block.k, &mut self.kept.k), (&block.v, &mut self.kept.v)];
        for (linear, kept) in parts {
            let width = linear.weight.n_out();
            kept[rows.start * width..rows.end * width].copy_from_slice(&linear.apply_packed(&packed));
        }
    }

    fn start_attending(&mut self, spec: &Spec, n_pos: usize, hooks: &mut Hooks<'_>) -> Result<(), InvalidEdit> {
        let LayerRun { q, k, v, .. } = &mut self.kept;
        for (site, data) in [(BlockSite::Q, q), (BlockSite::K, k), (BlockSite::V, v)] {
            hooks.rows(Hook::Block(self.layer, site), 0..n_pos, data)?;
        }
        let keys = Keys::new(spec, self.layer, &self.kept.k, hooks)?;
        let width = spec.n_key_value_heads * spec.d_head;
        let columns = (0..spec.n_key_value_heads).map(|head| head * spec.d_head..(head + 1) * spec.d_head);
        let values = columns.map(|columns| Panels::pack_columns(&self.kept.v, width, columns)).collect();
        self.attend = Some((keys, values));
        Ok(())
    }

    fn attend(&mut self, spec: &Spec, rows: Range<usize>, hooks: &mut Hooks<'_>) -> Result<(), InvalidEdit> {
        let Some((keys, values)) = &self.attend else { return Ok(()) };
        let width = spec.n_heads * spec.d_head;
        let span = rows.start * width..rows.end * width;
        let queries = queries(spec, self.layer, rows.clone(), &self.kept.q[span.clone()], hooks)?;
        let z = &mut self.z[span];
        for head in 0..spec.n_heads {
            let weights = pattern(spec, self.layer, head, rows.clone(), &queries, keys, hooks)?;
            let n_key = weights.len() / rows.len();
            let values = &values[head / spec.queries_per_key_head()];
            values.matmul(&PackedRows::pack(&weights, n_key, 0..n_key), 0..n_key, z, width, head * spec.d_head);
        }
        Ok(())
    }

    fn finish_rows(
        &mut self,
        model: &Model,
        block: &Block,
        rows: Range<usize>,
        hooks: &mut Hooks<'_>,
    ) -> Result<(), InvalidEdit> {
        let (spec, layer) = (&model.spec, self.layer);
        let wants_result = hooks.wants(Hook::Block(layer, BlockSite::Result));
        let mut pass = |site: BlockSite, data: &mut Vec<f32>| hooks.rows(Hook::Block(layer, site), rows.clone(), data);
        let span = rows.start * spec.d_model..rows.end * spec.d_model;
        let width = spec.n_heads * spec.d_head;
        let z = &self.z[rows.start * width..rows.end * width];

        let mut attn_out = if wants_result { result_sum(block, spec, z, &mut pass)? } else { block.o.apply(z) };
        pass(BlockSite::AttnOut, &mut attn_out)?;

        let mut resid_mid = sum(&self.kept.resid_pre[span.clone()], &attn_out);
        pass(BlockSite::ResidMid, &mut resid_mid)?;

        let normed = match spec.norm_placement {
            NormPlacement::Pre => model.norm(&block.mlp_norm, &resid_mid),
            NormPlacement::Post => model.norm(&block.attn_norm, &resid_mid),
        };
        let mut mlp_out = mlp(model, block, &normed, &mut pass)?;
        pass(BlockSite::MlpOut, &mut mlp_out)?;

        let before_mlp = match spec.norm_placement {
            NormPlacement::Pre => &resid_mid,
            NormPlacement::Post => &normed,
        };
        let mut resid_post = sum(before_mlp, &mlp_out);
        pass(BlockSite::ResidPost, &mut resid_post)?;

        if spec.norm_placement == NormPlacement::Post {
            resid_post = model.norm(&block.mlp_norm, &resid_post);
            pass(BlockSite::NormalizedResidPost, &mut resid_post)?;
        }
        self.next[span].copy_from_slice(&resid_post);
        Ok(())
    }
}

/// What attention adds to the stream, by way of each head's own part: only where someone looks at those.
fn result_sum(
    block: &Block,
    spec: &Spec,
    z: &[f32],
    pass: &mut impl FnMut(BlockSite, &mut Vec<f32>) -> Result<(), InvalidEdit>,
) -> Result<Vec<f32>, InvalidEdit> {
    let (width, d_model) = (spec.n_heads * spec.d_head, spec.d_model);
    let n_rows = z.len() / width;
    let mut result = vec![0.0; n_rows * spec.n_heads * d_model];
    for head in 0..spec.n_heads {
        let inputs = head * spec.d_head..(head + 1) * spec.d_head;
        let part = block.o.weight.matmul(&PackedRows::pack(z, width, inputs.clone()), inputs);
        for (row, part) in result.chunks_exact_mut(spec.n_heads * d_model).zip(part.chunks_exact(d_model)) {
            row[head * d_model..][..d_model].copy_from_slice(part);
        }
    }
    pass(BlockSite::Result, &mut result)?;
    let mut out = vec![0.0; n_rows * d_model];
    for (out, heads) in out.chunks_exact_mut(d_model).zip(result.chunks_exact(spec.n_heads * d_model)) {
        for head in heads.chunks_exact(d_model) {
            out.iter_mut().zip(head).for_each(|(value, part)| *value += part);
        }
    }
    if let Some(bias) = &block.o.bias {
        add_bias(&mut out, bias);
    }
    Ok(out)
}

/// The MLP on rows [_, d_model], before its own output hook.
fn mlp(
    model: &Model,
    block: &Block,
    normed: &[f32],
    pass: &mut impl FnMut(BlockSite, &mut Vec<f32>) -> Result<(), InvalidEdit>,
) -> Result<Vec<f32>, InvalidEdit> {
    let d_model = model.spec.d_model;
    let packed = PackedRows::pack(normed, d_model, 0..d_model);
    let mut hidden = block.mlp_gate.as_ref().unwrap_or(&block.mlp_in).apply_packed(&packed);
    pass(BlockSite::MlpPre, &mut hidden)?;
    model.activate(&mut hidden);
    if block.mlp_gate.is_some() {
        let mut linear = block.mlp_in.apply_packed(&packed);
        pass(BlockSite::MlpPreLinear, &mut linear)?;
        hidden.iter_mut().zip(linear).for_each(|(value, linear)| *value *= linear);
    }
    pass(BlockSite::MlpPost, &mut hidden)?;
    Ok(block.mlp_out.apply(&hidden))
}

fn sum(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

//! Several runs of one model through a layer together: their rows go through each product side by side, and attention stays apart.
//!
//! A product of few rows spends its time on reading and widening weights, so short inputs alone use a part of the processor. Each
//! row of a product is made by the same operations whatever stands beside it, so results are those of single runs to the last bit,
//! unless a run has a single row: a product of one row alone is added up in another order.

use std::mem::take;
use std::ops::Range;
use std::sync::Arc;

use super::block::BlockRun;
use super::experts::routed;
use super::sublayers::{BlockContext, activated};
use super::{Run, STEP_FLOP, Step};
use crate::analysis::attention::Tap;
use crate::engine::error::EngineError;
use crate::engine::hooks::Hooks;
use crate::engine::model::{Block, Linear, Model, WideBlock};
use crate::kernels::PackedRows;
use crate::kernels::threads::together;
use crate::trace::{BlockSite, Hook, Spec};

/// Fewest rows of a product that leave reading the weights cheap beside multiplying with them.
const LEAST_ROWS: usize = 64;

/// How many rows of a model's layer make a step.
pub(in crate::engine) fn rows_of_a_step(spec: &Spec) -> usize {
    let (queries, keys) = (spec.n_heads * spec.d_head, spec.n_key_value_heads * spec.d_head);
    let flop_per_row = 2 * spec.d_model * (2 * queries + 2 * keys + 3 * spec.mlp_width());
    (together(STEP_FLOP) / flop_per_row.max(1)).max(LEAST_ROWS)
}

/// Takes runs a step further: those at the beginning of one layer go through it as a whole, side by side; others, and all before the
/// first layer and after the last, take a step of their own. Says of each whether it is done, or why it failed. `wide` is a block
/// with widened weights, used where it is that layer's.
pub(in crate::engine) fn step_together(
    runs: &mut [&mut Run],
    wide: Option<&WideBlock>,
) -> Vec<Result<Step, EngineError>> {
    let layer = runs.first().map_or(0, |run| run.layer);
    if runs.len() < 2 || !runs.iter().all(|run| is_entering(run, layer)) {
        return runs.iter_mut().map(|run| run.step_through(wide)).collect();
    }
    let model = Arc::clone(&runs[0].model);
    let wide = wide.filter(|wide| wide.layer == layer).map(|wide| &wide.block);
    let weights = wide.unwrap_or(&model.blocks[layer]);
    let members = runs.iter_mut().map(|run| Member::enter(run, layer)).collect();
    let mut all = Together { model: &model, layer, weights, members };
    all.project();
    all.attend();
    all.finish();
    all.members.into_iter().map(|member| member.leave(layer)).collect()
}

/// Whether a run is at the beginning of a layer and can go through it as a whole: a run of one stack without earlier positions.
fn is_entering(run: &Run, layer: usize) -> bool {
    let is_between = run.block.is_none() && !run.stream.is_empty() && run.layer == layer;
    is_between && layer < run.model.spec.n_layers && run.source.is_none() && run.layers.len() == layer
}

/// Runs in a layer.
struct Together<'a> {
    model: &'a Model,
    layer: usize,
    weights: &'a Block,
    members: Vec<Member<'a>>,
}

/// A run in the layer.
struct Member<'a> {
    run: &'a mut Run,
    block: BlockRun,
    rows: Range<usize>,
    failed: Option<EngineError>,
}

impl<'a> Member<'a> {
    fn enter(run: &'a mut Run, layer: usize) -> Self {
        let rows = 0..run.tokens.len();
        let mut stream = std::mem::take(&mut run.stream);
        let mut hooks = Hooks { n_pos: rows.end, edits: &run.edits, captures: &mut run.captures };
        let entered = hooks.rows(Hook::Block(layer, BlockSite::ResidPre), rows.clone(), &mut stream);
        let block = BlockRun::new(&run.model.spec, None, stream, None);
        Self { run, block, rows, failed: entered.err() }
    }

    fn leave(self, layer: usize) -> Result<Step, EngineError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let (kept, next) = self.block.finish(self.run.model.spec.d_model);
        self.run.keep(layer, kept);
        self.run.layer += 1;
        self.run.stream = next;
        Ok(Step::More)
    }
}

impl Together<'_> {
    /// Queries, keys and values of all rows.
    fn project(&mut self) {
        let inputs = self.each(|_, block, cx, rows| Ok(Some(block.projected(cx, rows))));
        let (values_from, queries_from): (Vec<Vec<f32>>, Vec<Option<Vec<f32>>>) =
            inputs.into_iter().map(Option::unwrap_or_default).unzip();
        let for_values = Joined::of(&values_from, self.model.spec.d_model);
        // All runs are of one model: either each has positions beside the stream, or none.
        let has_positions = queries_from.iter().any(Option::is_some);
        let queries_from: Vec<Vec<f32>> = queries_from.into_iter().map(Option::unwrap_or_default).collect();
        let for_queries = has_positions.then(|| Joined::of(&queries_from, self.model.spec.d_model));
        let for_queries = for_queries.as_ref().unwrap_or(&for_values);
        let attn = &self.weights.attn;
        let mut q = for_queries.through(&attn.q);
        let mut k = for_queries.through(&attn.k);
        let mut v = for_values.through(&attn.v);
        self.each(|index, block, _, _| {
            (block.attn.q, block.attn.k, block.attn.v) =
                (take(&mut q[index]), take(&mut k[index]), take(&mut v[index]));
            Ok(())
        });
    }

    /// z of each run.
    fn attend(&mut self) {
        self.each(|_, block, cx, rows| {
            block.attn.pack(cx)?;
            block.attn.attend(cx, rows)?;
            block.attn.finish_z(cx, false)
        });
    }

    /// What attention and MLP write, and the streams leaving the block. Runs in which someone looks at what single heads write make the
    /// output of attention by themselves.
    fn finish(&mut self) {
        let weights = self.weights;
        let (d_model, width) = (self.model.spec.d_model, weights.attn.o.weight.n_in());
        let z = self.each(|_, block, cx, _| {
            Ok(if block.attn.is_head_by_head(cx) { Vec::new() } else { block.attn.z().to_vec() })
        });
        let mut attn_out = Joined::of(&z, width).through(&weights.attn.o);
        let mut resid_mid = self.each(|index, block, cx, rows| {
            let attn_out = match block.attn.is_head_by_head(cx) {
                true => block.attn.output(cx, &weights.attn, rows)?,
                false => take(&mut attn_out[index]),
            };
            block.after_attention(cx, rows, attn_out, None)
        });
        let mut mlp_out = weights.mlp.as_ref().map(|mlp| {
            let inputs = self.each(|index, block, cx, rows| Ok(block.mlp_input(cx, rows, &resid_mid[index])));
            let inputs = Joined::of(&inputs, d_model);
            let mut hidden = inputs.through(mlp.gate.as_ref().unwrap_or(&mlp.into));
            let mut linear = mlp.gate.as_ref().map(|_| inputs.through(&mlp.into));
            let hidden = self.each(|index, _, cx, rows| {
                let linear = linear.as_mut().map(|linear| take(&mut linear[index]));
                activated(cx, rows, take(&mut hidden[index]), linear, None)
            });
            Joined::of(&hidden, mlp.out.weight.n_in()).through(&mlp.out)
        });
        if let Some(experts) = &weights.experts {
            mlp_out = Some(self.each(|index, block, cx, rows| {
                let input = block.mlp_input(cx, rows, &resid_mid[index]);
                routed(cx, experts, &input, rows, None)
            }));
        }
        self.each(|index, block, cx, rows| {
            let mlp_out = mlp_out.as_mut().map(|mlp_out| take(&mut mlp_out[index]));
            block.after_mlp(cx, rows, take(&mut resid_mid[index]), mlp_out, None)
        });
    }

    /// Does something for each run, given by its index. A run that has failed takes no part any more: its result is empty, and so are
    /// its rows in the next product.
    fn each<T: Default>(
        &mut self,
        mut act: impl FnMut(usize, &mut BlockRun, &mut BlockContext<'_, '_>, &Range<usize>) -> Result<T, EngineError>,
    ) -> Vec<T> {
        let (model, layer, weights) = (self.model, self.layer, self.weights);
        let each = self.members.iter_mut().enumerate().map(|(index, member)| {
            let Member { run, block, rows, failed } = member;
            if failed.is_some() {
                return T::default();
            }
            let mut hooks = Hooks { n_pos: rows.end, edits: &run.edits, captures: &mut run.captures };
            let positions = &run.positions;
            let mut cx = BlockContext { model, weights, layer, positions, source: &[], hooks: &mut hooks };
            act(index, block, &mut cx, rows).unwrap_or_else(|error| {
                *failed = Some(error);
                T::default()
            })
        });
        each.collect()
    }
}

/// The rows of several runs, one run's after another's.
struct Joined {
    packed: PackedRows,
    /// How many rows each run has.
    n_rows: Vec<usize>,
}

impl Joined {
    /// Joins rows of this width.
    fn of(parts: &[Vec<f32>], width: usize) -> Self {
        let packed = PackedRows::pack(&parts.concat(), width, 0..width);
        Self { packed, n_rows: parts.iter().map(|part| part.len() / width).collect() }
    }

    /// The product of all rows, each run's by itself again.
    fn through(&self, linear: &Linear) -> Vec<Vec<f32>> {
        if self.packed.n_rows() == 0 {
            return vec![Vec::new(); self.n_rows.len()];
        }
        let all = linear.apply_packed(&self.packed);
        let (width, mut start) = (linear.weight.n_out(), 0);
        let part = |n_rows: &usize| {
            let rows = &all[start * width..(start + n_rows) * width];
            start += n_rows;
            rows.to_vec()
        };
        self.n_rows.iter().map(part).collect()
    }
}

#[cfg(test)]
mod tests;

//! The MLP of a routed layer, and its reverse beside it: a router scores the experts for each token, the best are run, and what they
//! write is added up by their weights; an expert that is shared writes for every token.
//!
//! ```text
//! router_scores ─▶ expert_indices ─▶ expert_weights ─▶ Σ weight · expert(x) + σ(gate) · shared(x)
//! ```
//!
//! Which experts are chosen has no derivative: the reverse goes through their weights and through what they read.

use std::ops::Range;

use super::sublayers::{BlockContext, Inside};
use crate::edit::InvalidEdit;
use crate::engine::error::EngineError;
use crate::engine::model::{Experts, Mlp, Model};
use crate::kernels::PackedRows;
use crate::kernels::softmax::{softmax_reverse, softmax_row};
use crate::trace::spec::Experts as Shape;
use crate::trace::{BlockSite, Hook};

/// What the reverse needs of a routed MLP, for some rows.
#[derive(Debug, Default)]
pub(in crate::engine) struct Routed {
    /// [rows.len(), d_model]
    input: Vec<f32>,
    /// As they enter the softmax. [rows.len(), n_experts]
    scores: Vec<f32>,
    /// [rows.len(), n_per_token]
    chosen: Vec<usize>,
    /// As they multiply. [rows.len(), n_per_token]
    weights: Vec<f32>,
}

/// The routed MLP on normalised rows of the stream [rows.len(), d_model], before its output's norm and hook.
pub(in crate::engine) fn routed(
    cx: &mut BlockContext<'_, '_>,
    experts: &Experts,
    input: &[f32],
    rows: &Range<usize>,
    inside: Option<&mut Inside>,
) -> Result<Vec<f32>, EngineError> {
    let (model, layer) = (cx.model, cx.layer);
    let Some(shape) = &model.spec.experts else { return Ok(vec![0.0; input.len()]) };
    let mut scores = experts.router.apply(input);
    cx.pass(BlockSite::RouterScores, rows, &mut scores)?;
    let mut indices = Vec::with_capacity(rows.len() * shape.n_per_token);
    for (position, scores) in rows.clone().zip(scores.chunks_exact(shape.n_experts)) {
        let best = best(scores, shape.n_per_token);
        if best.len() < shape.n_per_token {
            let (n_left, n) = (best.len(), shape.n_per_token);
            let message =
                format!("the edits leave {n_left} of the {n} experts that token {position} goes to in layer {layer}");
            return Err(InvalidEdit(message).into());
        }
        indices.extend(best.into_iter().map(|expert| expert as f32));
    }
    cx.pass(BlockSite::ExpertIndices, rows, &mut indices)?;
    if let Some(wrong) =
        indices.iter().find(|index| index.fract() != 0.0 || !(0.0..shape.n_experts as f32).contains(*index))
    {
        let hook = Hook::Block(layer, BlockSite::ExpertIndices);
        let message =
            format!("{hook}: expected whole numbers below {}, the number of experts, found {wrong}", shape.n_experts);
        return Err(InvalidEdit(message).into());
    }
    let chosen: Vec<usize> = indices.iter().map(|index| *index as usize).collect();
    let mut weights = Vec::with_capacity(chosen.len());
    for (scores, chosen) in scores.chunks_exact(shape.n_experts).zip(chosen.chunks_exact(shape.n_per_token)) {
        weights.extend(shares(shape, scores, chosen).1);
    }
    cx.pass(BlockSite::ExpertWeights, rows, &mut weights)?;
    let mut out = vec![0.0; input.len()];
    each_expert(shape, &chosen, &weights, |expert, read| {
        let wrote = expert_output(model, &experts.each[expert], &read.gather(model, input));
        read.add(model, &wrote, &mut out);
    });
    if let Some((shared, gate)) = experts.shared() {
        let all = Read { rows: (0..rows.len()).collect(), weights: gate.open(input) };
        all.add(model, &expert_output(model, shared, input), &mut out);
    }
    if let Some(inside) = inside {
        inside.routed = Routed { input: input.to_vec(), scores, chosen, weights };
    }
    Ok(out)
}

/// The reverse: from the gradient by the output, `grad` [rows.len(), d_model], to that by what the MLP reads. `pass` is the hook point of
/// the block.
pub(in crate::engine) fn routed_reverse(
    model: &Model,
    experts: &Experts,
    inside: &Routed,
    grad: &[f32],
    pass: &mut dyn FnMut(BlockSite, &mut [f32]),
) -> Vec<f32> {
    let Some(shape) = &model.spec.experts else { return vec![0.0; grad.len()] };
    let Routed { input, scores, chosen, weights } = inside;
    let mut by_input = vec![0.0; input.len()];
    let mut by_weights = vec![0.0; weights.len()];
    each_expert(shape, chosen, weights, |expert, read| {
        let mlp = &experts.each[expert];
        let by_out = read.gather(model, grad);
        let (by_read, by_share) = hidden_reverse(model, mlp, &read.gather(model, input), &by_out, &read.weights);
        read.add_whole(model, &by_read, &mut by_input);
        let places = chosen.iter().enumerate().filter(|(_, other)| **other == expert).map(|(place, _)| place);
        places.zip(by_share).for_each(|(place, share)| by_weights[place] = share);
    });
    if let Some((mlp, gate)) = experts.shared() {
        let open = gate.open(input);
        let (by_read, by_open) = hidden_reverse(model, mlp, input, grad, &open);
        let by_gate: Vec<f32> = by_open.iter().zip(&open).map(|(grad, open)| grad * open * (1.0 - open)).collect();
        let through_gate = gate.reverse(&by_gate);
        by_input.iter_mut().zip(by_read.iter().zip(&through_gate)).for_each(|(sum, (one, two))| *sum += one + two);
    }
    pass(BlockSite::ExpertWeights, &mut by_weights);
    pass(BlockSite::ExpertIndices, &mut vec![0.0; chosen.len()]);
    let mut by_scores = vec![0.0; scores.len()];
    let each = scores.chunks_exact(shape.n_experts).zip(by_scores.chunks_exact_mut(shape.n_experts));
    let by_chosen = chosen.chunks_exact(shape.n_per_token).zip(by_weights.chunks_exact(shape.n_per_token));
    for ((scores, by_scores), (chosen, by_weights)) in each.zip(by_chosen) {
        let (all, of_chosen) = shares(shape, scores, chosen);
        if shape.sums_to_one {
            let mut grad = by_weights.to_vec();
            softmax_reverse(&of_chosen, of_chosen.len(), &mut grad);
            chosen.iter().zip(grad).for_each(|(expert, grad)| by_scores[*expert] += grad);
        } else {
            chosen.iter().zip(by_weights).for_each(|(expert, grad)| by_scores[*expert] += grad);
            softmax_reverse(&all, all.len(), by_scores);
        }
    }
    pass(BlockSite::RouterScores, &mut by_scores);
    by_input.iter_mut().zip(experts.router.reverse(&by_scores)).for_each(|(sum, more)| *sum += more);
    by_input
}

/// What an expert writes of rows [n, d_model], before its weight.
pub(in crate::engine) fn expert_output(model: &Model, mlp: &Mlp, rows: &[f32]) -> Vec<f32> {
    mlp.out.apply(&hidden(model, mlp, rows).2)
}

/// The experts with the highest scores, of equal ones the first; those that are ruled out never.
fn best(scores: &[f32], n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).filter(|expert| scores[*expert] > f32::NEG_INFINITY).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    order.truncate(n);
    order
}

/// The softmax over all experts, and the weights of those that a token goes to.
fn shares(shape: &Shape, scores: &[f32], chosen: &[usize]) -> (Vec<f32>, Vec<f32>) {
    let mut all = scores.to_vec();
    softmax_row(&mut all);
    let from = if shape.sums_to_one { scores } else { &all };
    let mut of_chosen: Vec<f32> = chosen.iter().map(|expert| from[*expert]).collect();
    if shape.sums_to_one {
        softmax_row(&mut of_chosen);
    }
    (all, of_chosen)
}

/// The rows that an expert reads, with its weight for each.
struct Read {
    rows: Vec<usize>,
    weights: Vec<f32>,
}

impl Read {
    /// These rows of [_, d_model].
    fn gather(&self, model: &Model, from: &[f32]) -> Vec<f32> {
        let width = model.spec.d_model;
        self.rows.iter().flat_map(|row| &from[row * width..(row + 1) * width]).copied().collect()
    }

    /// Adds rows by their weights to where they belong in [_, d_model].
    fn add(&self, model: &Model, rows: &[f32], to: &mut [f32]) {
        let width = model.spec.d_model;
        for ((row, weight), values) in self.rows.iter().zip(&self.weights).zip(rows.chunks_exact(width)) {
            to[row * width..(row + 1) * width].iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
        }
    }

    /// Adds rows as they are.
    fn add_whole(&self, model: &Model, rows: &[f32], to: &mut [f32]) {
        let weights = vec![1.0; self.rows.len()];
        Read { rows: self.rows.clone(), weights }.add(model, rows, to);
    }
}

/// Goes through the experts that rows are sent to, one after another.
fn each_expert(shape: &Shape, chosen: &[usize], weights: &[f32], mut act: impl FnMut(usize, &Read)) {
    for expert in 0..shape.n_experts {
        let places = || chosen.iter().enumerate().filter(|(_, other)| **other == expert).map(|(place, _)| place);
        let rows: Vec<usize> = places().map(|place| place / shape.n_per_token).collect();
        if !rows.is_empty() {
            act(expert, &Read { rows, weights: places().map(|place| weights[place]).collect() });
        }
    }
}

/// An expert's hidden neurons on rows [n, d_model]: before the activation and what is multiplied with it, both as they are cut off, and
/// their product. [n, d_mlp]
fn hidden(model: &Model, mlp: &Mlp, rows: &[f32]) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let width = mlp.into.weight.n_in();
    let packed = PackedRows::pack(rows, width, 0..width);
    let mut pre = mlp.gate.as_ref().unwrap_or(&mlp.into).apply_packed(&packed);
    let mut linear = mlp.into.apply_packed(&packed);
    if let Some(limit) = limit(model) {
        pre.iter_mut().for_each(|value| *value = value.min(limit));
        linear.iter_mut().for_each(|value| *value = value.clamp(-limit, limit));
    }
    let mut product = pre.clone();
    let by: Vec<f32> = linear.iter().map(|linear| linear + added(model)).collect();
    model.activation().1(&mut product, &by);
    (pre, linear, product)
}

/// The reverse of an expert that counts by `weights` [n], for rows [n, d_model] and the gradient by what is added [n, d_model]: the
/// gradients by the rows and by the weights.
fn hidden_reverse(model: &Model, mlp: &Mlp, rows: &[f32], grad: &[f32], weights: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (pre, linear, product) = hidden(model, mlp, rows);
    let (d_model, width) = (model.spec.d_model, mlp.out.weight.n_in());
    let dot =
        |(a, b): (&[f32], &[f32])| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() as f32;
    let wrote = mlp.out.apply(&product);
    let by_weights = wrote.chunks_exact(d_model).zip(grad.chunks_exact(d_model)).map(dot).collect();
    let mut by_linear = mlp.out.reverse(grad);
    for (grad, weight) in by_linear.chunks_exact_mut(width).zip(weights) {
        grad.iter_mut().for_each(|grad| *grad *= weight);
    }
    let (mut activated, mut slope) = (pre.clone(), pre.clone());
    model.activation().0(&mut activated);
    Model::slope_of(model.spec.activation)(&mut slope);
    let mut by_pre = by_linear.clone();
    let each = by_pre.iter_mut().zip(slope.iter().zip(&linear));
    each.for_each(|(grad, (slope, linear))| *grad *= slope * (linear + added(model)));
    by_linear.iter_mut().zip(&activated).for_each(|(grad, activated)| *grad *= activated);
    if let Some(limit) = limit(model) {
        by_pre.iter_mut().zip(&pre).filter(|(_, pre)| **pre >= limit).for_each(|(grad, _)| *grad = 0.0);
        let cut = by_linear.iter_mut().zip(&linear).filter(|(_, linear)| linear.abs() >= limit);
        cut.for_each(|(grad, _)| *grad = 0.0);
    }
    let mut by_rows = mlp.into.reverse(&by_linear);
    if let Some(gate) = &mlp.gate {
        by_rows.iter_mut().zip(gate.reverse(&by_pre)).for_each(|(sum, more)| *sum += more);
    }
    (by_rows, by_weights)
}

/// What is added to what gates multiply, once it is cut off.
fn added(model: &Model) -> f32 {
    if limit(model).is_some() { 1.0 } else { 0.0 }
}

/// The size at which an expert's hidden neurons are cut off.
fn limit(model: &Model) -> Option<f32> {
    model.spec.experts.as_ref()?.limit.map(|limit| limit as f32)
}

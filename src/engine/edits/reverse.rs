//! Edits on the way back: what a change of an activation does to the gradient by it.
//!
//! A gradient comes in as that by the activation after all edits of its hook and leaves as that before them. An edit that overwrites
//! passes nothing, one that scales scales, one that adds passes all, a mean shares out among what it is the mean of.

use std::ops::Range;

use super::{Action, Change, CompiledEdits, Part, chosen};
use crate::analysis::attention::SquarePart;
use crate::trace::{BlockSite, Hook};

impl Change {
    fn reverse(&self, neuron: usize, grad: &mut f32) {
        *grad *= match self {
            Change::Scale(factor) => *factor,
            Change::Set(_) => 0.0,
            Change::SetEach(to) => f32::from(u8::from(neuron >= to.len())),
        };
    }
}

impl CompiledEdits {
    /// Takes the gradient by positions `rows` of an activation [rows.len(), …] back through the edits there. A hook with a mean over
    /// positions needs all of them at once.
    pub(in crate::engine) fn reverse_rows(&self, hook: Hook, rows: Range<usize>, grad: &mut [f32]) {
        if rows.is_empty() {
            return;
        }
        let width = grad.len() / rows.len();
        for action in self.at(hook).iter().rev() {
            match action {
                Action::Numbers { part, change } => {
                    each_head(part, &rows, width, grad, |neurons| {
                        for (neuron, grad) in neurons.iter_mut().enumerate() {
                            if chosen(&part.neurons, neuron) {
                                change.reverse(neuron, grad);
                            }
                        }
                    });
                }
                Action::PositionMean { heads, n_pos } => self.reverse_mean(heads, (*n_pos).max(1), width, grad),
                Action::Patch { part, n_pos, .. } => {
                    let n_patched = rows.end.min(*n_pos).saturating_sub(rows.start);
                    let patched = rows.start..rows.start + n_patched;
                    each_head(part, &patched, width, &mut grad[..n_patched * width], |neurons| {
                        let patched = neurons.iter_mut().enumerate();
                        patched.filter(|(neuron, _)| chosen(&part.neurons, *neuron)).for_each(|(_, grad)| *grad = 0.0);
                    });
                }
                // Runs with links ablated are measured, not differentiated.
                Action::Add { .. }
                | Action::KnockOut { .. }
                | Action::Uniform { .. }
                | Action::SetRow { .. }
                | Action::Links(_)
                | Action::Fill { .. } => {}
            }
        }
    }

    /// Every row's gradient by the chosen heads goes to the rows of which the mean was made.
    fn reverse_mean(&self, heads: &[bool], n_pos: usize, width: usize, grad: &mut [f32]) {
        let n_rows = n_pos.min(grad.len() / width);
        for head in (0..heads.len()).filter(|head| heads[*head]) {
            for column in head * self.d_head..(head + 1) * self.d_head {
                let total: f64 = grad.iter().skip(column).step_by(width).map(|grad| f64::from(*grad)).sum();
                let share = (total / n_rows as f64) as f32;
                let column = grad.iter_mut().skip(column).step_by(width).enumerate();
                column.for_each(|(row, grad)| *grad = if row < n_rows { share } else { 0.0 });
            }
        }
    }

    /// Takes the gradient by the scores of one head, or a part of them, [rows.len(), n_key], back through their edits. A knocked-out
    /// score has weight 0, so that its gradient is 0 already.
    pub(in crate::engine) fn reverse_scores(&self, site: BlockSite, part: &SquarePart, grad: &mut [f32]) {
        for action in self.at(Hook::Block(part.layer, site.in_attn(part.attn))).iter().rev() {
            self.reverse_square(action, part, grad);
        }
    }

    /// Takes the gradient by the pattern of one head, [rows.len(), n_key], back through its edits.
    pub(in crate::engine) fn reverse_pattern(&self, part: &SquarePart, grad: &mut [f32]) {
        for action in self.at(Hook::Block(part.layer, BlockSite::Pattern.in_attn(part.attn))).iter().rev() {
            match action {
                Action::Uniform { heads } if chosen(heads, part.head) => grad.fill(0.0),
                Action::SetRow { heads, queries, .. } if chosen(heads, part.head) => {
                    let rows = part.rows.clone().zip(grad.chunks_exact_mut(part.n_key));
                    rows.filter(|(query, _)| chosen(queries, *query)).for_each(|(_, row)| row.fill(0.0));
                }
                other => self.reverse_square(other, part, grad),
            }
        }
    }

    /// What scores and patterns have in common.
    fn reverse_square(&self, action: &Action, square: &SquarePart, grad: &mut [f32]) {
        let rows = square.rows.clone().zip(grad.chunks_exact_mut(square.n_key));
        match action {
            Action::Numbers { part, change } if chosen(&part.heads, square.head) => {
                for (_, row) in rows.filter(|(query, _)| chosen(&part.positions, *query)) {
                    row.iter_mut().enumerate().for_each(|(key, grad)| change.reverse(key, grad));
                }
            }
            Action::Patch { part, values, n_pos } if chosen(&part.heads, square.head) => {
                let n_key = values.len() / (n_pos * self.n_heads).max(1);
                for (_, row) in rows.filter(|(query, _)| query < n_pos && chosen(&part.positions, *query)) {
                    row.iter_mut().take(n_key).for_each(|grad| *grad = 0.0);
                }
            }
            _ => {}
        }
    }
}

/// Hands out the neurons of the chosen heads of the chosen positions.
fn each_head(part: &Part, rows: &Range<usize>, width: usize, grad: &mut [f32], change: impl Fn(&mut [f32])) {
    let d = if part.heads.is_empty() { width } else { width / part.heads.len() };
    for (position, row) in rows.clone().zip(grad.chunks_exact_mut(width)) {
        if chosen(&part.positions, position) {
            let heads = row.chunks_exact_mut(d).enumerate();
            heads.filter(|(head, _)| chosen(&part.heads, *head)).for_each(|(_, neurons)| change(neurons));
        }
    }
}

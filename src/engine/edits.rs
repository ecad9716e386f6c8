//! Edits bound to a model and an input: checked once, then applied wherever their hook passes.
//!
//! They act in the order of the hooks, and of the list within one hook (FORMATS, "Edits").

mod bind;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::analysis::attention::SquarePart;
use crate::edit::InvalidEdit;
use crate::trace::{BlockSite, Hook};

/// Edits that fit a model and an input.
#[derive(Clone, Debug, Default)]
pub struct CompiledEdits {
    actions: BTreeMap<Hook, Vec<Action>>,
    d_head: usize,
}

/// One change at one hook.
#[derive(Clone, Debug)]
enum Action {
    /// Changes each chosen number by itself.
    Numbers { part: Part, change: Change },
    /// z := mean over positions.
    PositionMean { heads: Vec<bool> },
    /// Adds a vector [d_model] to chosen positions.
    Add { positions: Vec<bool>, vector: Vec<f32> },
    /// Scores become −∞.
    KnockOut { heads: Vec<bool>, queries: Vec<bool>, keys: Vec<bool>, keep_own: bool },
    /// Equal weight on finite scores.
    Uniform { heads: Vec<bool> },
    /// A given row.
    SetRow { heads: Vec<bool>, queries: Vec<bool>, weights: Vec<f32> },
}

/// Which part of an activation; an empty list is all of that axis.
#[derive(Clone, Debug, Default)]
struct Part {
    positions: Vec<bool>,
    heads: Vec<bool>,
    neurons: Vec<bool>,
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Scale(f32),
    Set(f32),
}

impl Change {
    fn apply(self, value: &mut f32) {
        *value = match self {
            Change::Scale(factor) => *value * factor,
            Change::Set(to) => to,
        };
    }
}

fn chosen(flags: &[bool], index: usize) -> bool {
    flags.is_empty() || flags.get(index).copied().unwrap_or(false)
}

impl CompiledEdits {
    /// No edit.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether an edit acts at this hook.
    pub fn touches(&self, hook: Hook) -> bool {
        self.actions.contains_key(&hook)
    }

    fn at(&self, hook: Hook) -> &[Action] {
        self.actions.get(&hook).map_or(&[], Vec::as_slice)
    }

    /// Changes positions `rows` of an activation [rows.len(), …].
    pub(super) fn change_rows(&self, hook: Hook, rows: Range<usize>, data: &mut [f32]) {
        for action in self.at(hook) {
            let width = data.len() / rows.len();
            match action {
                Action::Numbers { part, change } => {
                    let d = if part.heads.is_empty() { width } else { width / part.heads.len() };
                    for (position, row) in rows.clone().zip(data.chunks_exact_mut(width)) {
                        if chosen(&part.positions, position) {
                            change_row(part, *change, d, row);
                        }
                    }
                }
                Action::PositionMean { heads } => {
                    for head in (0..heads.len()).filter(|&head| heads[head]) {
                        for column in head * self.d_head..(head + 1) * self.d_head {
                            let sum: f64 = data.iter().skip(column).step_by(width).map(|&value| f64::from(value)).sum();
                            let mean = (sum / rows.len() as f64) as f32;
                            data.iter_mut().skip(column).step_by(width).for_each(|value| *value = mean);
                        }
                    }
                }
                Action::Add { positions, vector } => {
                    for (position, row) in rows.clone().zip(data.chunks_exact_mut(width)) {
                        if chosen(positions, position) {
                            row.iter_mut().zip(vector).for_each(|(value, add)| *value += add);
                        }
                    }
                }
                Action::KnockOut { .. } | Action::Uniform { .. } | Action::SetRow { .. } => {}
            }
        }
    }

    /// Changes the scores of one head, [rows.len(), n_key].
    ///
    /// # Errors
    /// When a row is left without a key.
    pub(super) fn change_scores(&self, part: &SquarePart, data: &mut [f32]) -> Result<(), InvalidEdit> {
        for action in self.at(Hook::Block(part.layer, BlockSite::AttnScores.of(part.attn))) {
            for (query, row) in part.rows.clone().zip(data.chunks_exact_mut(part.n_key)) {
                match action {
                    Action::KnockOut { heads, queries, keys, keep_own }
                        if chosen(heads, part.head) && chosen(queries, query) =>
                    {
                        let cut = |key: usize| chosen(keys, key) && !(*keep_own && key == query);
                        let keys = row.iter_mut().enumerate().filter(|(key, _)| cut(*key));
                        keys.for_each(|(_, score)| *score = f32::NEG_INFINITY);
                    }
                    Action::Numbers { part: chosen_part, change } => {
                        change_square(chosen_part, *change, part.head, query, row)
                    }
                    _ => {}
                }
                if row.iter().all(|score| *score == f32::NEG_INFINITY) {
                    return Err(InvalidEdit(format!(
                        "the edits leave query {query} of L{}H{} without any key: a row must keep one",
                        part.layer, part.head
                    )));
                }
            }
        }
        Ok(())
    }

    /// Changes the pattern of one head, [rows.len(), n_key]; `scores` as they entered the softmax.
    ///
    /// # Errors
    /// When a given row has no weight on a key that the mask allows.
    pub(super) fn change_pattern(
        &self,
        part: &SquarePart,
        scores: &[f32],
        data: &mut [f32],
    ) -> Result<(), InvalidEdit> {
        for action in self.at(Hook::Block(part.layer, BlockSite::Pattern.of(part.attn))) {
            let rows = data.chunks_exact_mut(part.n_key).zip(scores.chunks_exact(part.n_key));
            for (query, (row, scores)) in part.rows.clone().zip(rows) {
                let is_finite = |key: usize| scores[key] > f32::NEG_INFINITY;
                match action {
                    Action::Uniform { heads } if chosen(heads, part.head) => {
                        let n_finite = (0..part.n_key).filter(|&key| is_finite(key)).count();
                        let weight = 1.0 / n_finite as f32;
                        let weights = (0..part.n_key).map(|key| if is_finite(key) { weight } else { 0.0 });
                        row.iter_mut().zip(weights).for_each(|(value, weight)| *value = weight);
                    }
                    Action::SetRow { heads, queries, weights }
                        if chosen(heads, part.head) && chosen(queries, query) =>
                    {
                        let allowed = |key: usize| if is_finite(key) { weights[key] } else { 0.0 };
                        let sum: f32 = (0..part.n_key).map(allowed).sum();
                        if sum <= 0.0 {
                            return Err(InvalidEdit(format!(
                                "set_pattern_row: the weights for query {query} of L{}H{} are 0 on every key it may see",
                                part.layer, part.head
                            )));
                        }
                        (0..part.n_key).for_each(|key| row[key] = allowed(key) / sum);
                    }
                    Action::Numbers { part: chosen_part, change } => {
                        change_square(chosen_part, *change, part.head, query, row)
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// Changes the chosen numbers of one position; `d` neurons per head.
fn change_row(part: &Part, change: Change, d: usize, row: &mut [f32]) {
    for (head, neurons) in row.chunks_exact_mut(d).enumerate() {
        if chosen(&part.heads, head) {
            for (neuron, value) in neurons.iter_mut().enumerate() {
                if chosen(&part.neurons, neuron) {
                    change.apply(value);
                }
            }
        }
    }
}

/// Changes one row of scores or pattern.
fn change_square(part: &Part, change: Change, head: usize, query: usize, row: &mut [f32]) {
    if chosen(&part.heads, head) && chosen(&part.positions, query) {
        row.iter_mut().for_each(|value| change.apply(value));
    }
}

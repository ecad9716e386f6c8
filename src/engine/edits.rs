//! Edits bound to a model and an input: checked once, then applied where their hook passes.
//!
//! Edits act in the order of the hooks, and at one hook in the order of the list (docs/edits.md, "Order").

mod bind;
mod links;
mod patch;
mod reverse;

pub use bind::{Bound, Inactive};
pub use patch::{PatchValues, patches};

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::analysis::attention::SquarePart;
use crate::edit::InvalidEdit;
use crate::trace::{Attn, BlockSite, Hook};
use links::Links;

/// Edits that fit a model and an input, by the hooks at which they act.
///
/// ```
/// use std::sync::Arc;
///
/// use headlight::edit::parse_list;
/// use headlight::engine::{Captures, CompiledEdits, Model, Run};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = std::fs::read_to_string("tests/fixtures/golden/gpt2/config.json")?;
/// let model = Arc::new(Model::seeded(&config, 7)?);
/// let tokens = model.tokens_from_ids(&[5, 17, 42, 8])?;
/// let edits = parse_list(r#"[{"kind":"zero_head","layer":1,"head":2}]"#)?;
/// let bound = CompiledEdits::bind(&edits, model.spec(), tokens.len())?;
///
/// let mut original = Run::new(model, tokens, CompiledEdits::none(), Captures::none())?;
/// original.complete()?;
/// let mut edited = original.again(bound, Captures::none())?;   // shares layer 0
/// edited.complete()?;
/// assert_eq!(edited.n_layers_shared(&original), 1);
/// assert_ne!(edited.final_stream(), original.final_stream());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct CompiledEdits {
    actions: BTreeMap<Hook, Vec<Action>>,
    n_heads: usize,
    d_head: usize,
}

/// The mean that replaces a head's z, by its hook and its index in that hook's list, [n_heads · d_head]. A mean is made once
/// over the tokens that the edits were bound to, and stays during generation (docs/edits.md, "During generation").
pub(super) type Means = BTreeMap<(Hook, usize), Vec<f32>>;

/// One change at one hook.
#[derive(Clone, Debug, PartialEq)]
enum Action {
    /// Changes each of the chosen numbers.
    Numbers { part: Part, change: Change },
    /// z := mean over the first `n_pos` positions.
    PositionMean { heads: Vec<bool>, n_pos: usize },
    /// Adds a vector [d_model] to chosen positions.
    Add { positions: Vec<bool>, vector: Vec<f32> },
    /// Scores become −∞.
    KnockOut { heads: Vec<bool>, queries: Vec<bool>, keys: Vec<bool>, keep_own: bool },
    /// Equal weight on finite scores.
    Uniform { heads: Vec<bool> },
    /// The pattern row becomes `weights`.
    SetRow { heads: Vec<bool>, queries: Vec<bool>, weights: Vec<f32> },
    /// The chosen numbers become another input's, which has `n_pos` positions; `values` in the hook's shape.
    Patch { part: Part, values: Arc<[f32]>, n_pos: usize },
    /// Links between tokens are ablated; at the scores and at the pattern.
    Links(Arc<Links>),
    /// z of a head that reads nothing at a position becomes a mean, [n_heads · d_head].
    Fill { mean: Arc<[f32]>, d_head: usize },
}

/// A part of an activation; an empty list chooses all of that axis, tokens that are added later included.
#[derive(Clone, Debug, Default, PartialEq)]
struct Part {
    positions: Vec<bool>,
    heads: Vec<bool>,
    neurons: Vec<bool>,
}

#[derive(Clone, Debug, PartialEq)]
enum Change {
    Scale(f32),
    Set(f32),
    /// A number for each neuron.
    SetEach(Arc<[f32]>),
}

impl Change {
    fn apply(&self, neuron: usize, value: &mut f32) {
        *value = match self {
            Change::Scale(factor) => *value * factor,
            Change::Set(to) => *to,
            Change::SetEach(to) => to.get(neuron).copied().unwrap_or(*value),
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

    /// The same edits, after which the value of one key of `n_key` is zero in one layer, for all heads.
    pub(super) fn without_value(&self, layer: usize, attn: Attn, key: usize, n_key: usize) -> Self {
        let positions = (0..n_key).map(|other| other == key).collect();
        let action = Action::Numbers { part: Part { positions, ..Part::default() }, change: Change::Set(0.0) };
        self.with(Hook::Block(layer, BlockSite::V.in_attn(attn)), action)
    }

    /// The same edits, after which a head's z is zero, or that of another input of so many positions.
    pub(super) fn with_head(
        &self,
        hook: Hook,
        head: usize,
        n_heads: usize,
        patched: Option<(Arc<[f32]>, usize)>,
    ) -> Self {
        let part = Part { heads: (0..n_heads).map(|other| other == head).collect(), ..Part::default() };
        self.with(
            hook,
            match patched {
                None => Action::Numbers { part, change: Change::Set(0.0) },
                Some((values, n_pos)) => Action::Patch { part, values, n_pos },
            },
        )
    }

    /// The same edits, after which an activation of `n_pos` positions is `values`.
    pub(super) fn with_values(&self, hook: Hook, values: Arc<[f32]>, n_pos: usize) -> Self {
        self.with(hook, Action::Patch { part: Part::default(), values, n_pos })
    }

    /// These edits, and after them others of the same stack.
    pub(super) fn and(&self, more: Self) -> Self {
        let mut actions = self.actions.clone();
        for (hook, added) in more.actions {
            actions.entry(hook).or_default().extend(added);
        }
        Self { actions, ..more }
    }

    fn with(&self, hook: Hook, action: Action) -> Self {
        let mut edits = self.clone();
        edits.actions.entry(hook).or_default().push(action);
        edits
    }

    /// The first hook at which two sets of edits differ.
    pub(super) fn first_difference(&self, other: &Self) -> Option<Hook> {
        let differs = |hook: &&Hook| self.actions.get(hook) != other.actions.get(hook);
        self.actions.keys().chain(other.actions.keys()).filter(differs).min().copied()
    }

    fn at(&self, hook: Hook) -> &[Action] {
        self.actions.get(&hook).map_or(&[], Vec::as_slice)
    }

    /// Changes positions `rows` of an activation [rows.len(), …].
    pub(super) fn change_rows(&self, hook: Hook, rows: Range<usize>, data: &mut [f32], means: &mut Means) {
        for (index, action) in self.at(hook).iter().enumerate() {
            let width = data.len() / rows.len();
            match action {
                Action::Numbers { part, change } => {
                    let d = if part.heads.is_empty() { width } else { width / part.heads.len() };
                    for (position, row) in rows.clone().zip(data.chunks_exact_mut(width)) {
                        if chosen(&part.positions, position) {
                            change_row(part, change, d, row);
                        }
                    }
                }
                Action::PositionMean { heads, n_pos } => {
                    let means = means.entry((hook, index)).or_insert_with(|| column_means(data, width, *n_pos));
                    for row in data.chunks_exact_mut(width) {
                        let heads = row.chunks_exact_mut(self.d_head).zip(means.chunks_exact(self.d_head)).zip(heads);
                        let chosen = heads.filter(|(_, is_chosen)| **is_chosen);
                        chosen.for_each(|((values, mean), _)| values.copy_from_slice(mean));
                    }
                }
                Action::Add { positions, vector } => {
                    for (position, row) in rows.clone().zip(data.chunks_exact_mut(width)) {
                        if chosen(positions, position) {
                            row.iter_mut().zip(vector).for_each(|(value, add)| *value += add);
                        }
                    }
                }
                Action::Patch { part, values, n_pos } => {
                    let d = if part.heads.is_empty() { width } else { width / part.heads.len() };
                    let patched = rows.clone().zip(data.chunks_exact_mut(width));
                    for (position, row) in patched.filter(|(position, _)| position < n_pos) {
                        if chosen(&part.positions, position) {
                            patch_row(part, d, &values[position * width..][..width], row);
                        }
                    }
                }
                Action::Fill { mean, d_head } => {
                    for row in data.chunks_exact_mut(width) {
                        let heads = row.chunks_exact_mut(*d_head).zip(mean.chunks_exact(*d_head));
                        let empty = heads.filter(|(z, _)| z.iter().all(|value| *value == 0.0));
                        empty.for_each(|(z, mean)| z.copy_from_slice(mean));
                    }
                }
                Action::KnockOut { .. } | Action::Uniform { .. } | Action::SetRow { .. } | Action::Links(_) => {}
            }
        }
    }

    /// Changes the scores of one head, or a part of them, [rows.len(), n_key].
    ///
    /// # Errors
    /// When a row is left without a key.
    pub(super) fn change_scores(
        &self,
        site: BlockSite,
        part: &SquarePart,
        data: &mut [f32],
    ) -> Result<(), InvalidEdit> {
        for action in self.at(Hook::Block(part.layer, site.in_attn(part.attn))) {
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
                        change_square(chosen_part, change, part.head, query, row)
                    }
                    Action::Patch { part: chosen_part, values, n_pos } => {
                        self.patch_square(chosen_part, part.head, query, values, *n_pos, row)
                    }
                    Action::Links(links) => links.mask(part.head, query, row),
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
        for action in self.at(Hook::Block(part.layer, BlockSite::Pattern.in_attn(part.attn))) {
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
                        // Tokens that come later have no weight in a row that was given before them.
                        let weight = |key: usize| weights.get(key).copied().map_or(0.0, f64::from);
                        let allowed = |key: usize| if is_finite(key) { weight(key) } else { 0.0 };
                        // In f64, which holds the sum of any numbers of f32.
                        let sum: f64 = (0..part.n_key).map(allowed).sum();
                        if sum <= 0.0 {
                            return Err(InvalidEdit(format!(
                                "set_pattern_row: the weights for query {query} of L{}H{} are 0 on every key it may see",
                                part.layer, part.head
                            )));
                        }
                        (0..part.n_key).for_each(|key| row[key] = (allowed(key) / sum) as f32);
                    }
                    Action::Numbers { part: chosen_part, change } => {
                        change_square(chosen_part, change, part.head, query, row)
                    }
                    Action::Patch { part: chosen_part, values, n_pos } => {
                        self.patch_square(chosen_part, part.head, query, values, *n_pos, row)
                    }
                    Action::Links(links) if links.empties(part.head, query, scores) => row.fill(0.0),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Takes one row of scores or pattern from another input's [head, query_pos, key_pos] of `n_pos` queries.
    fn patch_square(&self, part: &Part, head: usize, query: usize, values: &[f32], n_pos: usize, row: &mut [f32]) {
        if query < n_pos && chosen(&part.heads, head) && chosen(&part.positions, query) {
            let n_key = values.len() / (n_pos * self.n_heads).max(1);
            let from = &values[(head * n_pos + query) * n_key..][..n_key];
            row.iter_mut().zip(from).for_each(|(value, from)| *value = *from);
        }
    }
}

/// Changes the chosen numbers of one position; `d` neurons per head.
fn change_row(part: &Part, change: &Change, d: usize, row: &mut [f32]) {
    for (head, neurons) in row.chunks_exact_mut(d).enumerate() {
        if chosen(&part.heads, head) {
            for (neuron, value) in neurons.iter_mut().enumerate() {
                if chosen(&part.neurons, neuron) {
                    change.apply(neuron, value);
                }
            }
        }
    }
}

/// Takes the chosen numbers of one position from another input's row.
fn patch_row(part: &Part, d: usize, from: &[f32], row: &mut [f32]) {
    for (head, (values, from)) in row.chunks_exact_mut(d).zip(from.chunks_exact(d)).enumerate() {
        if chosen(&part.heads, head) {
            let neurons = values.iter_mut().zip(from).enumerate();
            neurons.filter(|(neuron, _)| chosen(&part.neurons, *neuron)).for_each(|(_, (value, from))| *value = *from);
        }
    }
}

/// Changes one row of scores or pattern. Masked scores stay masked.
fn change_square(part: &Part, change: &Change, head: usize, query: usize, row: &mut [f32]) {
    if chosen(&part.heads, head) && chosen(&part.positions, query) {
        let visible = row.iter_mut().enumerate().filter(|(_, value)| **value > f32::NEG_INFINITY);
        visible.for_each(|(key, value)| change.apply(key, value));
    }
}

/// Mean of each column over the first rows [_, width].
pub(super) fn column_means(data: &[f32], width: usize, n_rows: usize) -> Vec<f32> {
    let rows = data.len() / width;
    let n_rows = n_rows.clamp(1, rows);
    let mean = |column: usize| {
        let sum: f64 = data.iter().skip(column).step_by(width).take(n_rows).map(|&value| f64::from(value)).sum();
        (sum / n_rows as f64) as f32
    };
    (0..width).map(mean).collect()
}

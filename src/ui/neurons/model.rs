//! What the parts of the neuron view share: the head's numbers, the selection in them, the order of the neurons.

use std::sync::Arc;

use crate::protocol::NeuronPart;
use crate::render::{Products, descending, limit_of};
use crate::state::scales::neurons::HeadNeurons;
use crate::state::scales::options::{NeuronOptions, NeuronOrder};
use crate::state::{Looked, Shown, State, wording};
use crate::trace::Side;
use crate::trace::numeral::with_minus;
use crate::ui::erased::Derived;
use crate::ui::shell::page::Page;
use crate::ui::small::same::Same;

/// The steps from a query and a key to what the head writes, or their differences where two runs are compared. A step that is not known
/// is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Steps {
    /// q · k; `None` where the mask hides the key.
    pub dot: Option<f32>,
    /// The score as it enters the softmax; −∞ where masked.
    pub score: Option<f32>,
    /// The weight, after softmax.
    pub weight: Option<f32>,
    /// Weight times ‖f‖.
    pub value: Option<f32>,
    /// ‖f‖.
    pub norm: Option<f32>,
}

/// What the parts of [`NeuronPart::OF_SCORES`] are called.
pub const PART_NAMES: [&str; 3] = ["content → content", "content → position", "position → content"];

/// The numbers of the head shown, before or after rotation.
#[derive(Clone, PartialEq)]
pub struct Numbers {
    pub head: Same<HeadNeurons>,
    pub is_plain: bool,
    pub is_causal: bool,
    /// The sizes at which colours end: of queries and keys, and of their products.
    pub limits: (f32, f32),
}

/// Signals of the neuron view.
#[derive(Clone, Copy)]
pub(super) struct Neurons {
    pub page: Page,
    pub numbers: Derived<Option<Numbers>>,
    pub options: Derived<NeuronOptions>,
    /// The result and attention shown.
    pub looked: Derived<Option<Looked>>,
    /// Positions shown as queries and as keys.
    pub positions: Derived<(Vec<usize>, Vec<usize>)>,
    /// The query shown: the hovered one, else the chosen one, else the last one.
    pub query: Derived<Option<usize>>,
    /// The key shown: the hovered one, else the pinned one, else the one with the largest weight.
    pub key: Derived<Option<usize>>,
    /// The neuron that is marked.
    pub neuron: Derived<Option<usize>>,
    /// The neurons, in the order of their columns.
    pub order: Derived<Vec<usize>>,
}

impl Numbers {
    /// The numbers of the head shown; `None` until they are here.
    pub fn from_state(state: &State) -> Option<Self> {
        let head = Arc::clone(state.scales.neurons.head.value()?);
        let is_plain = state.scales.neuron.is_plain;
        let is_causal = state.shown.as_ref()?.is_causal();
        let numbers = Self { head: Same(head), is_plain, is_causal, limits: (1.0, 1.0) };
        Some(numbers)
    }

    /// These numbers, with the sizes at which colours end.
    pub fn with_limits(mut self) -> Self {
        let products = self.products();
        let (n_query, n_key) = self.sizes();
        let neurons = || 0..self.d_head();
        let queries = (0..n_query).flat_map(|query| neurons().filter_map(move |neuron| products.query(query, neuron)));
        let keys = (0..n_key).flat_map(|key| neurons().filter_map(move |neuron| products.key(key, neuron)));
        let cells = limit_of(queries.chain(keys));
        // The products of each query with a few keys are enough to know their sizes.
        let pairs =
            (0..n_query).flat_map(|query| [query / 2, query].map(move |key| (query, key.min(n_key.max(1) - 1))));
        let sizes: Vec<f32> = pairs.flat_map(|(query, key)| products.pair(query, key)).collect();
        self.limits = (cells, limit_of(sizes.into_iter()));
        self
    }

    pub fn sizes(&self) -> (usize, usize) {
        (self.head.0.numbers.n_query as usize, self.head.0.numbers.n_key as usize)
    }

    pub fn d_head(&self) -> usize {
        self.head.0.numbers.d_head as usize
    }

    pub fn products(&self) -> Products<'_> {
        let (queries, keys) = if self.is_plain {
            (NeuronPart::PlainQueries, NeuronPart::PlainKeys)
        } else {
            (NeuronPart::Queries, NeuronPart::Keys)
        };
        let head = &self.head.0;
        let against = head.is_difference().then(|| (head.part_against(queries), head.part_against(keys)));
        Products { queries: head.part(queries), keys: head.part(keys), d_head: self.d_head(), against }
    }

    /// Whether the numbers are differences between two runs.
    pub fn is_difference(&self) -> bool {
        self.head.0.is_difference()
    }

    fn at(&self, part: NeuronPart, query: usize, key: usize) -> Option<f32> {
        let (_, n_key) = self.sizes();
        self.head.0.part(part).get(query * n_key + key).copied()
    }

    fn at_against(&self, part: NeuronPart, query: usize, key: usize) -> Option<f32> {
        let (_, n_key) = self.sizes();
        self.head.0.part_against(part).get(query * n_key + key).copied()
    }

    /// Whether a part is there.
    pub fn has(&self, part: NeuronPart) -> bool {
        !self.head.0.part(part).is_empty()
    }

    /// A number, or the difference between two; −∞ where the mask hides both.
    pub fn change(&self, part: NeuronPart, query: usize, key: usize) -> Option<f32> {
        let at = self.at(part, query, key)?;
        match self.at_against(part, query, key) {
            Some(less) if at.is_finite() => Some(at - less),
            _ => Some(at),
        }
    }

    /// Whether the mask lets a query read a key.
    pub fn sees(&self, query: usize, key: usize) -> bool {
        match self.at(NeuronPart::Scores, query, key) {
            Some(score) => score.is_finite(),
            // An attention sink stands after the last token and is seen by all.
            None => !self.is_causal || key <= query || key >= self.sizes().0,
        }
    }

    /// The steps of a query and a key.
    pub fn steps(&self, query: usize, key: usize) -> Steps {
        let products = self.products();
        let head = &self.head.0;
        let weight = self.at(NeuronPart::Pattern, query, key);
        let norm = head.part(NeuronPart::ValueNorms).get(key).copied();
        let less_weight = self.at_against(NeuronPart::Pattern, query, key).unwrap_or(0.0);
        let less_norm = head.part_against(NeuronPart::ValueNorms).get(key).copied().unwrap_or(0.0);
        Steps {
            dot: (products.has(query, key) && self.sees(query, key)).then(|| products.dot(query, key)),
            score: self.change(NeuronPart::Scores, query, key),
            weight: weight.map(|weight| weight - less_weight),
            value: weight.zip(norm).map(|(weight, norm)| weight * norm - less_weight * less_norm),
            norm: norm.map(|norm| norm - less_norm),
        }
    }

    /// What a pair's score is the sum of in disentangled attention, by the names of its parts; nothing in other models.
    pub fn parts_of_score(&self, query: usize, key: usize) -> Vec<(&'static str, f32)> {
        let part = |(part, name): (NeuronPart, &'static str)| Some((name, self.change(part, query, key)?));
        NeuronPart::OF_SCORES.into_iter().zip(PART_NAMES).filter_map(part).collect()
    }

    /// The part of a score beyond q·k·attn_scale: a position bias, an edit, or a soft cap; `None` where there is none.
    pub fn bias(&self, query: usize, key: usize) -> Option<f32> {
        if self.is_difference() {
            return None;
        }
        let scale = self.head.0.numbers.attn_scale?;
        let (queries, keys) = (self.head.0.part(NeuronPart::Queries), self.head.0.part(NeuronPart::Keys));
        let products = Products { queries, keys, d_head: self.d_head(), against: None };
        let score = self.at(NeuronPart::Scores, query, key).filter(|score| score.is_finite())?;
        let bias = score - products.dot(query, key) * scale;
        (bias.abs() > 1e-3 * score.abs().max(1.0)).then_some(bias)
    }

    /// The key with the query's largest weight, or with its largest change.
    pub fn strongest_key(&self, query: usize) -> Option<usize> {
        let (_, n_key) = self.sizes();
        let weight = |key: usize| self.change(NeuronPart::Pattern, query, key).map(|weight| (key, weight.abs()));
        let row = (0..n_key).filter_map(weight);
        row.max_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(key, _)| key)
    }
}

impl Neurons {
    pub fn new(page: Page) -> Self {
        let numbers = page.memo(Numbers::from_state);
        let numbers = Derived::new(move || numbers.get().map(Numbers::with_limits));
        let options = page.memo(|state| state.scales.neuron);
        let looked = page.memo(|state| state.shown.as_ref().map(Shown::looked));
        let positions = page.memo(|state| state.shown_positions().unwrap_or_default());
        let has_key = move |key: &usize| positions.with(|(_, keys)| keys.binary_search(key).is_ok());
        let query = page.memo_hover(State::query_looked_into);
        let marked_key = page.memo_hover(|state| state.selection.marked(Side::Key).last().copied());
        let key = Derived::new(move || {
            let strongest = || numbers.with(|numbers| numbers.as_ref()?.strongest_key(query.get()?));
            marked_key.get().filter(has_key).or_else(strongest)
        });
        // The order follows the chosen tokens and not the pointer, from which columns must not run away.
        let chosen = page.memo(|state| (state.query_chosen(), state.selection.keys.last().copied()));
        let order = Derived::new(move || {
            let chosen = chosen.get();
            numbers.with(|numbers| {
                numbers.as_ref().map_or_else(Vec::new, |numbers| order_of(numbers, options.get().order, chosen))
            })
        });
        let neuron = page.memo_hover(|state| state.selection.marked_neuron());
        Self { page, numbers, options, looked, positions, query, key, neuron, order }
    }

    /// A token of a side as text, with its position where another one looks the same.
    pub fn name(self, side: Side, position: usize) -> String {
        self.page.peek(|state| {
            let labels = state.shown.as_ref().map(|shown| shown.labels(side));
            labels.map(|labels| wording::token_name(labels, position, position)).unwrap_or_default()
        })
    }

    /// A token of a side as text.
    pub fn plain(self, side: Side, position: usize) -> String {
        self.page.peek(|state| {
            let label = state.shown.as_ref().and_then(|shown| shown.labels(side).get(position));
            label.map(|label| label.plain.clone()).unwrap_or_default()
        })
    }
}

/// The neurons in the order of their columns, where this query and this key are chosen.
pub fn order_of(numbers: &Numbers, order: NeuronOrder, (query, key): (Option<usize>, Option<usize>)) -> Vec<usize> {
    let by_number = (0..numbers.d_head()).collect();
    let Some(query) = query else { return by_number };
    let products = numbers.products();
    let values = match order {
        NeuronOrder::Index => return by_number,
        NeuronOrder::Pair => {
            let Some(key) = key.or_else(|| numbers.strongest_key(query)) else { return by_number };
            products.pair(query, key).collect()
        }
        NeuronOrder::Total => {
            let (_, n_key) = numbers.sizes();
            products.totals(query, (0..n_key).filter(|key| numbers.sees(query, *key)))
        }
    };
    if values.len() == numbers.d_head() { descending(&values) } else { by_number }
}

pub(super) use crate::trace::numeral::two_decimals as short;

/// A weight in a column.
pub(super) fn weight(number: f32) -> String {
    with_minus(&wording::short_weight(number))
}

/// A sum with the name of each part: "0.51 content → content + 0.20 content → position".
pub(super) fn sum_of(parts: &[(&'static str, f32)]) -> String {
    parts.iter().map(|(name, value)| format!("{} {name}", short(*value))).collect::<Vec<_>>().join(" + ")
}

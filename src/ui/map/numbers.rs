//! The number of each head that colours and sorts the map's cells.

use crate::analysis::scores::{RankBy, Score};
use crate::render::LayerHead;
use crate::state::scales::options::CellNumber;
use crate::state::{State, Variant};

/// One number for each head, as far as they are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    /// [n_layers, n_heads]
    values: Vec<Option<f32>>,
    n_heads: usize,
    /// The values at which the colours start and end.
    pub ends: (f32, f32),
    /// The smallest and the largest number.
    pub range: Option<(f32, f32)>,
    /// What puts one head before another.
    by: RankBy,
}

impl Default for Numbers {
    fn default() -> Self {
        Self { values: Vec::new(), n_heads: 0, ends: (0.0, 1.0), range: None, by: RankBy::Value }
    }
}

impl Numbers {
    /// The numbers that the options name. Scores leave out special tokens and the first position where the views do.
    pub fn from_state(state: &State) -> Self {
        let Some(shown) = &state.shown else { return Self::default() };
        let (n_layers, n_heads) = (shown.stack_spec().n_layers, shown.stack_spec().n_heads);
        let display = &state.options.display;
        let variant = usize::from(display.leaves_out_special || display.leaves_out_first);
        let number = state.scales.map.number;
        let estimates = (number == CellNumber::Estimate).then(|| state.estimated_heads()).flatten();
        let value = |index: usize| {
            let (layer, head) = (index / n_heads, index % n_heads);
            let thumbnails = || state.scales.thumbnails.layers.get(layer)?.as_ref()?.numbers(head);
            match number {
                CellNumber::Entropy => thumbnails()?.entropy,
                CellNumber::Strongest => thumbnails()?.strongest.map(|link| link.weight),
                CellNumber::Direct => state.direct_effect(layer, head),
                CellNumber::Estimate => estimates.as_ref()?.at(layer, head),
                CellNumber::Score(score) => {
                    let row = variant * n_layers * n_heads + index;
                    let value = *state.scores.shown()?.get(row * Score::ALL.len() + score)?;
                    (!value.is_nan()).then_some(value)
                }
            }
        };
        let values: Vec<Option<f32>> = (0..n_layers * n_heads).map(value).collect();
        let known = || values.iter().copied().flatten();
        let range = known().reduce(f32::min).zip(known().reduce(f32::max));
        let ends = match (number, range) {
            // Both ends of a scale of differences are equally far from 0.
            (_, Some((low, high))) if number.is_effect() || state.editing.variant == Variant::Difference => {
                let end = low.abs().max(high.abs());
                (-end, end)
            }
            (CellNumber::Score(score), Some(range)) if Score::ALL.get(score).is_some_and(|score| !score.is_share()) => {
                range
            }
            _ => (0.0, 1.0),
        };
        let is_change = state.editing.variant == Variant::Difference;
        let by = match number {
            CellNumber::Score(score) => Score::ALL.get(score).map_or(RankBy::Value, |score| score.rank_by(is_change)),
            CellNumber::Direct | CellNumber::Estimate => RankBy::Size,
            _ if is_change => RankBy::Size,
            _ => RankBy::Value,
        };
        Self { values, n_heads, ends, range, by }
    }

    /// A head's number.
    pub fn at(&self, (layer, head): LayerHead) -> Option<f32> {
        self.values.get(layer * self.n_heads + head).copied().flatten()
    }

    /// The number by which a head is sorted, the largest first; heads without a number come last.
    pub fn rank(&self, place: LayerHead) -> f32 {
        self.at(place).map_or(f32::NEG_INFINITY, |value| self.by.key(value))
    }

    /// A head's number on a scale from 0 to 1, for its colour.
    pub fn level(&self, place: LayerHead) -> Option<f32> {
        let (low, high) = self.ends;
        self.at(place).map(|value| ((value - low) / (high - low).max(f32::MIN_POSITIVE)).clamp(0.0, 1.0))
    }
}

/// The name of a kind of number.
pub fn name(number: CellNumber) -> &'static str {
    match number {
        CellNumber::Entropy => "row entropy",
        CellNumber::Strongest => "strongest link",
        CellNumber::Direct => "direct effect",
        CellNumber::Estimate => "estimated effect",
        CellNumber::Score(score) => Score::ALL.get(score).map_or("", |score| score.name()),
    }
}

//! One row of a pattern as it is now, and edits that paint it. The row always sums to 1 again.

use super::Variant;
use crate::edit::{Choice, Edit, EditKind};
use crate::state::State;

/// The least weight that strengthening starts from: a weight of 0 would stay 0.
const A_TRACE: f32 = 0.01;

/// One row of a head's pattern: of B, or of A where B is not the same text.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternRow {
    /// The layer.
    pub layer: usize,
    /// The head.
    pub head: usize,
    /// Positions that read.
    pub query: usize,
    /// [key_pos]
    pub weights: Vec<f32>,
    /// How many keys, from the first one, the mask lets the query see.
    pub n_seen: usize,
}

impl State {
    /// One row of a pattern, where the layer's patterns are here.
    pub fn pattern_row(&self, layer: usize, head: usize, query: usize) -> Option<PatternRow> {
        let is_edited = self.editing.against == super::Against::Edits;
        let row_of = |side| {
            let shown = self.result(side)?;
            let drawn = shown.drawn.clone().filter(|drawn| drawn.layer == layer);
            Some((shown, drawn.or_else(|| shown.layers.get(layer))?))
        };
        let (shown, patterns) = match self.editing.variant {
            Variant::A => row_of(Variant::A),
            _ if is_edited => row_of(Variant::B).or_else(|| row_of(Variant::A)),
            _ => row_of(Variant::A),
        }?;
        if head >= patterns.n_heads || query >= patterns.n_query {
            return None;
        }
        let start = (head * patterns.n_query + query) * patterns.n_key;
        let weights = patterns.values.get(start..start + patterns.n_key)?.to_vec();
        let n_seen = if shown.spec.is_causal() { (query + 1).min(patterns.n_key) } else { patterns.n_key };
        Some(PatternRow { layer, head, query, weights, n_seen })
    }
}

impl PatternRow {
    /// The edit that gives the row these weights, made to sum to 1 where they act.
    pub fn painted(&self, weights: Vec<f32>) -> Edit {
        let (layer, head, query) = (Choice::One(self.layer), Choice::One(self.head), Choice::One(self.query));
        Edit::new(EditKind::SetPatternRow { layer, head, query, weights })
    }

    /// Multiplies one key's weight; the row is then made to sum to 1 again. `None` for a key that the query does not see.
    pub fn strengthened(&self, key: usize, factor: f32) -> Option<Edit> {
        let mut weights = self.weights.clone();
        let weight = weights.get_mut(key).filter(|_| key < self.n_seen)?;
        *weight = weight.max(A_TRACE) * factor;
        Some(self.painted(weights))
    }

    /// Gives one key exactly this weight and keeps the proportions of the others; `None` where that is impossible.
    pub fn with_weight(&self, key: usize, weight: f32) -> Option<Edit> {
        if key >= self.n_seen || !(0.0..=1.0).contains(&weight) {
            return None;
        }
        let others = (0..self.n_seen).filter(|other| *other != key);
        let sum: f32 = others.clone().map(|other| self.weights[other]).sum();
        let n_others = self.n_seen - 1;
        if n_others == 0 {
            return (weight > 0.0).then(|| self.painted(self.weights.clone()));
        }
        let mut weights = vec![0.0; self.weights.len()];
        for other in others {
            // Where this key had all the weight, the others share the rest evenly.
            let share = if sum > 1e-6 { self.weights[other] / sum } else { 1.0 / n_others as f32 };
            weights[other] = share * (1.0 - weight);
        }
        weights[key] = weight;
        Some(self.painted(weights))
    }

    /// Equal weight on every key that the query sees.
    pub fn evened(&self) -> Edit {
        let weight = |key: usize| if key < self.n_seen { 1.0 } else { 0.0 };
        self.painted((0..self.weights.len()).map(weight).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(edit: Edit) -> Vec<f32> {
        match edit.kind {
            EditKind::SetPatternRow { weights, .. } => weights,
            other => panic!("{other:?}"),
        }
    }

    fn row(weights: &[f32], n_seen: usize) -> PatternRow {
        PatternRow { layer: 1, head: 2, query: 3, weights: weights.to_vec(), n_seen }
    }

    #[test]
    fn painting_keeps_the_others_in_proportion() {
        let row = row(&[0.5, 0.25, 0.25, 0.0], 3);
        assert_eq!(weights(row.with_weight(0, 0.0).unwrap()), [0.0, 0.5, 0.5, 0.0]);
        let painted = weights(row.with_weight(1, 0.75).unwrap());
        let expected = [0.25 * 2.0 / 3.0, 0.75, 0.25 / 3.0, 0.0];
        assert!(painted.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{painted:?}");
        assert_eq!(row.with_weight(3, 0.5), None, "the mask hides it");
        assert_eq!(row.with_weight(0, 1.5), None);
        assert_eq!(weights(row.evened()), [1.0, 1.0, 1.0, 0.0]);
        assert_eq!(weights(row.strengthened(1, 4.0).unwrap()), [0.5, 1.0, 0.25, 0.0]);
        assert_eq!(row.strengthened(3, 4.0), None);
    }

    #[test]
    fn a_row_with_one_key_shares_the_rest_evenly() {
        let all_on_first = row(&[1.0, 0.0, 0.0], 3);
        assert_eq!(weights(all_on_first.with_weight(0, 0.5).unwrap()), [0.5, 0.25, 0.25]);
        let alone = row(&[1.0, 0.0], 1);
        assert_eq!(alone.with_weight(0, 0.0), None, "a row must keep a key");
    }
}

//! Parts tried exactly: their effects beside the estimates.

use super::choice::Ranked;
use super::ranking::Ranking;
use crate::analysis::agreement::Agreement;

/// What was tried, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// What was ranked.
    pub ranked: Ranked,
    /// The outcome without any of the edits.
    outcome: f32,
    tried: Vec<Tried>,
    n_largest: usize,
}

/// A part that is tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// Its place in the ranking.
    pub index: usize,
    /// What it was estimated to do.
    pub estimate: f32,
    /// What it does, M with the edit minus M; nothing before it is tried, or where the outcome cannot be measured with it.
    pub exact: Option<f32>,
    is_done: bool,
}

impl Trial {
    pub(super) fn new(ranking: &Ranking, n: usize) -> Self {
        let [largest, drawn] = ranking.tried(n);
        let tried = |index: &usize| Tried {
            index: *index,
            estimate: ranking.values.get(*index).copied().unwrap_or(f32::NAN),
            exact: None,
            is_done: false,
        };
        let all = largest.iter().chain(&drawn).map(tried).collect();
        Self { ranked: ranking.ranked, outcome: ranking.outcome, tried: all, n_largest: largest.len() }
    }

    /// The places in the ranking of all that are tried.
    pub(super) fn parts(&self) -> impl Iterator<Item = &usize> {
        self.tried.iter().map(|tried| &tried.index)
    }

    pub(super) fn take(&mut self, place: usize, outcome: Option<f32>) {
        if let Some(tried) = self.tried.get_mut(place) {
            (tried.exact, tried.is_done) = (outcome.map(|outcome| outcome - self.outcome), true);
        }
    }

    /// The largest by estimate.
    pub fn largest(&self) -> &[Tried] {
        &self.tried[..self.n_largest]
    }

    /// Those drawn at random from the rest.
    pub fn drawn(&self) -> &[Tried] {
        &self.tried[self.n_largest..]
    }

    /// What a part of the ranking does, where it was tried.
    pub fn exact(&self, index: usize) -> Option<f32> {
        self.tried.iter().find(|tried| tried.index == index)?.exact
    }

    /// How many are tried, of all.
    pub fn progress(&self) -> (usize, usize) {
        (self.tried.iter().filter(|tried| tried.is_done).count(), self.tried.len())
    }

    /// How estimates and exact effects of those drawn at random agree.
    pub fn agreement(&self) -> Agreement {
        agreement(self.drawn())
    }

    /// Whether estimates and exact effects part: at random, or at one of the largest by its sign or by more than its half.
    pub fn parts_ways(&self) -> bool {
        let is_far = |tried: &Tried| {
            let apart = |exact: f32| (tried.estimate - exact).abs() > 0.5 * exact.abs().max(tried.estimate.abs());
            tried.exact.is_some_and(apart)
        };
        let is_weak = self.agreement().pearson.is_some_and(|pearson| pearson < 0.9);
        is_weak || self.largest().iter().any(is_far)
    }
}

fn agreement(tried: &[Tried]) -> Agreement {
    let pair = |tried: &Tried| Some((f64::from(tried.estimate), f64::from(tried.exact?)));
    Agreement::of(&tried.iter().filter_map(pair).collect::<Vec<_>>())
}

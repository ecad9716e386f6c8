//! Recall of needles: whether the answer is first, by distance and depth, without and with the edits of the page.

use std::sync::Arc;

use super::set::LoadedSet;
use super::trials::Trials;
use crate::analysis::statistics::{Recall, Recalled, recall};
use crate::sets::{Label, Row};
use crate::state::wording::count;
use crate::state::{Effect, State};

/// The mark of the fact in a row.
const NEEDLE: &str = "needle";
/// Distances in words at which the next group begins.
const DISTANCES: [f64; 5] = [16.0, 32.0, 64.0, 128.0, 256.0];
/// Fifths of the filler before the fact.
const N_DEPTHS: usize = 5;

/// What recall is grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Words between fact and question.
    Distance,
    /// Where the fact stands in the text.
    Depth,
}

impl Grouping {
    /// The names of the groups.
    pub fn names(self) -> Vec<String> {
        match self {
            Grouping::Distance => {
                let first = format!("under {}", DISTANCES[0]);
                let between = DISTANCES.windows(2).map(|ends| format!("{} to {}", ends[0], ends[1] - 1.0));
                let last = format!("{} and more", DISTANCES[DISTANCES.len() - 1]);
                std::iter::once(first).chain(between).chain([last]).collect()
            }
            Grouping::Depth => (0..N_DEPTHS)
                .map(|fifth| format!("{} to {} %", 100 * fifth / N_DEPTHS, 100 * (fifth + 1) / N_DEPTHS))
                .collect(),
        }
    }

    /// The group of a row; nothing where the row does not say it.
    fn group(self, row: &Row) -> Option<usize> {
        match (self, &row.label) {
            (Grouping::Distance, Some(Label::Number(n_words))) => {
                Some(DISTANCES.iter().filter(|start| *n_words >= **start).count())
            }
            (Grouping::Distance, _) => None,
            (Grouping::Depth, _) => {
                let (from, _) = *row.marks.get(NEEDLE)?;
                Some((from * N_DEPTHS / row.text.len().max(1)).min(N_DEPTHS - 1))
            }
        }
    }
}

impl LoadedSet {
    /// Whether rows hide a fact and ask for it.
    pub fn has_needles(&self) -> bool {
        self.rows.iter().any(|row| row.marks.contains_key(NEEDLE) && row.answer.is_some())
    }
}

impl Trials {
    /// Edits of the second list, if there is one.
    fn n_edits(&self) -> usize {
        self.variants.get(1).map_or(0, Vec::len)
    }

    /// Recall by groups and over all rows at the end: of rows that were run under every list of edits.
    pub fn recall(&self, grouping: Grouping, is_of_all_tokens: bool) -> Vec<Option<Recall>> {
        let is_first = |variant: usize, row: usize| {
            let numbers = self.numbers.get(&(variant, row))?;
            let rank = if is_of_all_tokens { numbers[1] } else { numbers[2] };
            (!rank.is_nan()).then_some(rank == 0.0)
        };
        let row = |(index, row): (usize, &Row)| {
            let after = if self.n_edits() == 0 { None } else { Some(is_first(1, index)?) };
            Some(Recalled { group: grouping.group(row)?, before: is_first(0, index)?, after })
        };
        let rows: Vec<Recalled> = self.rows.iter().enumerate().filter_map(row).collect();
        recall(&rows, grouping.names().len())
    }

    /// The share of rows in which a guess among the answers is right.
    fn chance(&self) -> f64 {
        let of_row = |row: &Row| 1.0 / (1 + row.others.len()) as f64;
        self.set.rows.iter().map(of_row).sum::<f64>() / self.set.rows.len().max(1) as f64
    }

    /// Of what the numbers are, a sentence each.
    pub fn statement(&self) -> Vec<String> {
        let edits = match self.n_edits() {
            0 => "without edits".to_owned(),
            n => format!("without edits and under {}", count(n, "edit")),
        };
        let refused = match self.refused.first() {
            None => "none left out".to_owned(),
            Some((row, reason)) => format!("{} left out (row {}: {reason})", self.refused.len(), row + 1),
        };
        vec![
            format!(
                "Set: {}, {}, {refused}. Model: {}, {edits}.",
                self.set.name,
                count(self.set.rows.len(), "row"),
                self.model
            ),
            format!(
                "Recall: the share of rows whose answer is likelier than all of the row’s other answers; by chance {:.3}. Intervals: \
                 Wilson, 95 %, rows as independent; p: McNemar, exact, on the same rows, not corrected for the number of groups.",
                self.chance()
            ),
        ]
    }
}

impl State {
    /// Runs the set without edits and, where there are any, with those of the page.
    pub(super) fn recall_asked(&mut self, effects: &mut Vec<Effect>) {
        self.stop_search("recall was asked for", effects);
        let Some(set) = self.find.set.clone() else { return };
        let edits = self.editing.switched_on();
        let variants = std::iter::once(Vec::new()).chain(Some(edits).filter(|edits| !edits.is_empty())).collect();
        let rows = set.rows.clone();
        self.find.trials = Some(Arc::new(Trials::new(set, rows, variants, None)));
        if self.work.model.is_none() && self.work.request.is_none() && self.work.planned.is_none() {
            self.run(false, effects);
        }
    }
}

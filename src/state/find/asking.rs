//! What the worker is asked for a measure, and what tells apart how it reads the rows.

use super::form::Form;
use crate::edit::Edit;
use crate::protocol::FindAsked;

impl Form {
    /// What the worker is asked for.
    pub(super) fn asked(&self, lines: String, edits: Vec<Edit>, (seed, n_permutations): (u64, u32)) -> FindAsked {
        let tokens =
            |typed: &str| if typed.is_empty() { Vec::new() } else { typed.split('|').map(str::to_owned).collect() };
        FindAsked {
            lines,
            measure: self.measure(),
            edits,
            answers: tokens(&self.answer),
            others: tokens(&self.other),
            positive: (self.is_area && !self.positive.is_empty()).then(|| self.positive.clone()),
            n_permutations,
            seed,
            known: Vec::new(),
        }
    }

    /// What tells apart how rows are read: the set, and what is asked of each row.
    pub(super) fn key(&self, hash: &str) -> String {
        let measure = self.command();
        [hash, &measure, &self.answer, &self.other, &self.positive].join("\u{1f}")
    }
}

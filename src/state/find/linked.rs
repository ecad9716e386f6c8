//! Words of a search that are typed: which rows have them, and how these are sent to the worker and counted again when it answers.

use std::sync::Arc;

use super::form::{Form, Kind};
use super::set::LoadedSet;
use crate::protocol::RowRead;
use crate::sets::{Linked, READ, READING};

/// The rows that the worker gets: all of a set, or those that have the words of a search, which are marked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sent {
    /// The words, and whether the model reads from left to right; `None` where all rows are sent as they are.
    pub linked: Option<(Arc<Linked>, bool)>,
    /// The indices in the set of the rows that are sent.
    indices: Arc<Vec<usize>>,
    /// The other rows by their index, and why they are left out.
    left_out: Arc<Vec<(u32, String)>>,
}

impl Sent {
    /// The index in the set of a row that the worker names.
    pub(super) fn row(&self, row: u32) -> u32 {
        match self.linked {
            None => row,
            Some(_) => self.indices.get(row as usize).map_or(row, |index| *index as u32),
        }
    }

    /// The index by which the worker knows a row of the set, where it was sent.
    pub(super) fn of_set(&self, row: usize) -> Option<u32> {
        let place = match self.linked {
            None => row,
            Some(_) => self.indices.binary_search(&row).ok()?,
        };
        Some(place as u32)
    }

    /// Turns what the worker says of rows into what holds of the set.
    pub(super) fn in_set(&self, rows: &mut [RowRead], refused: &mut Vec<(u32, String)>) {
        rows.iter_mut().for_each(|row| row.row = self.row(row.row));
        refused.iter_mut().for_each(|(row, _)| *row = self.row(*row));
        refused.extend(self.left_out.iter().cloned());
        refused.sort_by_key(|(row, _)| *row);
    }

    /// The byte ranges of the words that read and of those that are read.
    pub fn places(&self, text: &str) -> Option<[(usize, usize); 2]> {
        let (linked, is_causal) = self.linked.as_ref()?;
        linked.places(text, *is_causal)
    }
}

impl Form {
    /// The words that are typed, where the measure has any.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub(super) fn linked(&self) -> Option<Result<Linked, String>> {
        match self.kind {
            Kind::Words => Some(Linked::of_words(&self.reading, &self.read)),
            Kind::Pattern => Some(Linked::of_pattern(&self.pattern)),
            Kind::Score | Kind::Weight | Kind::Effect | Kind::Estimate => None,
        }
    }

    /// The rows that the worker gets as JSON Lines, and which they are.
    ///
    /// # Errors
    /// A sentence where the words are not whole, or no row has them.
    pub(super) fn sent(&self, set: &LoadedSet, is_causal: bool) -> Result<(String, Sent), String> {
        let Some(linked) = self.linked() else { return Ok((set.lines.clone(), Sent::default())) };
        let linked = linked?;
        linked.check(is_causal)?;
        let found = linked.rows(&set.rows, is_causal);
        let missing = linked.missing(is_causal);
        if found.rows.is_empty() {
            return Err(format!("none of the {} rows fits: {missing}", set.rows.len()));
        }
        let has_words = |index: &usize| found.indices.binary_search(index).is_ok();
        let left_out = (0..set.rows.len()).filter(|index| !has_words(index));
        let left_out = left_out.map(|index| (index as u32, missing.to_owned())).collect();
        let (lines, indices) = (found.lines(), Arc::new(found.indices));
        Ok((lines, Sent { linked: Some((Arc::new(linked), is_causal)), indices, left_out: Arc::new(left_out) }))
    }

    /// The marks of the words that read and of those that are read; empty where the measure has none.
    pub(super) fn ends(&self) -> (&str, &str) {
        match self.kind {
            Kind::Weight => (&self.from, &self.to),
            Kind::Words | Kind::Pattern => (READING, READ),
            Kind::Score | Kind::Effect | Kind::Estimate => ("", ""),
        }
    }

    /// The measure of typed words as the worker reads it: the weight between two marks.
    pub(super) fn marked_measure() -> String {
        format!("weight:{READING}:{READ}")
    }
}

/// Which words count, a sentence beside the numbers.
pub(super) fn rule(form: &Form, is_causal: bool) -> Option<String> {
    let pieces = "The weight out of a word is the mean over its tokens, that into a word the sum over its tokens.";
    let (in_front, typed) = (if is_causal { "; the word that is read stands in front" } else { "" }, form);
    match form.kind {
        Kind::Words => Some(format!(
            "Of each row the “{}” and the “{}” that stand nearest to each other count, once{in_front}. Upper and lower case are the \
             same; the second text of a pair is not searched. {pieces}",
            typed.reading.trim(),
            typed.read.trim()
        )),
        Kind::Pattern => Some(format!(
            "Of each row the first place counts that “{}” fits. Upper and lower case are the same; the second text of a pair is not \
             searched. {pieces}",
            typed.pattern.trim()
        )),
        Kind::Score | Kind::Weight | Kind::Effect | Kind::Estimate => None,
    }
}

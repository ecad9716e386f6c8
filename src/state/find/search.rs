//! A search and its numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::form::Form;
use super::linked::Sent;
use super::resumed::KeptSearch;
use super::set::LoadedSet;
use crate::analysis::statistics::{Corrected, Estimate, HeadFound, area, mean};
use crate::edit::Edit;
use crate::protocol::{FoundNumbers, RequestId, RowRead};
use crate::sets::{Row, Version};
use crate::state::Progress;

/// How far a search is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The model comes first.
    Waiting,
    /// Rows are measured.
    Running,
    /// The search rests.
    Paused,
    /// Everything is measured.
    Done,
    /// It ended before that, with the reason.
    Stopped(String),
}

/// A search over the heads of a model.
#[derive(Clone, Debug)]
pub struct Search {
    /// Its request; 0 before it is sent.
    pub request: RequestId,
    /// The set.
    pub set: Arc<LoadedSet>,
    /// What is measured.
    pub form: Form,
    /// The edits that act.
    pub edits: Vec<Edit>,
    /// The model.
    pub model: String,
    /// Tells the model from others of its name.
    pub(super) identity: String,
    /// Heads of a layer.
    pub n_heads: usize,
    /// Layers of the model.
    pub n_layers: usize,
    /// The seed of resamples and permutations.
    pub seed: u64,
    /// Permutations behind each p value.
    pub n_permutations: u32,
    /// Which rows the worker was sent.
    pub sent: Sent,
    /// The rows that fit.
    pub rows: Arc<Vec<RowRead>>,
    /// How many do not.
    pub n_refused: usize,
    /// The numbers of each row that is measured, by its index in the set: [n_layers, n_heads].
    pub values: BTreeMap<usize, Arc<[f32]>>,
    /// The answer.
    pub found: Option<Arc<FoundNumbers>>,
    /// How far the worker is.
    pub progress: Option<Progress>,
    /// How far it is.
    pub stage: Stage,
    /// What was kept over a reload, until the search goes on.
    pub(super) resumed: Option<Arc<KeptSearch>>,
}

impl PartialEq for Search {
    /// Numbers are added and never changed. Every fiftieth part of them counts as a change, and progress does not, so that what is drawn
    /// of all rows is not drawn with each of them.
    fn eq(&self, other: &Self) -> bool {
        let key = |search: &Self| {
            let n_rows = search.rows.len();
            (search.request, search.values.len() * 50 / n_rows.max(1), search.found.is_some(), n_rows)
        };
        key(self) == key(other) && self.stage == other.stage
    }
}

/// A row, or a minimal pair, by its indices in the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The row, or version a of the pair.
    pub row: usize,
    /// Version b.
    pub other: Option<usize>,
}

impl Unit {
    /// Rows with their indices; where any of them has a version, version a with version b of each pair that has both.
    pub(super) fn of_rows<'a>(rows: impl Iterator<Item = (usize, &'a Row)> + Clone) -> Vec<Self> {
        if rows.clone().all(|(_, row)| row.version.is_none()) {
            return rows.map(|(row, _)| Self { row, other: None }).collect();
        }
        let of_version = |wanted: Version| rows.clone().filter(move |(_, row)| row.version == Some(wanted));
        let second: BTreeMap<Option<&str>, usize> =
            of_version(Version::B).map(|(index, row)| (row.pair_id.as_deref(), index)).collect();
        let unit =
            |(index, row): (usize, &Row)| Some(Self { row: index, other: Some(*second.get(&row.pair_id.as_deref())?) });
        of_version(Version::A).filter_map(unit).collect()
    }
}

impl Search {
    /// A search that waits for the model.
    pub(super) fn waiting(set: Arc<LoadedSet>, seed: u64, n_permutations: u32) -> Self {
        Self {
            request: 0,
            set,
            edits: Vec::new(),
            form: Form::default(),
            model: String::new(),
            identity: String::new(),
            n_heads: 0,
            n_layers: 0,
            seed,
            n_permutations,
            sent: Sent::default(),
            rows: Arc::default(),
            n_refused: 0,
            values: BTreeMap::new(),
            found: None,
            progress: None,
            stage: Stage::Waiting,
            resumed: None,
        }
    }

    /// Whether numbers are still to come.
    pub fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Running | Stage::Paused)
    }

    /// The value that says nothing: half for an area, else 0.
    pub fn middle(&self) -> f64 {
        if self.form.is_area { 0.5 } else { 0.0 }
    }

    /// Rows or pairs that are measured, in the order of the set.
    pub fn units(&self) -> Vec<Unit> {
        Unit::of_rows(self.values.keys().filter_map(|row| Some((*row, self.set.rows.get(*row)?))))
    }

    /// The number of a head on a row, or the difference between both versions of a pair; NaN where there is none.
    pub fn value(&self, unit: Unit, head: usize) -> f64 {
        let number = |row: usize| {
            let value = self.values.get(&row).and_then(|values| values.get(head));
            value.map_or(f64::NAN, |value| f64::from(*value))
        };
        unit.other.map_or(number(unit.row), |other| number(unit.row) - number(other))
    }

    /// Whether each unit has the positive label.
    pub fn labels(&self, units: &[Unit]) -> Vec<bool> {
        let positive: BTreeMap<u32, bool> =
            self.rows.iter().map(|row| (row.row, row.is_positive == Some(true))).collect();
        units.iter().map(|unit| positive.get(&(unit.row as u32)).copied().unwrap_or(false)).collect()
    }

    /// What is known of each head: the answer, or before it the numbers over the rows so far, without intervals.
    pub fn heads(&self) -> Vec<HeadFound> {
        if let Some(found) = &self.found {
            let head = found.heads.iter().map(|head| HeadFound {
                estimate: Estimate { n: head.n as usize, value: head.value, interval: head.interval },
                p: head.p.map(|[statistic, p, p_corrected]| Corrected { statistic, p, p_corrected }),
            });
            return head.collect();
        }
        let units = self.units();
        let labels = self.labels(&units);
        let so_far = |head: usize| {
            let values: Vec<f64> = units.iter().map(|unit| self.value(*unit, head)).collect();
            let value = if self.form.is_area { area(&values, &labels, None) } else { mean(&values) };
            let n = values.iter().filter(|value| !value.is_nan()).count();
            HeadFound { estimate: Estimate { n, value: value.unwrap_or(f64::NAN), interval: None }, p: None }
        };
        (0..self.n_layers * self.n_heads).map(so_far).collect()
    }

    /// Heads by how far they are from the middle, the farthest first; heads without a number are left out.
    pub fn ranked(&self) -> Vec<(usize, HeadFound)> {
        let mut heads: Vec<(usize, HeadFound)> = self.heads().into_iter().enumerate().collect();
        heads.retain(|(_, head)| !head.estimate.value.is_nan());
        let size = |head: &HeadFound| (head.estimate.value - self.middle()).abs();
        heads.sort_by(|(_, one), (_, other)| size(other).total_cmp(&size(one)));
        heads
    }

    /// Layer and head of a place among all heads.
    pub fn place(&self, head: usize) -> (usize, usize) {
        (head / self.n_heads.max(1), head % self.n_heads.max(1))
    }
}

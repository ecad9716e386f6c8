//! The workbench: a set of texts, what is measured of each head over it, and what was found.
//!
//! [`set`] is what was read (`reading`), [`form`] what is measured, `linked` its typed words, `asking` the question to the worker,
//! [`search`] a search with its numbers, `resumed` one that outlives a reload, `opening` a row of it in the other views, [`study`] what
//! several rows say of one head, [`curve`] its weight over distance, [`trials`] its rows under edits: `recall` of needles, and [`masks`]
//! beside random ones with `mask_effects`, both as CSV in `tables`; [`atlas`] opened atlases, [`making`] one that is made here, `reduce`
//! the events. A search belongs to the worker and not to the result on screen, so that a reader goes on looking meanwhile.

mod asking;
pub mod atlas;
pub mod curve;
pub mod form;
mod linked;
pub mod making;
mod mask_effects;
pub mod masks;
mod opening;
mod reading;
mod recall;
mod reduce;
mod resumed;
pub mod search;
pub mod set;
pub mod study;
mod tables;
pub mod trials;
pub mod words;

use std::sync::Arc;

use crate::protocol::{RequestId, RowRead};
use crate::sets::Columns;
use crate::state::link::LinkedSet;

pub use atlas::{AtlasBench, AtlasEvent, AtlasView, OpenAtlas};
pub use curve::{CurveState, CurveTexts};
pub use form::{Form, Kind};
pub use linked::Sent;
pub use making::{MakeAsked, Making};
pub use mask_effects::MaskFound;
pub use masks::{MaskAsked, MaskSource};
pub use recall::Grouping;
pub use reduce::FindEvent;
pub use resumed::KeptSearch;
pub use search::{Search, Stage, Unit};
pub use set::{Format, LoadedSet, SetSource};
pub use study::{Occupations, OneOccupation};
pub use trials::Trials;

/// Sets of fewer bytes travel in a link.
const MAX_LINKED: usize = 2 << 10;

/// Rows of a made set before somebody types a number.
const N_ROWS: &str = "80";

/// The workbench.
#[derive(Clone, Debug, PartialEq)]
pub struct Find {
    /// The made set that is picked, by its place in `Made::ALL`.
    pub made: usize,
    /// How many rows it is to have, as typed.
    pub n_rows: String,
    /// The seed of made sets, resamples and permutations, as typed.
    pub seed: String,
    /// A set as typed or pasted.
    pub typed: String,
    /// The form of what is typed.
    pub format: Format,
    /// Roles that were given to columns by hand.
    pub columns: Columns,
    /// The names of the columns of what was last read, also where one must be given a role before it is a set.
    pub column_names: Vec<String>,
    /// The set of a link that is to be opened.
    pub(in crate::state) linked: Option<LinkedSet>,
    /// What was last read, so that it can be read again with other columns.
    pub source: Option<Arc<SetSource>>,
    /// The set.
    pub set: Option<Arc<LoadedSet>>,
    /// Why the last set could not be read; the one before it stays.
    pub problem: Option<String>,
    /// What is measured.
    pub form: Form,
    /// How the model reads the rows.
    pub aligned: Option<Arc<RowsRead>>,
    /// The request for that, and what it is about.
    aligning: Option<(RequestId, String, Sent)>,
    /// The last search.
    pub search: Option<Arc<Search>>,
    /// The chosen head, by its place among all.
    pub head: Option<usize>,
    /// The chosen head's curve over distance, once it was asked for.
    pub curve: Option<CurveState>,
    /// How many searches were begun on this set.
    pub n_searches: u32,
    /// A search that was under way before a reload.
    pub resumable: Option<Arc<KeptSearch>>,
    /// Whether a search under way is kept when the page is left.
    pub is_kept_when_left: bool,
    /// The last trials of the set's rows under edits.
    pub trials: Option<Arc<Trials>>,
    /// The last atlas that was made here.
    pub making: Option<Box<Making>>,
    /// Atlases of heads.
    pub atlas: AtlasBench,
}

impl Default for Find {
    fn default() -> Self {
        Self {
            made: 0,
            n_rows: N_ROWS.to_owned(),
            seed: "0".to_owned(),
            typed: String::new(),
            format: Format::default(),
            columns: Columns::default(),
            column_names: Vec::new(),
            linked: None,
            source: None,
            set: None,
            problem: None,
            form: Form::default(),
            aligned: None,
            aligning: None,
            search: None,
            head: None,
            curve: None,
            n_searches: 0,
            resumable: None,
            is_kept_when_left: false,
            trials: None,
            making: None,
            atlas: AtlasBench::default(),
        }
    }
}

impl Find {
    /// Whether a search, trials or an atlas is under way.
    pub fn is_under_way(&self) -> bool {
        self.search.as_ref().is_some_and(|search| search.is_under_way())
            || self.trials.as_ref().is_some_and(|trials| trials.is_under_way())
            || self.making.as_ref().is_some_and(|making| making.is_under_way())
    }

    /// The set as a link says it: small ones travel in it, made ones are made again.
    pub(in crate::state) fn linked_set(&self) -> LinkedSet {
        let Some(set) = &self.set else { return self.linked.clone().unwrap_or_default() };
        let is_small = set.made.is_none() && set.lines.len() < MAX_LINKED;
        LinkedSet { hash: Some(set.hash.clone()), made: set.made.clone(), rows: is_small.then(|| set.lines.clone()) }
    }
}

/// How the model reads the rows of a set for a measure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowsRead {
    /// The set and the measure.
    key: String,
    /// The rows that fit.
    pub rows: Vec<RowRead>,
    /// The others by their index, and why.
    pub refused: Vec<(u32, String)>,
    /// What is done with rows that fit in part.
    pub notes: Vec<String>,
    /// Why no row can be read.
    pub problem: Option<String>,
}

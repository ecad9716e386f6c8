//! A search that outlives a reload: what the tab keeps of it, and how it goes on with the rows that were measured.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::form::Form;
use super::search::{Search, Stage};
use super::set::{LoadedSet, SetSource};
use crate::edit::Edit;
use crate::protocol::ModelInfo;
use crate::state::catalogue::ModelLocation;
use crate::state::wording::{count, sentence};
use crate::state::{Effect, State};

/// Changes with what [`KeptSearch`] holds, so that what another version of the page kept is not misread.
const FORMAT: u32 = 1;

/// A search as the tab keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptSearch {
    format: u32,
    set_name: String,
    /// How the program made the set; of other sets `lines` has the rows.
    made: Option<String>,
    lines: String,
    set_hash: String,
    form: Form,
    edits: Vec<Edit>,
    model: String,
    identity: String,
    n_layers: usize,
    n_heads: usize,
    seed: u64,
    n_permutations: u32,
    /// Rows that fit, as far as they are known.
    n_rows: usize,
    /// How many rows were measured; the tab's storage may take fewer.
    n_measured: usize,
    /// Numbers of rows by their index in the set.
    values: Vec<(u32, Vec<f32>)>,
}

impl KeptSearch {
    /// The same with half of the measured rows, for storage that does not take all of them; nothing where there is none.
    pub fn halved(mut self) -> Option<Self> {
        let n = self.values.len();
        self.values.truncate(n / 2);
        (n > 0).then_some(self)
    }

    /// Whether this version of the page wrote it.
    pub fn is_readable(&self) -> bool {
        self.format == FORMAT
    }

    /// Of what the search is and how far it came, for the reader.
    pub fn statement(&self) -> String {
        let n_rows = if self.n_rows == 0 { "its rows".to_owned() } else { count(self.n_rows, "row") };
        let kept = match self.n_measured - self.values.len().min(self.n_measured) {
            0 => String::new(),
            n => format!(" This browser’s storage did not take {n} of them, which are measured again."),
        };
        let edits = match self.edits.len() {
            0 => "without edits".to_owned(),
            n => format!("under {}, which act again", count(n, "edit")),
        };
        format!(
            "A search was under way when this page was left: {}, {} of {n_rows} measured. Set: {}. Model: {}, {edits}.{kept}",
            self.form.meaning(),
            self.n_measured,
            self.set_name,
            self.model
        )
    }

    fn set(&self) -> Result<LoadedSet, String> {
        let set = match self.made.as_deref().and_then(SetSource::of_link) {
            Some(source) => source.read(&Default::default()).map_err(|(problem, _)| problem)?,
            None => LoadedSet::of_lines(&self.set_name, &self.lines)?,
        };
        let differs = format!("the set {} is not what it was, so its rows cannot be gone on with", self.set_name);
        if set.hash == self.set_hash { Ok(set) } else { Err(differs) }
    }
}

impl State {
    /// What the tab keeps of a search that is under way, or that was offered and not taken up.
    pub fn kept_search(&self) -> Option<KeptSearch> {
        let search = self.find.search.as_ref().filter(|search| search.is_under_way() && !search.model.is_empty());
        let Some(search) = search else { return self.find.resumable.as_deref().cloned() };
        let set = &search.set;
        let values = search.values.iter().map(|(row, values)| (*row as u32, values.to_vec()));
        Some(KeptSearch {
            format: FORMAT,
            set_name: set.name.clone(),
            made: set.made.clone(),
            lines: if set.made.is_some() { String::new() } else { set.lines.clone() },
            set_hash: set.hash.clone(),
            form: search.form.clone(),
            edits: search.edits.clone(),
            model: search.model.clone(),
            identity: search.identity.clone(),
            n_layers: search.n_layers,
            n_heads: search.n_heads,
            seed: search.seed,
            n_permutations: search.n_permutations,
            n_rows: search.rows.len(),
            n_measured: search.values.len(),
            values: values.collect(),
        })
    }

    /// Goes on with the search that was kept: with its set, its measure and its edits.
    pub(super) fn resume_asked(&mut self, effects: &mut Vec<Effect>) {
        let Some(kept) = self.find.resumable.clone() else { return };
        let set = match kept.set() {
            Ok(set) => Arc::new(set),
            Err(problem) => {
                self.find.problem = Some(sentence(&problem));
                return;
            }
        };
        self.stop_search("another search was gone on with", effects);
        let find = &mut self.find;
        (find.problem, find.resumable, find.source) = (None, None, None);
        (find.set, find.form, find.n_searches) = (Some(Arc::clone(&set)), kept.form.clone(), 1);
        find.column_names.clear();
        let n_all = kept.n_layers * kept.n_heads;
        let values = kept.values.iter().filter(|(row, values)| values.len() == n_all && set.rows.len() > *row as usize);
        find.search = Some(Arc::new(Search {
            edits: kept.edits.clone(),
            form: kept.form.clone(),
            model: kept.model.clone(),
            identity: kept.identity.clone(),
            n_heads: kept.n_heads,
            n_layers: kept.n_layers,
            values: values.map(|(row, values)| (*row as usize, values.as_slice().into())).collect(),
            resumed: Some(kept.clone()),
            ..Search::waiting(set, kept.seed, kept.n_permutations)
        }));
        self.run_for_model(effects);
    }

    /// Tells models apart by all that the page knows of them.
    pub(super) fn identity(&self, model: &ModelInfo) -> String {
        let entry = self.models.iter().find(|entry| entry.name == model.name);
        let commit = entry.and_then(|entry| match &entry.location {
            ModelLocation::Hub { commit, .. } => Some(commit.as_str()),
            _ => None,
        });
        format!(
            "{} {} {} {}x{}",
            commit.unwrap_or_default(),
            model.quantisation,
            model.weight_bytes,
            model.spec.n_layers,
            model.spec.n_heads
        )
    }

    /// Whether the model is the one that rows were measured with. If it is another one, the search ends, says so, and is offered again.
    pub(super) fn is_of_this_model(&mut self, search: &Search, name: &str, identity: &str) -> bool {
        let is_same = search.resumed.is_none() || (search.model == name && search.identity == identity);
        if !is_same {
            self.find.resumable.clone_from(&search.resumed);
            let is_other_version = search.model == name;
            let what = if is_other_version { "another version of it" } else { name };
            self.change_search(|search| {
                let reason = format!("its rows were measured with {}, and {what} is loaded now", search.model);
                (search.stage, search.resumed) = (Stage::Stopped(reason), None);
            });
        }
        is_same
    }
}

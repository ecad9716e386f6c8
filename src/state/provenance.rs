//! What made the trace on screen: its model, as far as that is on this page, and the edits that acted in it.

use super::editing::edit_name;
use super::{Effect, ModelEntry, Shown, State};
use crate::edit;
use crate::protocol::{Input, InputText, TargetAsked};
use crate::state::catalogue::ModelLocation;
use crate::trace::file::ModelName;

/// Digits of a digest or commit that are enough to find it again.
const N_DIGITS: usize = 12;

/// The model that made a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceModel {
    /// A model of this page, by its place in the catalogue.
    Here(usize),
    /// Another model: its name with quantisation, revision and digest, as far as the file says them.
    Elsewhere(String),
    /// The file names no model.
    Unknown,
}

impl State {
    /// The model that made the result on screen, where that is a trace.
    pub fn trace_model(&self) -> Option<TraceModel> {
        let shown = self.shown.as_ref().filter(|shown| shown.is_trace && shown.second.is_none())?;
        let made_by = &shown.origin.model;
        if made_by.name.is_empty() && made_by.sha256.is_none() {
            return Some(TraceModel::Unknown);
        }
        let here = self.models.iter().position(|entry| is_same(entry, made_by, &shown.model_name));
        Some(here.map_or_else(|| TraceModel::Elsewhere(full_name(shown)), TraceModel::Here))
    }

    /// Runs what the trace on screen read, in the model that made it, or in the picked one where that model is not here.
    pub(super) fn run_trace(&mut self, effects: &mut Vec<Effect>) {
        if let Some(input) = self.shown.as_ref().map(input_of) {
            self.fill_in(&input);
        }
        match self.trace_model() {
            Some(TraceModel::Here(model)) if model != self.picked_model => self.pick_anew(model, effects),
            _ => self.run(false, effects),
        }
    }

    /// The edits that acted in the trace on screen, by name; as JSON where this version does not know one.
    pub fn trace_edits(&self) -> Vec<String> {
        let Some(shown) = self.shown.as_ref().filter(|shown| shown.is_trace) else { return Vec::new() };
        let name = |value: &serde_json::Value| match edit::parse_list(&format!("[{value}]")) {
            Ok(edits) => edits.iter().map(|edit| edit_name(edit, shown.labels_of(edit))).collect::<Vec<_>>().join("; "),
            Err(_) => value.to_string(),
        };
        shown.origin.edits.iter().map(name).collect()
    }
}

/// What a result was made of, as far as a trace says it: its text, or its token ids.
pub(super) fn input_of(shown: &Shown) -> Input {
    let text = match &shown.asked {
        InputText::Single(text) if text.is_empty() => InputText::Ids(shown.info.tokens.ids.clone()),
        text => text.clone(),
    };
    Input { text, cut: false, bos: None, target: TargetAsked::Generated }
}

/// Whether an entry of the catalogue is the model that a file names. A digest decides where both have one, then the commit; the
/// name decides only where neither is known of both.
fn is_same(entry: &ModelEntry, made_by: &ModelName, shown_name: &str) -> bool {
    let has_name = entry.name == shown_name || entry.name == made_by.name;
    let weights = entry.files.iter().max_by_key(|file| file.size).map(|file| file.sha256.as_str());
    if let (Some(own), Some(theirs)) = (weights.filter(|digest| !digest.is_empty()), &made_by.sha256) {
        return own.eq_ignore_ascii_case(theirs);
    }
    if let (ModelLocation::Hub { commit, .. }, Some(revision)) = (&entry.location, &made_by.revision) {
        return has_name && commit == revision;
    }
    has_name
}

fn full_name(shown: &Shown) -> String {
    let made_by = &shown.origin.model;
    let start = |text: &str| text.get(..N_DIGITS).unwrap_or(text).to_owned();
    let mut details = Vec::new();
    details.extend(made_by.revision.as_ref().map(|revision| format!("revision {}", start(revision))));
    details.extend(made_by.sha256.as_ref().map(|digest| format!("weights {}", start(digest))));
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
    format!("{}{details}", shown.model_name)
}

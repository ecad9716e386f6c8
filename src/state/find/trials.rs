//! The rows of a set under several lists of edits: how these runs are asked for and gathered, and recall of needles without and with the
//! edits of the page. [`super::masks`] has the other use.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::masks::MaskPlan;
use super::search::Stage;
use super::set::LoadedSet;
use crate::analysis::statistics::{Recall, Recalled, recall};
use crate::edit::Edit;
use crate::protocol::{FindReply, FindRequest, Report, RequestId, ToWorker};
use crate::sets::{self, Label, Row};
use crate::state::wording::{count, sentence};
use crate::state::{Effect, Progress, State, WorkerPhase};

/// The mark of the fact in a row.
const NEEDLE: &str = "needle";
/// Distances in words at which the next group begins.
const DISTANCES: [f64; 5] = [16.0, 32.0, 64.0, 128.0, 256.0];
/// Fifths of the filler before the fact.
const N_DEPTHS: usize = 5;

/// Trials, under way or done.
#[derive(Clone, Debug)]
pub struct Trials {
    /// The request.
    request: RequestId,
    /// The set.
    pub set: Arc<LoadedSet>,
    /// The model.
    pub model: String,
    /// The rows that are run: those of the set, and of a mask's controls.
    pub rows: Arc<Vec<Row>>,
    /// Lists of edits; the first one is empty.
    pub variants: Vec<Vec<Edit>>,
    /// The mask that is measured; `None` for recall.
    pub mask: Option<Arc<MaskPlan>>,
    /// The numbers by variant and row: outcome, likelier tokens, likelier other answers, loss.
    pub numbers: BTreeMap<(usize, usize), [f32; 4]>,
    /// Rows that do not fit, and why.
    pub refused: Vec<(u32, String)>,
    /// How far the worker is.
    pub progress: Option<Progress>,
    /// How far it is.
    pub stage: Stage,
}

impl PartialEq for Trials {
    /// Numbers are added and never changed.
    fn eq(&self, other: &Self) -> bool {
        let key = |trials: &Self| (trials.request, trials.numbers.len() / 8, trials.refused.len());
        key(self) == key(other) && self.stage == other.stage
    }
}

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
    /// Whether numbers are still to come.
    pub fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Running | Stage::Paused)
    }

    /// The number of the request.
    pub(super) fn request(&self) -> RequestId {
        self.request
    }

    /// Trials that wait for the model.
    pub(super) fn new(set: Arc<LoadedSet>, rows: Vec<Row>, variants: Vec<Vec<Edit>>, mask: Option<MaskPlan>) -> Self {
        Self {
            request: 0,
            set,
            rows: Arc::new(rows),
            variants,
            mask: mask.map(Arc::new),
            model: String::new(),
            numbers: BTreeMap::new(),
            refused: Vec::new(),
            progress: None,
            stage: Stage::Waiting,
        }
    }

    /// Edits of the second list, if there is one.
    fn n_edits(&self) -> usize {
        self.variants.get(1).map_or(0, Vec::len)
    }

    /// How many trials are done, and how many there are.
    fn count(&self) -> (usize, usize) {
        let n_rows = self.rows.len() - self.refused.len().min(self.rows.len());
        (self.numbers.len(), n_rows * self.variants.len())
    }

    /// How far it is, for the status line.
    pub fn status(&self) -> String {
        let (n_done, n_all) = self.count();
        match &self.stage {
            Stage::Done => "complete".to_owned(),
            Stage::Stopped(reason) => format!("ended before all rows were run: {reason}"),
            _ => {
                let what = if self.mask.is_some() { "Mask" } else { "Recall" };
                let between = if self.stage == Stage::Paused { " rests at" } else { ":" };
                format!("{what}{between} {n_done} of {}", count(n_all, "run"))
            }
        }
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
    pub fn chance(&self) -> f64 {
        let n_others = |row: &Row| 1.0 / (1 + row.others.len()) as f64;
        self.set.rows.iter().map(n_others).sum::<f64>() / self.set.rows.len().max(1) as f64
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
        let edits: Vec<Edit> = self.editing.edits().into_iter().filter(|edit| edit.on).collect();
        let variants = std::iter::once(Vec::new()).chain(Some(edits).filter(|edits| !edits.is_empty())).collect();
        let rows = set.rows.clone();
        self.find.trials = Some(Arc::new(Trials::new(set, rows, variants, None)));
        if self.work.model.is_none() && self.work.request.is_none() && self.work.planned.is_none() {
            self.run(false, effects);
        }
    }

    /// Sends what waits for the model, once that is here and nobody else waits for it. Says whether anything waits.
    pub(super) fn follow_trials(&mut self, effects: &mut Vec<Effect>) -> bool {
        let Some(trials) = self.find.trials.clone().filter(|trials| trials.stage == Stage::Waiting) else {
            return false;
        };
        let Some(model) = self.work.model.as_ref().filter(|_| self.work.worker == WorkerPhase::Ready) else {
            if self.work.planned.is_none() {
                self.end_trials("no model was loaded: see the message above".to_owned());
            }
            return true;
        };
        let name = model.name.clone();
        let request = self.request();
        self.change_trials(|trials| (trials.request, trials.stage, trials.model) = (request, Stage::Running, name));
        let (variants, lines) = (trials.variants.clone(), sets::to_json_lines(&trials.rows));
        effects.push(Effect::Send(ToWorker::Find(FindRequest::Trials { request, lines, variants })));
        true
    }

    /// What the worker says of trials.
    pub(super) fn trials_said(&mut self, reply: FindReply, buffers: Vec<Vec<f32>>) {
        match reply {
            FindReply::TrialsBegun { request, refused } if self.is_of_trials(request) => {
                self.change_trials(|trials| trials.refused = refused);
            }
            FindReply::Trial { request, variant, row } if self.is_of_trials(request) => {
                let numbers = buffers.first().and_then(|numbers| <[f32; 4]>::try_from(numbers.as_slice()).ok());
                let place = (variant as usize, row as usize);
                self.change_trials(|trials| trials.numbers.extend(numbers.map(|numbers| (place, numbers))));
            }
            FindReply::TrialsDone { request } if self.is_of_trials(request) => {
                self.change_trials(|trials| (trials.stage, trials.progress) = (Stage::Done, None));
            }
            _ => {}
        }
    }

    /// A request ended without an answer: says whether it is that of trials.
    pub(super) fn trials_ended(&mut self, request: RequestId, report: Option<&Report>) -> bool {
        let is_its = self.is_of_trials(request);
        if is_its {
            self.end_trials(report.map_or_else(|| "stopped".to_owned(), |report| sentence(&report.message)));
        }
        is_its
    }

    /// Notes how far trials are: says whether the request is theirs.
    pub(super) fn trials_progressed(&mut self, request: RequestId, progress: Progress) -> bool {
        let is_its = self.is_of_trials(request);
        if is_its {
            self.change_trials(|trials| trials.progress = Some(progress));
        }
        is_its
    }

    /// Stops trials under way; their numbers stay. Says whether there were any.
    pub(super) fn stop_trials(&mut self, reason: &str, effects: &mut Vec<Effect>) -> bool {
        let Some(trials) = self.find.trials.as_ref().filter(|trials| trials.is_under_way()) else { return false };
        if trials.request != 0 {
            effects.push(Effect::Send(ToWorker::Cancel { request: trials.request }));
        }
        self.end_trials(reason.to_owned());
        true
    }

    /// Lets trials rest, or go on.
    pub(super) fn pause_trials(&mut self, from: Stage, to: Stage, is_paused: bool, effects: &mut Vec<Effect>) {
        let Some(trials) = self.find.trials.clone().filter(|trials| trials.stage == from) else { return };
        self.change_trials(|trials| trials.stage = to);
        effects.push(Effect::Send(ToWorker::Pause { request: trials.request, is_paused }));
    }

    fn is_of_trials(&self, request: RequestId) -> bool {
        self.find.trials.as_ref().is_some_and(|trials| trials.request == request && trials.is_under_way())
    }

    fn change_trials(&mut self, change: impl FnOnce(&mut Trials)) {
        if let Some(trials) = &mut self.find.trials {
            change(Arc::make_mut(trials));
        }
    }

    pub(super) fn end_trials(&mut self, reason: String) {
        self.change_trials(|trials| (trials.stage, trials.progress) = (Stage::Stopped(reason), None));
    }
}

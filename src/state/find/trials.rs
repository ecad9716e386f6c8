//! The rows of a set under several lists of edits: how these runs are asked for and gathered. [`super::recall`] and [`super::masks`] have
//! what is asked for and what is made of the numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::masks::MaskPlan;
use super::search::Stage;
use super::set::LoadedSet;
use crate::edit::Edit;
use crate::protocol::{FindReply, FindRequest, Report, RequestId, ToWorker};
use crate::sets::{self, Row};
use crate::state::wording::{count, sentence};
use crate::state::{Effect, Progress, State, WorkerPhase};

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
    pub variants: Arc<Vec<Vec<Edit>>>,
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
    /// Numbers are added and never changed. Every eighth of them counts as a change, and progress does not.
    fn eq(&self, other: &Self) -> bool {
        let key = |trials: &Self| (trials.request, trials.numbers.len() / 8, trials.refused.len());
        key(self) == key(other) && self.stage == other.stage
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
            variants: Arc::new(variants),
            mask: mask.map(Arc::new),
            model: String::new(),
            numbers: BTreeMap::new(),
            refused: Vec::new(),
            progress: None,
            stage: Stage::Waiting,
        }
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
}

impl State {
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
        let (variants, lines) = (trials.variants.to_vec(), sets::to_json_lines(&trials.rows));
        effects.push(Effect::Send(ToWorker::Find(FindRequest::Trials { request, lines, variants })));
        true
    }

    /// What the worker says of trials.
    pub(super) fn trials_said(&mut self, reply: FindReply, buffers: Vec<Vec<f32>>) {
        match reply {
            FindReply::Begun { request, refused } if self.is_of_trials(request) => {
                self.change_trials(|trials| trials.refused = refused);
            }
            FindReply::Trial { request, variant, row } if self.is_of_trials(request) => {
                let numbers = buffers.first().and_then(|numbers| <[f32; 4]>::try_from(numbers.as_slice()).ok());
                let place = (variant as usize, row as usize);
                self.change_trials(|trials| trials.numbers.extend(numbers.map(|numbers| (place, numbers))));
            }
            FindReply::AllRun { request } if self.is_of_trials(request) => {
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

//! What each event about editing does, and the requests it makes.

use super::super::*;
use super::{EditEvent, Side, SweepState};
use crate::protocol::{EditingRequest, OutcomeAsked, RunId, SweepAsked, ToWorker};

/// How many tokens are written at a time: one, so that its attention is seen before the next one comes.
const AT_A_TIME: u32 = 1;

impl State {
    pub(in crate::state) fn edited(&mut self, event: EditEvent, effects: &mut Vec<Effect>) {
        match event {
            EditEvent::SidePicked(side) => self.look_at(side, effects),
            EditEvent::OutcomePicked(asked) => {
                self.editing.asked = asked;
                self.editing.is_outcome_chosen = true;
                self.compare(effects);
            }
            EditEvent::SweepAsked(asked) => self.sweep(asked, effects),
            EditEvent::SamplingPicked(sampling) => self.editing.sampling = sampling,
            EditEvent::WriteAsked(n_tokens) => {
                self.editing.n_to_write = n_tokens;
                self.write_next(None, effects);
            }
            EditEvent::TokenPicked(id) => {
                self.editing.n_to_write = 1;
                self.write_next(Some(id), effects);
            }
            EditEvent::TokenTakenBack => self.take_back(effects),
            listed => {
                let was_active = self.editing.has_active();
                if self.editing.change(listed) && (was_active || self.editing.has_active()) {
                    self.apply_edits(effects);
                }
            }
        }
    }

    /// The clean run's name in the worker.
    pub(in crate::state) fn clean_run(&self) -> Option<RunId> {
        match self.editing.side {
            Side::Clean => self.shown.as_ref()?.live_run,
            Side::Edited => self.editing.other.as_ref()?.live_run,
        }
    }

    /// The edited run's name in the worker, where there is one.
    pub(in crate::state) fn edited_run(&self) -> Option<RunId> {
        match self.editing.side {
            Side::Clean => self.editing.other.as_ref()?.live_run,
            Side::Edited => self.shown.as_ref()?.live_run,
        }
    }

    fn start(&mut self, task: Task, effects: &mut Vec<Effect>) -> RequestId {
        if let Some(work) = self.work.take() {
            effects.push(Effect::Send(ToWorker::Cancel { request: work.request }));
        }
        let request = self.request();
        self.work = Some(Work { request, task, progress: None, is_cancelling: false });
        request
    }

    /// Runs again under the list as it is, or goes back to the clean result where nothing is switched on.
    pub(in crate::state) fn apply_edits(&mut self, effects: &mut Vec<Effect>) {
        self.editing.alone.clear();
        self.editing.inactive.clear();
        let Some(base) = self.clean_run() else { return };
        if !self.editing.has_active() {
            if self.work.as_ref().is_some_and(|work| work.task == Task::Edit) {
                self.cancel(effects);
            }
            self.look_at(Side::Clean, effects);
            self.drop_edited(effects);
            self.compare(effects);
            return;
        }
        let request = self.start(Task::Edit, effects);
        let edits_json = self.editing.json();
        effects.push(Effect::Send(ToWorker::Editing(EditingRequest::Again { request, base, edits_json })));
    }

    /// Shows the other one of the two results.
    pub(in crate::state) fn look_at(&mut self, side: Side, effects: &mut Vec<Effect>) {
        if self.editing.side == side {
            return;
        }
        let (Some(other), Some(shown)) = (self.editing.other.take(), self.shown.take()) else { return };
        self.editing.side = side;
        self.editing.other = Some(Box::new(shown));
        self.selection.clamp(&other.shape());
        self.shown = Some(*other);
        self.look_again(effects);
    }

    /// Asks for the patterns of the result on screen.
    pub(in crate::state) fn look_again(&mut self, effects: &mut Vec<Effect>) {
        if let Some((request, _)) = self.wanted_layer.take() {
            effects.push(Effect::Send(ToWorker::Cancel { request }));
        }
        self.follow_layer(effects);
    }

    /// Forgets the edited run; the clean one is on screen.
    pub(in crate::state) fn drop_edited(&mut self, effects: &mut Vec<Effect>) {
        if let Some(run) = self.editing.other.take().and_then(|other| other.live_run) {
            effects.push(Effect::Send(ToWorker::Forget { run }));
        }
    }

    /// Before another result replaces what is shown: the run that is not on screen goes, and with it what was known of both.
    pub(in crate::state) fn forget_editing(&mut self, effects: &mut Vec<Effect>) {
        self.drop_edited(effects);
        let editing = &mut self.editing;
        editing.side = Side::Clean;
        editing.inactive.clear();
        editing.alone.clear();
        editing.compared = None;
        editing.sweep = None;
        editing.written.clear();
        editing.n_to_write = 0;
        editing.comparing = None;
        editing.measuring = None;
        if !editing.is_outcome_chosen {
            editing.asked = OutcomeAsked::default();
        }
    }

    /// A worker is gone, and both runs with it: what is on screen stays, as the clean result if there is one.
    pub(in crate::state) fn editing_lost_worker(&mut self) {
        if self.editing.side == Side::Edited
            && let Some(clean) = self.editing.other.take()
        {
            self.shown = Some(*clean);
        }
        self.editing.other = None;
        self.editing.side = Side::Clean;
        self.editing.n_to_write = 0;
        self.editing.comparing = None;
        self.editing.measuring = None;
    }

    /// After a clean run: the list acts on it again, and predictions are asked for.
    pub(in crate::state) fn edit_again(&mut self, effects: &mut Vec<Effect>) {
        if self.editing.has_active() {
            self.apply_edits(effects);
        } else {
            self.compare(effects);
        }
    }

    /// Asks for predictions and the outcome of both runs.
    pub(in crate::state) fn compare(&mut self, effects: &mut Vec<Effect>) {
        let runs: Vec<RunId> = [self.clean_run(), self.edited_run()].into_iter().flatten().collect();
        if runs.is_empty() {
            return;
        }
        let asked = &self.editing.asked;
        let outcome = (!asked.answer.is_empty() && !asked.other.is_empty()).then(|| asked.clone());
        let request = self.request();
        self.editing.comparing = Some(request);
        effects.push(Effect::Send(ToWorker::Editing(EditingRequest::Compare { request, runs, outcome })));
    }

    /// Asks for the outcome of each edit alone.
    pub(in crate::state) fn measure_alone(&mut self, effects: &mut Vec<Effect>) {
        self.editing.alone.clear();
        let Some(base) = self.clean_run() else { return };
        let is_active = |listed: &&ListedEdit| listed.edit.on && self.editing.reason(listed.id).is_none();
        let active: Vec<ListedEdit> = self.editing.list.iter().filter(is_active).cloned().collect();
        if active.len() < 2 || self.editing.clean_outcome().is_none() {
            return;
        }
        let request = self.request();
        let json = |listed: &ListedEdit| serde_json::to_string(&listed.edit).unwrap_or_default();
        let what = SweepAsked::Each(active.iter().map(json).collect());
        self.editing.measuring = Some((request, active.iter().map(|listed| listed.id).collect()));
        let outcome = self.editing.asked.clone();
        let edits_json = "[]".to_owned();
        effects.push(Effect::Send(ToWorker::Editing(EditingRequest::Sweep {
            request,
            base,
            edits_json,
            what,
            outcome,
        })));
    }

    fn sweep(&mut self, asked: SweepAsked, effects: &mut Vec<Effect>) {
        let Some(base) = self.shown.as_ref().and_then(|shown| shown.live_run) else { return };
        let value = match self.editing.side {
            Side::Clean => self.editing.clean_outcome(),
            Side::Edited => self.editing.edited_outcome(),
        };
        if value.is_none() {
            self.notices.status = Some("Choose two answer tokens first: a sweep measures what they follow.".to_owned());
            return;
        }
        let request = self.start(Task::Sweep, effects);
        let edits_json = if self.editing.side == Side::Edited { self.editing.json() } else { "[]".to_owned() };
        self.editing.sweep = Some(SweepState {
            request,
            asked: asked.clone(),
            cells: Default::default(),
            base: value,
            other: None,
            is_done: false,
        });
        let outcome = self.editing.asked.clone();
        let what = asked;
        effects.push(Effect::Send(ToWorker::Editing(EditingRequest::Sweep {
            request,
            base,
            edits_json,
            what,
            outcome,
        })));
    }

    /// Writes the next token, if one is still to be written: the run on screen chooses, the other one reads along.
    pub(in crate::state) fn write_next(&mut self, first_id: Option<u32>, effects: &mut Vec<Effect>) {
        if self.editing.n_to_write == 0 {
            return;
        }
        let n_keep = self.shown.as_ref().map_or(0, |shown| shown.info.tokens.len() as u32);
        self.editing.n_to_write -= 1;
        self.ask_to_write(n_keep, first_id, AT_A_TIME, effects);
    }

    fn take_back(&mut self, effects: &mut Vec<Effect>) {
        self.editing.n_to_write = 0;
        let n_tokens = self.shown.as_ref().map_or(0, |shown| shown.info.tokens.len());
        if n_tokens < 2 {
            return;
        }
        self.editing.written.retain(|(position, _)| position + 1 < n_tokens);
        self.ask_to_write(n_tokens as u32 - 1, None, 0, effects);
    }

    fn ask_to_write(&mut self, n_keep: u32, first_id: Option<u32>, n_tokens: u32, effects: &mut Vec<Effect>) {
        let Some(run) = self.shown.as_ref().and_then(|shown| shown.live_run) else { return };
        let follower = self.editing.other.as_ref().and_then(|other| other.live_run);
        let request = self.start(Task::Write, effects);
        let sampling = self.editing.sampling;
        let asked = EditingRequest::Write { request, run, follower, n_keep, first_id, n_tokens, sampling };
        effects.push(Effect::Send(ToWorker::Editing(asked)));
    }
}

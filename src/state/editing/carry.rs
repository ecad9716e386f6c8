//! What each event about editing does, and the requests it makes.

use super::super::*;
use super::{Against, EditEvent, Side, SweepState};
use crate::protocol::{EditingRequest, SweepAsked, ToWorker};

/// How many tokens are written at a time: one, so that its attention is seen before the next one comes.
const AT_A_TIME: u32 = 1;

impl State {
    pub(in crate::state) fn edited(&mut self, event: EditEvent, effects: &mut Vec<Effect>) {
        match event {
            EditEvent::SidePicked(side) => self.look_at(side, effects),
            EditEvent::SideStepped => self.step_side(effects),
            EditEvent::AgainstPicked(against) => self.against_picked(against, effects),
            EditEvent::TraceCame(came) => self.trace_beside_came(*came, effects),
            EditEvent::PanelOpened(is_open) => self.editing.is_open = Some(is_open),
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
            EditEvent::BranchPicked(n_keep, id) => self.branch(n_keep, id, effects),
            EditEvent::TokenTakenBack => self.take_back(effects),
            mut listed => {
                if let (EditEvent::Added(edits), Some(shown)) = (&mut listed, &self.shown) {
                    edits.iter_mut().for_each(|edit| shown.place(edit));
                }
                let (was_active, is_more) = (self.editing.has_active(), matches!(listed, EditEvent::Added(_)));
                if !self.editing.change(listed) {
                    return;
                }
                if is_more {
                    // What was added is to be seen.
                    self.editing.is_open = Some(self.editing.is_open.unwrap_or(true));
                }
                if self.editing.against != Against::Edits {
                    self.against_picked(Against::Edits, effects);
                } else if was_active || self.editing.has_active() {
                    self.apply_edits(effects);
                } else {
                    self.measure_alone(effects);
                }
            }
        }
    }

    pub(super) fn start(&mut self, task: Task, effects: &mut Vec<Effect>) -> RequestId {
        if let Some(work) = self.work.take() {
            effects.push(Effect::Send(ToWorker::Cancel { request: work.request }));
        }
        let request = self.request();
        self.work = Some(Work { request, task, progress: None, is_cancelling: false });
        request
    }

    /// Runs again under the list as it is, or goes back to A where nothing is switched on.
    pub(in crate::state) fn apply_edits(&mut self, effects: &mut Vec<Effect>) {
        self.editing.alone.clear();
        self.editing.inactive.clear();
        let Some(base) = self.run_of(Side::A) else { return };
        if !self.editing.has_active() {
            if self.work.as_ref().is_some_and(|work| work.task == Task::Edit) {
                self.cancel(effects);
            }
            self.drop_b(effects);
            self.compare(effects);
            return;
        }
        let request = self.start(Task::Edit, effects);
        let edits_json = self.editing.json();
        effects.push(Effect::Send(ToWorker::Editing(EditingRequest::Again { request, base, edits_json })));
    }

    /// After a run of A: the list acts on it again, and predictions are asked for.
    pub(in crate::state) fn edit_again(&mut self, effects: &mut Vec<Effect>) {
        if self.editing.has_active() {
            self.apply_edits(effects);
        } else {
            self.compare(effects);
        }
    }

    /// What is followed, in the result that a sweep or a continuation starts from.
    fn outcome_on_screen(&self) -> Option<crate::protocol::OutcomeNumbers> {
        match self.editing.side {
            Side::B => self.editing.outcome_b(),
            Side::A | Side::Difference => self.editing.outcome_a(),
        }
    }

    fn sweep(&mut self, asked: SweepAsked, effects: &mut Vec<Effect>) {
        let Some(base) = self.run_on_screen() else { return };
        let value = self.outcome_on_screen();
        if value.is_none() {
            self.notices.status = Some("Choose an outcome first: a sweep measures what it does.".to_owned());
            return;
        }
        let request = self.start(Task::Sweep, effects);
        let is_edited = self.editing.side == Side::B && self.editing.against == Against::Edits;
        let edits_json = if is_edited { self.editing.json() } else { "[]".to_owned() };
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

    /// Another token in the place of one that was written: everything after it goes.
    fn branch(&mut self, n_keep: usize, id: u32, effects: &mut Vec<Effect>) {
        let n_tokens = self.shown.as_ref().map_or(0, |shown| shown.info.tokens.len());
        if n_keep == 0 || n_keep > n_tokens {
            return;
        }
        self.editing.n_to_write = 0;
        let replaced = self.editing.written.iter().find(|written| written.position == n_keep);
        self.editing.branching = replaced.map(|written| (n_keep, written.others.clone()));
        self.editing.written.retain(|written| written.position < n_keep);
        self.ask_to_write(n_keep as u32, Some(id), AT_A_TIME, effects);
    }

    fn take_back(&mut self, effects: &mut Vec<Effect>) {
        self.editing.n_to_write = 0;
        let n_tokens = self.shown.as_ref().map_or(0, |shown| shown.info.tokens.len());
        if n_tokens < 2 {
            return;
        }
        self.editing.written.retain(|written| written.position + 1 < n_tokens);
        self.ask_to_write(n_tokens as u32 - 1, None, 0, effects);
    }

    fn ask_to_write(&mut self, n_keep: u32, first_id: Option<u32>, n_tokens: u32, effects: &mut Vec<Effect>) {
        let Some(run) = self.run_on_screen() else { return };
        let follower = [Side::A, Side::B].into_iter().filter_map(|side| self.run_of(side)).find(|other| *other != run);
        if follower.is_none() && self.editing.has_b() {
            // A trace or another model does not read along.
            self.against_picked(Against::Edits, effects);
        }
        let request = self.start(Task::Write, effects);
        let sampling = self.editing.sampling;
        let asked = EditingRequest::Write { request, run, follower, n_keep, first_id, n_tokens, sampling };
        effects.push(Effect::Send(ToWorker::Editing(asked)));
    }
}

//! What each event about editing does.

use super::{Against, EditEvent, SweepState, Variant};
use crate::edit::{Choice, EditKind};
use crate::protocol::{EditingRequest, SweepAsked, ToWorker};
use crate::state::{Effect, InspectorTab, State, Task};

impl State {
    pub(in crate::state) fn edit_event(&mut self, event: EditEvent, effects: &mut Vec<Effect>) {
        if let Some(later) = self.later() {
            (later.edit_event)(self, event, effects);
        }
    }

    pub(in crate::state) fn late_edit_event(&mut self, event: EditEvent, effects: &mut Vec<Effect>) {
        match event {
            EditEvent::VariantPicked(side) => self.look_at(side, effects),
            EditEvent::VariantStepped => self.step_variant(effects),
            EditEvent::AgainstPicked(against) => self.against_picked(against, effects),
            EditEvent::SecondModelAgreed => self.second_model_agreed(effects),
            EditEvent::TraceCame(came) => self.trace_beside_came(*came, effects),
            EditEvent::AnswerTyped(text) => self.ask_for_cut(text, effects),
            EditEvent::OutcomePicked(asked) => {
                self.take_outcome(asked);
                self.compare(effects);
            }
            EditEvent::SweepAsked(asked) => self.sweep(asked, effects),
            EditEvent::SweepShown(is_shown) => {
                (self.editing.is_sweep_shown, self.matters.is_on_stage) = (is_shown, false);
            }
            EditEvent::SamplingPicked(sampling) => self.editing.sampling = sampling,
            EditEvent::WriteAsked(n_tokens) => {
                (self.editing.n_asked, self.editing.n_to_write) = (n_tokens, n_tokens);
                self.write_next(None, effects);
            }
            EditEvent::ContinueAsked(n_tokens) => self.continue_both(n_tokens, effects),
            EditEvent::TokenPicked(id) => {
                (self.editing.n_asked, self.editing.n_to_write) = (1, 1);
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
                    self.release_cut_keys();
                    // Show what was added. An inspector that somebody folded away stays so.
                    self.layout.tab = InspectorTab::Change;
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

    /// The key of an edge that was just cut is no longer marked: beside it, the row's other links would stay out of sight.
    fn release_cut_keys(&mut self) {
        let Some(added) = self.editing.list.last() else { return };
        if let EditKind::KnockOutEdge { query: Choice::One(query), key: Choice::One(key), .. } = added.edit.kind
            && self.selection.queries.contains(&query)
        {
            self.selection.keys.remove(&key);
        }
    }

    /// Runs again under the list as it is, or goes back to A where nothing is switched on.
    pub(in crate::state) fn apply_edits(&mut self, effects: &mut Vec<Effect>) {
        self.editing.alone.clear();
        self.editing.inactive.clear();
        let Some(base) = self.run_of(Variant::A) else { return };
        if !self.editing.has_active() {
            if self.work.request.as_ref().is_some_and(|work| work.task == Task::Edit) {
                self.cancel(effects);
            }
            self.drop_b(effects);
            self.compare(effects);
            return;
        }
        let request = self.begin_task(Task::Edit, effects);
        let edits = self.editing.edits();
        effects.push(Effect::Send(ToWorker::Editing(EditingRequest::Again { request, base, edits })));
    }

    /// After a run of A, applies the edits to it, or asks for its predictions where there are none.
    pub(in crate::state) fn edit_again(&mut self, effects: &mut Vec<Effect>) {
        if let Some(later) = self.later() {
            (later.edit_again)(self, effects);
        }
    }

    pub(in crate::state) fn run_edits_again(&mut self, effects: &mut Vec<Effect>) {
        if self.editing.has_active() {
            self.apply_edits(effects);
        } else {
            self.compare(effects);
        }
    }

    /// The outcome of the result that a sweep starts from.
    fn outcome_on_screen(&self) -> Option<crate::protocol::OutcomeNumbers> {
        match self.editing.variant {
            Variant::B => self.editing.outcome_b(),
            Variant::A | Variant::Difference => self.editing.outcome_a(),
        }
    }

    fn sweep(&mut self, asked: SweepAsked, effects: &mut Vec<Effect>) {
        let Some(base) = self.run_on_screen() else { return };
        let value = self.outcome_on_screen();
        if value.is_none() {
            self.notices.status = Some("Choose an outcome first: a sweep measures what it does.".to_owned());
            return;
        }
        let request = self.begin_task(Task::Sweep, effects);
        let edits = self.edits_on_screen();
        let is_of_original = self.editing.variant != Variant::B || self.editing.against == Against::Edits;
        self.editing.sweep = Some(SweepState {
            request,
            asked: asked.clone(),
            edits: is_of_original.then(|| edits.clone()),
            outcome: self.editing.asked.clone(),
            cells: Default::default(),
            base: value,
            other: None,
            is_done: false,
        });
        (self.editing.is_sweep_shown, self.matters.is_on_stage) = (true, false);
        let outcome = self.editing.asked.clone();
        let what = asked;
        effects.push(Effect::Send(ToWorker::Editing(EditingRequest::Sweep { request, base, edits, what, outcome })));
    }
}

//! Runs, models and threads that somebody asks for, and what is stopped.

use super::{Plan, RunReason};
use crate::protocol::RequestId;
use crate::state::{Effect, InputNotice, Notices, State};

/// Somebody wants the model to do something, or to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkEvent {
    /// A model was picked, by its place in the catalogue.
    ModelPicked(usize),
    /// Run the input, loading the model first if need be.
    RunAsked,
    /// Run what the trace on screen read, in the model that made it where that is here.
    TraceRunAsked,
    /// Run the input, cut at the model's context length.
    CutAsked,
    /// Stop what is under way.
    CancelAsked,
    /// The time that a cancelled request has to end is over.
    CancelTimedOut(RequestId),
    /// Try again what failed at the start, or start a worker that was given up.
    RetryAsked,
    /// The number of threads was chosen.
    ThreadsPicked(u32),
}

impl State {
    pub(in crate::state) fn work_event(&mut self, event: WorkEvent, effects: &mut Vec<Effect>) {
        if let Some(later) = self.later() {
            (later.work_event)(self, event, effects);
        }
    }

    pub(in crate::state) fn late_work_event(&mut self, event: WorkEvent, effects: &mut Vec<Effect>) {
        match event {
            WorkEvent::ModelPicked(model) => self.model_picked(model, effects),
            WorkEvent::RunAsked => self.run_asked(effects),
            WorkEvent::TraceRunAsked => self.run_trace(effects),
            WorkEvent::CutAsked => self.run(true, effects),
            WorkEvent::CancelAsked => self.cancel(effects),
            WorkEvent::CancelTimedOut(request) => self.cancel_timed_out(request, effects),
            WorkEvent::RetryAsked => self.retry(effects),
            WorkEvent::ThreadsPicked(wanted) => self.threads_picked(wanted, effects),
        }
    }

    fn model_picked(&mut self, model: usize, effects: &mut Vec<Effect>) {
        if model < self.models.len() && (model != self.picked_model || self.work.model.is_none()) {
            self.pick_anew(model, effects);
        }
    }

    /// Picks a model, whichever is loaded, and runs the text in it.
    pub(in crate::state) fn pick_anew(&mut self, model: usize, effects: &mut Vec<Effect>) {
        if self.shown.as_ref().is_some_and(|shown| shown.live_run.is_some()) {
            self.work.former = Some(self.picked_model);
        }
        self.work.refused = None;
        self.picked_model = model;
        self.work.n_stops = 0;
        self.leave_example();
        self.end_worker(effects);
        self.run(false, effects);
    }

    /// Runs the text. In a frame the link may name a model of the Hub, which is looked up only now.
    fn run_asked(&mut self, effects: &mut Vec<Effect>) {
        if self.home.is_page() || !self.look_up_linked(effects) {
            self.run(false, effects);
        }
    }

    /// Runs what is in the fields; `cut`: at most as many tokens as the model reads.
    pub(in crate::state) fn run(&mut self, cut: bool, effects: &mut Vec<Effect>) {
        self.notices = Notices { model: self.notices.model.take(), ..Notices::default() };
        if std::mem::take(&mut self.linking.waits_for_run) {
            self.linking.notice = None;
        }
        match self.input(cut) {
            Ok(input) => self.carry_out(Plan { input, reason: RunReason::Fresh }, effects),
            Err(message) => self.notices.input = Some(InputNotice { message, cut_to: None }),
        }
    }

    fn retry(&mut self, effects: &mut Vec<Effect>) {
        self.work.n_stops = 0;
        self.notices = Notices::default();
        match self.work.refused {
            _ if self.models.is_empty() => effects.push(Effect::FetchCatalogue),
            Some(model) => self.pick_anew(model, effects),
            None => self.run(false, effects),
        }
    }
}

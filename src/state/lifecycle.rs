//! The worker's life and the requests to it: start, load, run, cancel, stop, restart.
//!
//! A worker holds one model in its life. Whatever ends it leaves the shown result alone and forgets only its name in
//! the worker.

use super::*;
use crate::protocol::{Question, ToWorker};

/// How long a cancelled request may take to end before its worker is ended.
pub const CANCEL_TIMEOUT_MS: u32 = 2_000;

/// After so many stops in a row nothing is restarted by itself.
const MAX_STOPS: u32 = 2;

impl State {
    pub(super) fn request(&mut self) -> RequestId {
        let request = self.next_request;
        self.next_request += 1;
        request
    }

    /// Runs a plan now, or as soon as the model is there.
    pub(super) fn carry_out(&mut self, plan: Plan, effects: &mut Vec<Effect>) {
        if self.picked().is_none() || self.worker == WorkerPhase::WrongVersion {
            return;
        }
        if self.model.is_none() {
            match (&self.worker, &self.work) {
                (WorkerPhase::Absent, _) => self.start_worker(effects),
                (WorkerPhase::Ready, None) => self.load(effects),
                // Loading that was asked to stop cannot be taken back: begin anew.
                (WorkerPhase::Ready, Some(work)) if work.is_cancelling => {
                    self.end_worker(effects);
                    self.start_worker(effects);
                }
                _ => {}
            }
            self.planned = Some(plan);
            return;
        }
        if let Some(work) = self.work.take() {
            effects.push(Effect::Send(ToWorker::Cancel { request: work.request }));
        }
        let request = self.request();
        let inputs = vec![plan.input.clone()];
        self.work = Some(Work { request, task: Task::Run(plan), progress: None, is_cancelling: false });
        effects.push(Effect::Send(ToWorker::Run { request, inputs, edits_json: "[]".to_owned() }));
    }

    fn start_worker(&mut self, effects: &mut Vec<Effect>) {
        self.worker = WorkerPhase::Starting;
        self.notices.model = None;
        effects.push(Effect::StartWorker);
    }

    pub(super) fn load(&mut self, effects: &mut Vec<Effect>) {
        let wanted = self.picked().map(|entry| (entry.source(&self.base_url), entry.n_layers));
        let Some((source, n_layers)) = wanted else { return };
        let request = self.request();
        self.notices.model = None;
        self.work = Some(Work { request, task: Task::Load, progress: None, is_cancelling: false });
        effects.push(Effect::Send(ToWorker::Load { request, source, n_layers }));
    }

    /// Ends the worker; what is shown stays.
    pub(super) fn end_worker(&mut self, effects: &mut Vec<Effect>) {
        if self.worker != WorkerPhase::Absent {
            effects.push(Effect::EndWorker);
        }
        self.worker = WorkerPhase::Absent;
        self.model = None;
        self.work = None;
        self.planned = None;
        self.wanted_layer = None;
        self.scales.forget_requests();
        self.scores.forget_requests();
        self.readings.forget_requests();
        self.editing_lost_worker(effects);
        if let Some(shown) = &mut self.shown {
            shown.live_run = None;
        }
    }

    /// Starts a worker again and brings back what was shown.
    pub(super) fn restart(&mut self, effects: &mut Vec<Effect>) {
        self.end_worker(effects);
        self.planned = self.restoring_plan();
        self.start_worker(effects);
    }

    /// A run that makes what is shown reachable again, if it is of the wanted model.
    fn restoring_plan(&self) -> Option<Plan> {
        let shown = self.shown.as_ref().filter(|shown| shown.origin.trace.is_none())?;
        let is_same_model = self.picked().is_some_and(|entry| entry.name == shown.model_name);
        is_same_model.then(|| Plan { input: shown.input.clone(), purpose: Purpose::Restore })
    }

    pub(super) fn wrong_version(&mut self, effects: &mut Vec<Effect>) {
        self.end_worker(effects);
        self.worker = WorkerPhase::WrongVersion;
        let message = "This page and its model program are of different versions. Reload the page.";
        self.notices.model = Some(message.to_owned());
    }

    pub(super) fn worker_broke(&mut self, message: String, effects: &mut Vec<Effect>) {
        let was_starting = self.worker == WorkerPhase::Starting;
        self.n_stops += 1;
        if was_starting {
            // Its program did not come: trying again at once would not help.
            self.end_worker(effects);
            self.notices.stopped = None;
            self.notices.model = Some(format!("The model program did not start: {message}"));
        } else if self.n_stops > MAX_STOPS {
            self.end_worker(effects);
            self.notices.stopped = Some(Stopped { message, recovery: Recovery::GivenUp });
        } else {
            self.restart(effects);
            self.notices.stopped = Some(Stopped { message, recovery: Recovery::Restarting });
        }
    }

    pub(super) fn cancel(&mut self, effects: &mut Vec<Effect>) {
        self.planned = None;
        match &mut self.work {
            Some(work) if !work.is_cancelling => {
                work.is_cancelling = true;
                let request = work.request;
                effects.push(Effect::Send(ToWorker::Cancel { request }));
                effects.push(Effect::ArmCancelTimeout { request, delay_ms: CANCEL_TIMEOUT_MS });
            }
            Some(_) => {}
            None if self.worker == WorkerPhase::Starting => self.end_worker(effects),
            None => {}
        }
    }

    pub(super) fn cancel_timed_out(&mut self, request: RequestId, effects: &mut Vec<Effect>) {
        let Some(work) = self.work.as_ref().filter(|work| work.request == request) else { return };
        match work.task {
            Task::Load => self.end_worker(effects),
            Task::Run(_) | Task::Seeds | Task::Edit | Task::Against | Task::Sweep | Task::Write | Task::Save(_) => {
                self.restart(effects)
            }
        }
    }

    /// Draws the selected layer if its patterns are here, else asks for them.
    pub(super) fn follow_layer(&mut self, effects: &mut Vec<Effect>) {
        let (layer, can_answer) = (self.selection.layer, self.can_answer());
        let Some(shown) = &mut self.shown else { return };
        if shown.drawn.as_ref().is_some_and(|drawn| drawn.layer == layer) {
            return;
        }
        if let Some(patterns) = shown.layers.get(layer) {
            shown.drawn = Some(patterns);
            return;
        }
        if !can_answer || self.wanted_layer.is_some_and(|(_, wanted)| wanted == layer) {
            return;
        }
        let heads = (0..shown.stack_spec().n_heads as u32).collect();
        if let Some((request, _)) = self.wanted_layer.take() {
            effects.push(Effect::Send(ToWorker::Cancel { request }));
        }
        let asked = self.ask(Question::Patterns { layer: layer as u32, heads }, effects);
        self.wanted_layer = asked.map(|request| (request, layer));
    }
}

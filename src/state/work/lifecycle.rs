//! The worker's life and the requests to it: start, load, run, cancel, stop, restart.
//!
//! A worker holds one model in its life. Whatever ends it leaves the shown result alone and forgets only its name in
//! the worker.

use super::{LongRequest, Plan, RunReason, Task, WorkerPhase};
use crate::protocol::{Question, RequestId, ToWorker};
use crate::state::requests::{Holder, Purpose};
use crate::state::{Effect, Recovery, State, Stopped};

/// How long a cancelled request may take to end before its worker is ended.
const CANCEL_TIMEOUT_MS: u32 = 2_000;

/// After this many stops in a row, only a person restarts the worker.
const MAX_STOPS: u32 = 2;

impl State {
    /// Runs a plan now, or as soon as the model is there.
    pub(in crate::state) fn carry_out(&mut self, plan: Plan, effects: &mut Vec<Effect>) {
        if self.picked().is_none() || self.work.worker == WorkerPhase::WrongVersion {
            return;
        }
        if self.work.model.is_none() {
            match (&self.work.worker, &self.work.request) {
                (WorkerPhase::Absent, _) => self.start_worker(effects),
                (WorkerPhase::Ready, None) => self.load(effects),
                // A load that was asked to stop cannot be resumed: begin anew.
                (WorkerPhase::Ready, Some(work)) if work.is_cancelling => {
                    self.end_worker(effects);
                    self.start_worker(effects);
                }
                _ => {}
            }
            self.work.planned = Some(plan);
            return;
        }
        let inputs = vec![plan.input.clone()];
        let request = self.begin_task(Task::Run(plan), effects);
        effects.push(Effect::Send(ToWorker::Run { request, inputs, edits: Vec::new() }));
    }

    /// Takes a number for a request that takes long; what is under way is cancelled.
    pub(in crate::state) fn begin_task(&mut self, task: Task, effects: &mut Vec<Effect>) -> RequestId {
        if let Some(before) = self.work.request.take() {
            effects.push(Effect::Send(ToWorker::Cancel { request: before.request }));
        }
        // What each edit alone does is still wanted afterwards.
        if !matches!(self.requests.long(), Some(Purpose::EachAlone(_))) {
            self.withdraw_long(effects);
        }
        self.put_zeroing_off(effects);
        let request = self.request();
        self.work.request = Some(LongRequest { request, task, progress: None, is_cancelling: false });
        request
    }

    /// Takes the task that a reply ends, if it is the one under way.
    pub(in crate::state) fn end_task(&mut self, request: RequestId) -> Option<Task> {
        self.work.request.take_if(|work| work.request == request).map(|work| work.task)
    }

    fn start_worker(&mut self, effects: &mut Vec<Effect>) {
        self.work.worker = WorkerPhase::Starting;
        self.notices.model = None;
        effects.push(Effect::StartWorker);
    }

    pub(in crate::state) fn load(&mut self, effects: &mut Vec<Effect>) {
        let wanted = self.picked().map(|entry| (entry.source(&self.base_url), entry.n_layers));
        let Some((source, n_layers)) = wanted else { return };
        self.notices.model = None;
        let request = self.begin_task(Task::Load, effects);
        effects.push(Effect::Send(ToWorker::Load { request, source, n_layers }));
    }

    /// Ends the worker; what is shown stays.
    pub(in crate::state) fn end_worker(&mut self, effects: &mut Vec<Effect>) {
        if self.work.worker != WorkerPhase::Absent {
            effects.push(Effect::EndWorker);
        }
        self.work.worker = WorkerPhase::Absent;
        self.work.model = None;
        self.work.request = None;
        self.work.planned = None;
        self.forget_asked_of(|holder| matches!(holder, Holder::Worker(_)), effects);
        // Another model may read the fields otherwise.
        self.readings.typed.clear();
        self.editing_lost_worker(effects);
        if let Some(later) = self.later() {
            (later.find_lost_worker)(self);
        }
        if let Some(shown) = &mut self.shown {
            shown.live_run = None;
        }
    }

    /// Starts a worker again and brings back what was shown.
    pub(in crate::state) fn restart(&mut self, effects: &mut Vec<Effect>) {
        self.end_worker(effects);
        self.work.planned = self.restoring_plan();
        self.start_worker(effects);
    }

    /// A run that makes what is shown reachable again, if it is of the wanted model.
    fn restoring_plan(&self) -> Option<Plan> {
        let shown = self.shown.as_ref().filter(|shown| shown.origin.trace.is_none())?;
        let is_same_model = self.picked().is_some_and(|entry| entry.name == shown.model_name);
        is_same_model.then(|| Plan { input: shown.input.clone(), reason: RunReason::Restore })
    }

    /// Brings back the model of the result on screen after another one was refused, so that the result goes on answering: the worker held
    /// it until the other was picked. The refusal stays at the picker, and "Try again" is about the refused model.
    pub(super) fn return_to_former(&mut self, effects: &mut Vec<Effect>) {
        let is_cut_off = self.shown.as_ref().is_some_and(|shown| shown.live_run.is_none());
        let former = self.work.former.filter(|former| is_cut_off && *former != self.picked_model);
        let Some(former) = former else { return };
        let refused = std::mem::replace(&mut self.picked_model, former);
        let Some(plan) = self.restoring_plan() else {
            self.picked_model = refused;
            return;
        };
        let refusal = self.notices.model.take();
        if self.work.model.is_some() {
            self.end_worker(effects);
        }
        self.work.refused = Some(refused);
        self.carry_out(plan, effects);
        self.notices.model = refusal;
    }

    pub(in crate::state) fn wrong_version(&mut self, effects: &mut Vec<Effect>) {
        self.end_worker(effects);
        self.work.worker = WorkerPhase::WrongVersion;
        let message = "This page and its model program are different versions. Reload the page.";
        self.notices.model = Some(message.to_owned());
    }

    pub(in crate::state) fn worker_broke(&mut self, message: String, effects: &mut Vec<Effect>) {
        let was_starting = self.work.worker == WorkerPhase::Starting;
        self.work.n_stops += 1;
        if was_starting {
            // The worker's program could not be fetched: trying again at once would not help.
            self.end_worker(effects);
            self.notices.stopped = None;
            self.notices.model = Some(format!("The model program did not start: {message}"));
        } else if self.work.n_stops > MAX_STOPS {
            self.end_worker(effects);
            self.notices.stopped = Some(Stopped { message, recovery: Recovery::GivenUp });
        } else {
            self.restart(effects);
            self.notices.stopped = Some(Stopped { message, recovery: Recovery::Restarting });
        }
    }

    pub(in crate::state) fn cancel(&mut self, effects: &mut Vec<Effect>) {
        self.work.planned = None;
        match &mut self.work.request {
            Some(work) if !work.is_cancelling => {
                work.is_cancelling = true;
                let request = work.request;
                effects.push(Effect::Send(ToWorker::Cancel { request }));
                effects.push(Effect::ArmCancelTimeout { request, delay_ms: CANCEL_TIMEOUT_MS });
            }
            Some(_) => {}
            None if self.work.worker == WorkerPhase::Starting => self.end_worker(effects),
            None => self.stop_others(effects),
        }
    }

    pub(in crate::state) fn cancel_timed_out(&mut self, request: RequestId, effects: &mut Vec<Effect>) {
        let Some(work) = self.work.request.as_ref().filter(|work| work.request == request) else { return };
        match work.task {
            Task::Load => self.end_worker(effects),
            Task::Run(_) | Task::Edit | Task::Against | Task::Sweep | Task::Write | Task::Continue | Task::Save(_) => {
                self.restart(effects)
            }
        }
    }

    /// Draws the selected layer if its patterns are here, else asks for them.
    pub(in crate::state) fn follow_layer(&mut self, effects: &mut Vec<Effect>) {
        self.withdraw_stale(effects);
        let layer = self.selection.layer;
        let Some(shown) = &mut self.shown else { return };
        if shown.drawn.as_ref().is_some_and(|drawn| drawn.layer == layer) {
            return;
        }
        if let Some(patterns) = shown.layers.get(layer) {
            shown.drawn = Some(patterns);
            return;
        }
        let heads = (0..shown.stack_spec().n_heads as u32).collect();
        self.ask(Question::Patterns { layer: layer as u32, heads }, effects);
    }
}

//! What the worker says, and what becomes of it. A reply to a request that is no longer waited for changes nothing on screen.

use super::{Plan, Progress, RunReason, Task, WorkerPhase};
use crate::protocol::{self, About, FromWorker, ModelInfo, Report, RequestId};
use crate::state::readings::Typed;
use crate::state::requests::Reply;
use crate::state::{Effect, Recovery, State, wording};

/// What happens to a worker.
#[allow(clippy::large_enum_variant, reason = "one at a time: nothing holds many of them")]
#[derive(Debug, PartialEq)]
pub enum WorkerEvent {
    /// The worker said something, with its buffers; or a trace in the page answered.
    Said(FromWorker, Vec<Vec<f32>>),
    /// The worker said something that is not of this version.
    Unreadable(String),
    /// The worker ended by itself, with what it said last.
    Broke(String),
    /// The worker that holds another model said something, with its buffers.
    SecondSaid(FromWorker, Vec<Vec<f32>>),
    /// The worker that holds another model ended by itself, with what it said last.
    SecondBroke(String),
}

impl State {
    pub(in crate::state) fn worker_event(&mut self, event: WorkerEvent, effects: &mut Vec<Effect>) {
        match event {
            // The replies that a trace in the page gives, before any model is here.
            WorkerEvent::Said(FromWorker::Answered { request, answer, .. }, buffers) => {
                self.replied(request, Reply::Answer(answer, buffers), effects);
            }
            WorkerEvent::Said(FromWorker::Cancelled { request }, _) => self.ended(request, None, effects),
            WorkerEvent::Said(FromWorker::Failed { request, report }, _) => self.ended(request, Some(report), effects),
            event => {
                if let Some(later) = self.later() {
                    (later.worker_event)(self, event, effects);
                }
            }
        }
    }

    pub(in crate::state) fn model_said(&mut self, event: WorkerEvent, effects: &mut Vec<Effect>) {
        match event {
            WorkerEvent::Said(FromWorker::Find(reply), buffers) => self.find_said(reply, buffers),
            WorkerEvent::Said(reply, _) => self.worker_said(reply, effects),
            WorkerEvent::Unreadable(_) => self.wrong_version(effects),
            WorkerEvent::Broke(message) => self.worker_broke(message, effects),
            WorkerEvent::SecondSaid(reply, buffers) => self.second_worker_said(reply, buffers, effects),
            WorkerEvent::SecondBroke(message) => {
                self.second_worker_failed(format!("The other model stopped ({message})."), effects);
            }
        }
    }

    fn worker_said(&mut self, reply: FromWorker, effects: &mut Vec<Effect>) {
        match reply {
            FromWorker::Ready { version, threads } if version == protocol::VERSION => {
                self.work.worker = WorkerPhase::Ready;
                self.work.threads.running = threads;
                self.load(effects);
            }
            FromWorker::Ready { .. } => self.wrong_version(effects),
            FromWorker::Progress { request, stage, done, total } => {
                let progress = Progress { stage, done, total };
                if self.find_progressed(request, progress) {
                    return;
                }
                match self.work.request.as_mut().filter(|work| work.request == request) {
                    Some(work) => work.progress = Some(progress),
                    None => self.requests.progressed(request, progress),
                }
            }
            FromWorker::Loaded { request, model } => self.loaded(request, model, effects),
            FromWorker::RunsDone { request, runs } => self.runs_done(request, runs, effects),
            FromWorker::Tokenized { request, tokens, turns } => {
                self.replied(request, Reply::Tokens(Typed { tokens, turns }), effects);
            }
            FromWorker::Editing(reply) => self.editing_said(reply, effects),
            FromWorker::Saved { request, url, .. } => self.saved(request, url, effects),
            // Answers, ends and searches are taken before this, and this worker is never asked to list a repository.
            FromWorker::Answered { .. }
            | FromWorker::Find(_)
            | FromWorker::Cancelled { .. }
            | FromWorker::Failed { .. }
            | FromWorker::HubListed { .. } => {}
        }
    }

    fn loaded(&mut self, request: RequestId, model: ModelInfo, effects: &mut Vec<Effect>) {
        if self.end_task(request).is_none() {
            return;
        }
        self.suit_tokenizer(&model);
        self.tell_unkept(&model);
        self.work.model = Some(model);
        match self.work.planned.take() {
            Some(plan) => self.carry_out(plan, effects),
            None => self.recovered(),
        }
    }

    /// Says that the browser could not keep what was downloaded.
    pub(in crate::state) fn tell_unkept(&mut self, model: &ModelInfo) {
        if let Some(unkept) = &model.unkept {
            self.notices.status = Some(wording::sentence(unkept));
        }
    }

    /// Notes that the model is there again after the worker stopped.
    pub(super) fn recovered(&mut self) {
        if let Some(stopped) = &mut self.notices.stopped {
            stopped.recovery = Recovery::Recovered;
        }
    }

    /// Handles the end of a request without a result: what is shown stays.
    pub(in crate::state) fn ended(&mut self, request: RequestId, report: Option<Report>, effects: &mut Vec<Effect>) {
        if self.refused(request, report.as_ref(), effects) {
            return;
        }
        if let Some(later) = self.later() {
            (later.task_ended)(self, request, report, effects);
        }
    }

    pub(in crate::state) fn task_ended(
        &mut self,
        request: RequestId,
        report: Option<Report>,
        effects: &mut Vec<Effect>,
    ) {
        if self.find_ended(request, report.as_ref()) {
            return;
        }
        let Some(task) = self.end_task(request) else { return };
        let is_refused = report.is_some();
        let is_of_model = report.as_ref().is_some_and(|report| report.about == About::Model);
        self.editing.n_to_write = 0;
        match (report, &task) {
            (Some(report), Task::Against) => {
                self.editing.against_problem = Some(wording::sentence(&report.message));
            }
            (Some(report), _) => self.notices.place(report),
            (None, _) => {}
        }
        match task {
            Task::Load => {
                let plan = self.work.planned.take();
                if is_refused && plan.is_some_and(|plan| plan.reason == RunReason::Fresh) {
                    self.return_to_former(effects);
                }
            }
            Task::Run(Plan { reason: RunReason::Restore, .. }) => self.recovered(),
            // The model was read, but it cannot be run: its weights are not numbers.
            Task::Run(_) if is_of_model => self.return_to_former(effects),
            _ => {}
        }
    }
}

//! The worker: one model, its runs, and one request at a time.
//!
//! Requests wait in an inbox. A cancellation is noted the moment it arrives; work looks for it between steps and gives the browser
//! a turn at least every [`TURN_MS`]. A failed request changes nothing that was there before. A panic ends the worker, which the
//! page hears as an error event.
//!
//! Whatever runs the model more than once is a job of the engine, which `drive` steps; this module makes jobs of requests and
//! messages of answers.

mod download;
mod drive;
mod experiments;
mod fetch_turn;
mod find;
mod inputs;
mod load;
mod matters;
mod outbox;
mod runs;
mod save;
mod writing;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Function, Promise};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DedicatedWorkerGlobalScope, MessageEvent};

use crate::analysis::SourceError;
use crate::engine::chat::EncodedChat;
use crate::engine::{EngineError, InputError, Model};
use crate::platform::clock::now_ms;
use crate::platform::port::decode_with_files;
use crate::platform::turn::turn;
use crate::protocol::{About, EditingRequest, FromWorker, Input, Report, RequestId, RunId, ToWorker, VERSION};
use crate::trace::file::Element;
use find::Search;
use outbox::Outbox;
use runs::KeptRun;
use writing::WriteAsked;

/// Work goes on for this long before the browser gets a turn.
const TURN_MS: f64 = 16.0;

/// Requests that have arrived and are not answered yet.
#[derive(Default)]
struct Inbox {
    /// Messages with the files beside them.
    waiting: VecDeque<(ToWorker, Vec<Blob>)>,
    cancelled: BTreeSet<RequestId>,
    wake: Option<Function>,
}

/// The state of a worker.
struct Worker {
    inbox: Rc<RefCell<Inbox>>,
    outbox: Outbox,
    model: Option<Arc<Model>>,
    runs: BTreeMap<RunId, KeptRun>,
    /// Goes on while no request waits.
    search: Option<Search>,
    next_run: RunId,
    last_turn_ms: f64,
}

/// Why a request has no answer.
enum Stop {
    /// The page asked for it.
    Cancelled,
    /// The job failed.
    Failed(Report),
}

/// Starts the worker: call once, from the worker's main function.
pub fn start(threads: u32) {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        // The page hears of it as an error event; nothing else can be relied on after a panic.
        let report = js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str("reportError"));
        if let Ok(report) = report.and_then(|report| report.dyn_into::<Function>()) {
            let _ = report.call1(&JsValue::UNDEFINED, &js_sys::Error::new(&info.to_string()));
        }
    }));
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else { return };
    let inbox = Rc::new(RefCell::new(Inbox::default()));
    let outbox = Outbox::new(scope.clone());
    let (to_inbox, to_page) = (Rc::clone(&inbox), outbox.clone());
    let listen =
        Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| match decode_with_files(&event.data()) {
            Ok((message, files)) => to_inbox.borrow_mut().take(message, files),
            Err(error) => to_page.complain(&error.to_string()),
        });
    scope.set_onmessage(Some(listen.as_ref().unchecked_ref()));
    listen.forget();
    outbox.say(&FromWorker::Ready { version: VERSION, threads });
    let worker =
        Worker { inbox, outbox, model: None, runs: BTreeMap::new(), search: None, next_run: 0, last_turn_ms: now_ms() };
    wasm_bindgen_futures::spawn_local(worker.serve());
}

impl Inbox {
    fn take(&mut self, message: ToWorker, files: Vec<Blob>) {
        match message {
            ToWorker::Cancel { request } => _ = self.cancelled.insert(request),
            other => self.waiting.push_back((other, files)),
        }
        if let Some(wake) = self.wake.take() {
            let _ = wake.call0(&JsValue::UNDEFINED);
        }
    }
}

impl Worker {
    async fn serve(mut self) {
        loop {
            let next = self.inbox.borrow_mut().waiting.pop_front();
            match next {
                Some((message, files)) => self.answer(message, files).await,
                None if self.is_searching() => self.search_on().await,
                None => {
                    // No request is under way but a search that rests, so every cancelled one has had its answer.
                    self.inbox.borrow_mut().cancelled.clear();
                    let inbox = Rc::clone(&self.inbox);
                    let promise = Promise::new(&mut |wake, _| inbox.borrow_mut().wake = Some(wake));
                    let _ = JsFuture::from(promise).await;
                }
            }
        }
    }

    async fn answer(&mut self, message: ToWorker, files: Vec<Blob>) {
        let Some(request) = message.request() else {
            match (message, &mut self.search) {
                (ToWorker::Forget { run }, _) => _ = self.runs.remove(&run),
                (ToWorker::Pause { request, is_paused }, Some(search)) if search.request == request => {
                    search.is_paused = is_paused;
                }
                _ => {}
            }
            return;
        };
        self.last_turn_ms = now_ms();
        let outcome = match message {
            ToWorker::Load { source, n_layers, .. } => self.load(request, source, n_layers, files).await,
            ToWorker::ListHub { base, repo, .. } => self.list_hub(request, &base, &repo).await,
            ToWorker::Run { inputs, edits, .. } => self.run(request, inputs, edits).await,
            ToWorker::Ask { run, kind, question, .. } => self.ask(request, run, kind, question).await,
            ToWorker::Tokenize { input, .. } => self.tokenize(request, &input),
            ToWorker::Editing(asked) => self.editing(request, asked).await,
            ToWorker::Find(asked) => self.find(asked).await,
            ToWorker::Save { run, saved, is_half, has_lens, metadata_json, .. } => {
                let element = if is_half { Element::F16 } else { Element::F32 };
                self.save(request, run, saved, element, has_lens, &metadata_json).await
            }
            ToWorker::Forget { .. } | ToWorker::Pause { .. } | ToWorker::Cancel { .. } => Ok(()),
        };
        if let Err(stop) = outcome {
            self.stopped(request, stop);
        }
    }

    /// Says that a request ended without an answer.
    fn stopped(&self, request: RequestId, stop: Stop) {
        self.outbox.say(&match stop {
            Stop::Cancelled => FromWorker::Cancelled { request },
            Stop::Failed(report) => FromWorker::Failed { request, report },
        });
    }

    async fn editing(&mut self, request: RequestId, asked: EditingRequest) -> Result<(), Stop> {
        match asked {
            EditingRequest::Again { base, edits, .. } => self.again(request, base, edits).await,
            EditingRequest::Compare { runs, outcome, also, .. } => {
                self.compare(request, &runs, outcome.as_ref(), also).await
            }
            EditingRequest::Sweep { base, edits, what, outcome, .. } => {
                self.sweep(request, base, edits, what, &outcome).await
            }
            EditingRequest::Write { run, follower, n_keep, first_id, n_tokens, sampling, .. } => {
                let (n_keep, n_tokens) = (n_keep as usize, n_tokens as usize);
                self.write(request, WriteAsked { run, follower, n_keep, first_id, n_tokens, sampling }).await
            }
            EditingRequest::Continue { runs, n_tokens, sampling, .. } => {
                self.continue_each(request, &runs, n_tokens as usize, sampling).await
            }
        }
    }

    /// Gives the browser a turn when one is due, and stops where the page has asked for it.
    async fn breathe(&mut self, request: RequestId) -> Result<(), Stop> {
        if now_ms() - self.last_turn_ms >= TURN_MS {
            turn().await;
            self.last_turn_ms = now_ms();
        }
        if self.is_cancelled(request) { Err(Stop::Cancelled) } else { Ok(()) }
    }

    fn is_cancelled(&self, request: RequestId) -> bool {
        self.inbox.borrow().cancelled.contains(&request)
    }

    fn tokenize(&mut self, request: RequestId, input: &Input) -> Result<(), Stop> {
        let EncodedChat { tokens, turns, .. } = inputs::tokens(self.model()?, input)?;
        self.outbox.say(&FromWorker::Tokenized { request, tokens, turns });
        Ok(())
    }

    fn model(&self) -> Result<&Arc<Model>, Stop> {
        self.model.as_ref().ok_or_else(|| Stop::failed(About::Request, "no model is loaded"))
    }
}

impl Stop {
    fn failed(about: About, message: impl Into<String>) -> Self {
        Stop::Failed(Report { about, message: message.into() })
    }

    /// The same failure, with what happened before it.
    fn after(self, before: &str) -> Self {
        match self {
            Stop::Cancelled => Stop::Cancelled,
            Stop::Failed(Report { about, message }) => Stop::failed(about, format!("{before}{message}")),
        }
    }
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        let about = match &error {
            EngineError::Input(InputError::TooLong { n_tokens, n_ctx }) => {
                About::TooLong { n_tokens: *n_tokens as u32, n_ctx: *n_ctx as u32 }
            }
            EngineError::Input(_) | EngineError::Chat(_) => About::Input,
            EngineError::Edit(_) => About::Edits,
            EngineError::Request(_) => About::Request,
            _ => About::Model,
        };
        Stop::failed(about, error.to_string())
    }
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Self {
        // A run holds everything that a view may ask for, so the request is at fault.
        Stop::failed(About::Request, error.to_string())
    }
}

//! Sends messages to the page.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use web_sys::DedicatedWorkerGlobalScope;

use crate::platform::clock::now_ms;
use crate::platform::port::encode;
use crate::protocol::{EditingReply, FromWorker, RequestId, Stage};

/// Least time between two reports of progress: each makes the page compare everything that it shows, on a processor that one of the
/// worker's threads may want.
const PROGRESS_MS: f64 = 50.0;

/// Where messages to the page go.
#[derive(Clone)]
pub(super) struct Outbox {
    scope: DedicatedWorkerGlobalScope,
    /// What the last report of progress was about, and when it was sent.
    reported: Rc<Cell<Option<(RequestId, Stage, f64)>>>,
}

impl Outbox {
    pub fn new(scope: DedicatedWorkerGlobalScope) -> Self {
        Self { scope, reported: Rc::default() }
    }

    /// Sends a message.
    pub fn say(&self, message: &FromWorker) {
        self.say_with(message, &[]);
    }

    /// Sends a reply about edits.
    pub fn say_editing(&self, reply: EditingReply) {
        self.say(&FromWorker::Editing(reply));
    }

    /// Sends a message with buffers beside it.
    pub fn say_with(&self, message: &FromWorker, buffers: &[&[f32]]) {
        let sent = match encode(message, buffers) {
            Ok(encoded) => self.scope.post_message_with_transfer(&encoded.message, &encoded.transfer),
            Err(error) => Err(JsValue::from_str(&error.to_string())),
        };
        if let Err(error) = sent {
            web_sys::console::error_2(&JsValue::from_str("a message to the page was lost:"), &error);
        }
    }

    /// Reports how far a request is, unless the last report was just sent; a stage's first and last reports are always sent.
    pub fn progress(&self, request: RequestId, stage: Stage, done: u64, total: u64) {
        let now_ms = now_ms();
        let is_recent = |(request_then, stage_then, then_ms)| {
            (request_then, stage_then) == (request, stage) && now_ms - then_ms < PROGRESS_MS
        };
        if done < total && self.reported.get().is_some_and(is_recent) {
            return;
        }
        self.reported.set(Some((request, stage, now_ms)));
        self.say(&FromWorker::Progress { request, stage, done, total });
    }

    /// Logs a message that could not be read, since there is no request to answer.
    pub fn complain(&self, what: &str) {
        web_sys::console::error_1(&JsValue::from_str(what));
    }
}

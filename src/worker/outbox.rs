//! What the worker says to the page.

use wasm_bindgen::JsValue;
use web_sys::DedicatedWorkerGlobalScope;

use crate::platform::port::encode;
use crate::protocol::{FromWorker, RequestId, Stage};

/// The way to the page.
#[derive(Clone)]
pub(super) struct Outbox {
    scope: DedicatedWorkerGlobalScope,
}

impl Outbox {
    pub fn new(scope: DedicatedWorkerGlobalScope) -> Self {
        Self { scope }
    }

    /// Says something.
    pub fn say(&self, message: &FromWorker) {
        self.say_with(message, &[]);
    }

    /// Says something with buffers beside it.
    pub fn say_with(&self, message: &FromWorker, buffers: &[&[f32]]) {
        let sent = match encode(message, buffers) {
            Ok(encoded) => self.scope.post_message_with_transfer(&encoded.message, &encoded.transfer),
            Err(error) => Err(JsValue::from_str(&error.to_string())),
        };
        if let Err(error) = sent {
            web_sys::console::error_2(&JsValue::from_str("a message to the page was lost:"), &error);
        }
    }

    /// Says how far a request is.
    pub fn progress(&self, request: RequestId, stage: Stage, done: u64, total: u64) {
        self.say(&FromWorker::Progress { request, stage, done, total });
    }

    /// Notes a message that could not be read: there is no request to answer.
    pub fn complain(&self, what: &str) {
        web_sys::console::error_1(&JsValue::from_str(what));
    }
}

//! A worker and its answers in order. Dropping the client ends the worker.

use headlight::platform::port::{decode, encode};
use headlight::protocol::{FromWorker, ToWorker, VERSION};
use js_sys::{Float32Array, Function, Promise};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

/// An answer with the buffers beside it.
pub type Reply = (FromWorker, Vec<Float32Array>);

/// What arrived and was not read yet, and who waits for it.
#[derive(Default)]
struct Inbox {
    replies: VecDeque<Result<Reply, String>>,
    waiting: Option<Function>,
}

/// A running worker.
pub struct Client {
    worker: Worker,
    inbox: Rc<RefCell<Inbox>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Client {
    /// Starts a worker and waits until it is ready.
    pub async fn start() -> Result<Self, String> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options("worker_boot.js", &options).map_err(|error| text(&error))?;
        let inbox = Rc::new(RefCell::new(Inbox::default()));
        let to_inbox = Rc::clone(&inbox);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let data = event.data();
            // The boot file sends a string where the worker could not start.
            let reply = data.as_string().map_or_else(|| decode(&data).map_err(|error| error.to_string()), Err);
            deliver(&to_inbox, reply);
        });
        let to_inbox = Rc::clone(&inbox);
        let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
            deliver(&to_inbox, Err(format!("the worker stopped: {}", event.message())));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let client = Self { worker, inbox, _on_message: on_message, _on_error: on_error };
        match client.next().await? {
            (FromWorker::Ready { version: VERSION }, _) => Ok(client),
            (other, _) => Err(format!("expected Ready in version {VERSION}, got {other:?}")),
        }
    }

    /// Sends a request and waits for its answer, whatever progress comes before.
    pub async fn ask(&self, request: &ToWorker) -> Result<Reply, String> {
        self.tell(request)?;
        loop {
            match self.next().await? {
                (FromWorker::Progress { .. }, _) => {}
                (FromWorker::Failed { report, .. }, _) => return Err(report.message),
                reply => return Ok(reply),
            }
        }
    }

    /// Sends what has no answer.
    pub fn tell(&self, request: &ToWorker) -> Result<(), String> {
        let encoded = encode(request, &[]).map_err(|error| error.to_string())?;
        self.worker.post_message_with_transfer(&encoded.message, &encoded.transfer).map_err(|error| text(&error))
    }

    async fn next(&self) -> Result<Reply, String> {
        loop {
            if let Some(reply) = self.inbox.borrow_mut().replies.pop_front() {
                return reply;
            }
            let arrival = Promise::new(&mut |resolve, _| self.inbox.borrow_mut().waiting = Some(resolve));
            JsFuture::from(arrival).await.map_err(|error| text(&error))?;
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

fn deliver(inbox: &RefCell<Inbox>, reply: Result<Reply, String>) {
    let waiting = {
        let mut inbox = inbox.borrow_mut();
        inbox.replies.push_back(reply);
        inbox.waiting.take()
    };
    if let Some(resolve) = waiting {
        // Resolving a promise runs nothing of ours now and cannot fail.
        let _ = resolve.call0(&JsValue::UNDEFINED);
    }
}

/// A JavaScript error for a person.
pub fn text(error: &JsValue) -> String {
    format!("{error:?}")
}

//! A worker and its answers in order. Dropping the client ends the worker.

use headlight::platform::words::words;
use headlight::platform::worker_client::{News, WorkerClient};
use headlight::protocol::{FromWorker, ToWorker, VERSION};
use js_sys::{Function, Promise};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// An answer with the buffers beside it.
pub type Reply = (FromWorker, Vec<Vec<f32>>);

/// What arrived and was not read yet, and who waits for it.
#[derive(Default)]
struct Inbox {
    replies: VecDeque<Result<Reply, String>>,
    waiting: Option<Function>,
}

/// A running worker.
pub struct Client {
    worker: WorkerClient<ToWorker>,
    inbox: Rc<RefCell<Inbox>>,
}

impl Client {
    /// Starts a worker and waits until it is ready.
    pub async fn start() -> Result<Self, String> {
        let inbox = Rc::new(RefCell::new(Inbox::default()));
        let to_inbox = Rc::clone(&inbox);
        let worker = WorkerClient::start("worker_boot.js", move |news| {
            let reply = match news {
                News::Said(message, buffers) => Ok((message, buffers)),
                News::Unreadable(reason) => Err(reason),
                News::Broke(reason) => Err(format!("the worker stopped: {reason}")),
            };
            deliver(&to_inbox, reply);
        })?;
        let client = Self { worker, inbox };
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
        self.worker.send(request)
    }

    /// Waits for what the worker says next.
    pub async fn next(&self) -> Result<Reply, String> {
        loop {
            if let Some(reply) = self.inbox.borrow_mut().replies.pop_front() {
                return reply;
            }
            let arrival = Promise::new(&mut |resolve, _| self.inbox.borrow_mut().waiting = Some(resolve));
            JsFuture::from(arrival).await.map_err(|error| words(&error))?;
        }
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

//! Workers and their messages in order. Dropping a client ends its worker.

use crate::message::{Task, Took};
use headlight::platform::words::words;
use headlight::platform::worker_client::{News, WorkerClient};
use headlight::protocol::{FromWorker, ToWorker, VERSION};
use js_sys::{Function, Promise};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// An answer with the buffers beside it.
pub type Reply = (FromWorker, Vec<Vec<f32>>);

/// A message with the buffers beside it, or why there is none.
type Heard<In> = Result<(In, Vec<Vec<f32>>), String>;

/// Messages that have arrived and are not read yet, and the promise of whoever waits for one.
struct Inbox<In> {
    replies: VecDeque<Heard<In>>,
    waiting: Option<Function>,
}

/// A running worker and its messages.
struct Line<Out, In> {
    worker: WorkerClient<Out>,
    inbox: Rc<RefCell<Inbox<In>>>,
}

impl<Out: Serialize, In: DeserializeOwned + 'static> Line<Out, In> {
    fn start(boot: &str) -> Result<Self, String> {
        let inbox = Rc::new(RefCell::new(Inbox { replies: VecDeque::new(), waiting: None }));
        let to_inbox = Rc::clone(&inbox);
        let worker = WorkerClient::start(boot, move |news| {
            let reply = match news {
                News::Said(message, buffers) => Ok((message, buffers)),
                News::Unreadable(reason) => Err(reason),
                News::Broke(reason) => Err(format!("the worker stopped: {reason}")),
            };
            deliver(&to_inbox, reply);
        })?;
        Ok(Self { worker, inbox })
    }

    async fn next(&self) -> Heard<In> {
        loop {
            if let Some(reply) = self.inbox.borrow_mut().replies.pop_front() {
                return reply;
            }
            let arrival = Promise::new(&mut |resolve, _| self.inbox.borrow_mut().waiting = Some(resolve));
            JsFuture::from(arrival).await.map_err(|error| words(&error))?;
        }
    }
}

/// The worker that ships.
pub struct Client(Line<ToWorker, FromWorker>);

impl Client {
    /// Starts a worker and waits until it is ready.
    pub async fn start() -> Result<Self, String> {
        Self::start_on(1).await
    }

    /// Starts a worker with `threads` threads and waits until it is ready.
    pub async fn start_on(threads: u32) -> Result<Self, String> {
        let client = Self(Line::start(&format!("worker_boot.js?threads={threads}"))?);
        match client.next().await? {
            (FromWorker::Ready { version: VERSION, threads: got }, _) if got == threads => Ok(client),
            (FromWorker::Ready { version: VERSION, threads: got }, _) => {
                Err(format!("asked for {threads} threads, got {got}: is the page isolated?"))
            }
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

    /// Sends a message that has no answer.
    pub fn tell(&self, request: &ToWorker) -> Result<(), String> {
        self.0.worker.send(request)
    }

    /// Waits for the worker's next message.
    pub async fn next(&self) -> Result<Reply, String> {
        self.0.next().await
    }
}

/// The worker that only measures.
pub struct Measurer(Line<Task, Result<Took, String>>);

impl Measurer {
    /// Starts it and waits until it is ready.
    pub async fn start() -> Result<Self, String> {
        let measurer = Self(Line::start("measure_boot.js")?);
        measurer.0.next().await?.0.map(|_| measurer)
    }

    /// Has the worker do a task once.
    pub async fn take(&self, task: &Task) -> Result<Took, String> {
        self.0.worker.send(task)?;
        self.0.next().await?.0
    }
}

fn deliver<In>(inbox: &RefCell<Inbox<In>>, reply: Result<(In, Vec<Vec<f32>>), String>) {
    let waiting = {
        let mut inbox = inbox.borrow_mut();
        inbox.replies.push_back(reply);
        inbox.waiting.take()
    };
    if let Some(resolve) = waiting {
        // Resolving a promise runs no code of this program now and cannot fail.
        let _ = resolve.call0(&JsValue::UNDEFINED);
    }
}

//! Starts the workers that run models, and posts requests to them.

use leptos::prelude::*;

use super::Page;
use crate::platform::worker_client::News;
use crate::protocol::{FromWorker, ToWorker};
use crate::state::Event;
use crate::ui::shell::worker::ModelWorker;

impl Page {
    /// Starts another worker, whose messages go to `hear`.
    ///
    /// # Errors
    /// In words, where this program runs no models or the browser starts no worker.
    pub fn new_worker(
        self,
        threads: u32,
        hear: impl Fn(News<FromWorker>) + 'static,
    ) -> Result<Box<dyn ModelWorker>, String> {
        let start = self.start_worker.ok_or("this page runs no models")?;
        start(threads, Box::new(hear))
    }

    pub(super) fn start_second_worker(self) {
        let hear = move |news: News<FromWorker>| {
            self.dispatch(match news {
                News::Said(reply, buffers) => Event::SecondWorkerSaid(reply, buffers),
                News::Unreadable(reason) | News::Broke(reason) => Event::SecondWorkerBroke(reason),
            });
        };
        match self.new_worker(self.peek(|state| state.threads.wanted), hear) {
            Ok(worker) => self.second_worker.set_value(Some(worker)),
            Err(reason) => self.dispatch(Event::SecondWorkerBroke(reason)),
        }
    }

    pub(super) fn start_worker(self) {
        let hear = move |news: News<FromWorker>| {
            self.dispatch(match news {
                News::Said(reply, buffers) => Event::WorkerSaid(reply, buffers),
                News::Unreadable(reason) => Event::WorkerUnreadable(reason),
                News::Broke(reason) => Event::WorkerBroke(reason),
            });
        };
        match self.new_worker(self.peek(|state| state.threads.wanted), hear) {
            Ok(worker) => self.worker.set_value(Some(worker)),
            Err(reason) => self.dispatch(Event::WorkerBroke(reason)),
        }
    }

    /// Posts a request to the worker. A cancelled request may be one of the trace on screen, which hears of it too.
    pub(super) fn send(self, message: &ToWorker) {
        if let (ToWorker::Cancel { request }, Some(trace)) = (message, self.trace()) {
            trace.cancel(*request);
        }
        let files = self.model_sources.with_value(|sources| sources.files_of(message));
        let sent =
            self.worker.with_value(|worker| worker.as_ref().map(|worker| worker.send_with_files(message, &files)));
        if let Some(Err(reason)) = sent {
            self.dispatch(Event::WorkerBroke(reason));
        }
    }

    /// Posts a request to the worker that runs B.
    pub(super) fn send_second(self, message: &ToWorker) {
        let files = self.model_sources.with_value(|sources| sources.files_of(message));
        let sent = self
            .second_worker
            .with_value(|worker| worker.as_ref().map(|worker| worker.send_with_files(message, &files)));
        if let Some(Err(reason)) = sent {
            self.dispatch(Event::SecondWorkerBroke(reason));
        }
    }
}

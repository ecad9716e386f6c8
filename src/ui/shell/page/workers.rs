//! Starts the workers that run models, and posts requests to them.

use leptos::prelude::*;

use super::Page;
use crate::platform::worker_client::News;
use crate::protocol::{FromWorker, ToWorker};
use crate::state::{Event, WorkerEvent};
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
                News::Said(reply, buffers) => Event::Worker(WorkerEvent::SecondSaid(reply, buffers)),
                News::Unreadable(reason) | News::Broke(reason) => Event::Worker(WorkerEvent::SecondBroke(reason)),
            });
        };
        match self.new_worker(self.peek(|state| state.work.threads.wanted), hear) {
            Ok(worker) => self.second_worker.set_value(Some(worker)),
            Err(reason) => self.dispatch(Event::Worker(WorkerEvent::SecondBroke(reason))),
        }
    }

    pub(super) fn start_worker(self) {
        let hear = move |news: News<FromWorker>| {
            self.dispatch(match news {
                News::Said(reply, buffers) => Event::Worker(WorkerEvent::Said(reply, buffers)),
                News::Unreadable(reason) => Event::Worker(WorkerEvent::Unreadable(reason)),
                News::Broke(reason) => Event::Worker(WorkerEvent::Broke(reason)),
            });
        };
        match self.new_worker(self.peek(|state| state.work.threads.wanted), hear) {
            Ok(worker) => self.worker.set_value(Some(worker)),
            Err(reason) => self.dispatch(Event::Worker(WorkerEvent::Broke(reason))),
        }
    }

    /// Posts a request to the worker.
    pub(super) fn send(self, message: &ToWorker) {
        let files = self.model_sources.with_value(|sources| sources.files_of(message));
        let sent =
            self.worker.with_value(|worker| worker.as_ref().map(|worker| worker.send_with_files(message, &files)));
        if let Some(Err(reason)) = sent {
            self.dispatch(Event::Worker(WorkerEvent::Broke(reason)));
        }
    }

    /// Posts a request to the worker that runs B.
    pub(super) fn send_second(self, message: &ToWorker) {
        let files = self.model_sources.with_value(|sources| sources.files_of(message));
        let sent = self
            .second_worker
            .with_value(|worker| worker.as_ref().map(|worker| worker.send_with_files(message, &files)));
        if let Some(Err(reason)) = sent {
            self.dispatch(Event::Worker(WorkerEvent::SecondBroke(reason)));
        }
    }
}

//! What runs models for a page: workers in threads of their own.
//!
//! A page is handed the way to start one, so that a program that never does so links nothing of it.

use web_sys::Blob;

use crate::platform::page::{base_url, meta};
use crate::platform::worker_client::{News, WorkerClient};
use crate::protocol::{FromWorker, ToWorker};

/// Something that takes requests; it is ended by dropping it.
pub trait ModelWorker {
    /// Posts a request, with files beside it.
    ///
    /// # Errors
    /// When it cannot be posted, in words.
    fn send_with_files(&self, message: &ToWorker, files: &[Blob]) -> Result<(), String>;
}

/// Starts a worker that may run on so many threads; what it says is heard by the function that is handed over.
pub type StartWorker = fn(u32, Box<dyn Fn(News<FromWorker>)>) -> Result<Box<dyn ModelWorker>, String>;

impl ModelWorker for WorkerClient<ToWorker> {
    fn send_with_files(&self, message: &ToWorker, files: &[Blob]) -> Result<(), String> {
        WorkerClient::send_with_files(self, message, files)
    }
}

/// Starts the worker that is beside the page, on so many threads where that can be.
///
/// # Errors
/// When the browser refuses to start any.
pub fn start_worker(threads: u32, hear: Box<dyn Fn(News<FromWorker>)>) -> Result<Box<dyn ModelWorker>, String> {
    let url = format!("{}worker_boot.js?v={}&threads={threads}", base_url(), meta("headlight-build"));
    Ok(Box::new(WorkerClient::start(&url, hear)?))
}

//! Workers, which run models for a page in threads of their own.
//!
//! A page is given the function that starts a worker, so a program that starts none links none.

use web_sys::Blob;

use crate::platform::page::{base_url, meta};
use crate::platform::worker_client::{News, WorkerClient};
use crate::protocol::{FromWorker, ToWorker};

/// Takes requests; dropping it ends it.
pub trait ModelWorker {
    /// Posts a request, with files beside the message.
    ///
    /// # Errors
    /// In words, when the browser cannot post it.
    fn send_with_files(&self, message: &ToWorker, files: &[Blob]) -> Result<(), String>;
}

/// Starts a worker with a number of threads; the given function hears its messages.
pub type StartWorker = fn(u32, Box<dyn Fn(News<FromWorker>)>) -> Result<Box<dyn ModelWorker>, String>;

impl ModelWorker for WorkerClient<ToWorker> {
    fn send_with_files(&self, message: &ToWorker, files: &[Blob]) -> Result<(), String> {
        WorkerClient::send_with_files(self, message, files)
    }
}

/// Starts the worker beside the page, with a number of threads where the page may have several.
///
/// # Errors
/// In words, when the browser starts no worker.
pub fn start_worker(threads: u32, hear: Box<dyn Fn(News<FromWorker>)>) -> Result<Box<dyn ModelWorker>, String> {
    let url = format!("{}worker_boot.js?v={}&threads={threads}", base_url(), meta("headlight-build"));
    Ok(Box::new(WorkerClient::start(&url, hear)?))
}

//! Workers, which run models for a page in threads of their own.
//!
//! A page is given the function that starts a worker, so a program that starts none links none. What speaks with workers comes with the
//! views that are fetched after the page ([`start_worker_later`]).

use std::cell::RefCell;
use std::rc::Rc;

use leptos::task::spawn_local;
use web_sys::Blob;

use crate::platform::page::{base_url, meta};
use crate::platform::worker_client::{News, WorkerClient};
use crate::protocol::{FromWorker, ToWorker};
use crate::ui::parts::views;

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

/// Starts the worker beside the page once the program's part that speaks with it is here.
///
/// # Errors
/// None: what goes wrong is heard as [`News::Broke`].
pub fn start_worker_later(threads: u32, hear: Box<dyn Fn(News<FromWorker>)>) -> Result<Box<dyn ModelWorker>, String> {
    let place = Rc::new(RefCell::new(None));
    let of_worker = Rc::downgrade(&place);
    spawn_local(async move {
        let views = views::views().await;
        // Somebody may have ended the worker before it began.
        let Some(place) = of_worker.upgrade() else { return };
        match views {
            Some(views) => {
                let hear: Rc<dyn Fn(News<FromWorker>)> = Rc::from(hear);
                let heard = Rc::clone(&hear);
                match (views.start_worker)(threads, Box::new(move |news| heard(news))) {
                    Ok(worker) => _ = place.replace(Some(worker)),
                    Err(reason) => hear(News::Broke(reason)),
                }
            }
            None => hear(News::Broke("a part of this page could not be loaded".to_owned())),
        }
    });
    Ok(Box::new(LaterWorker(place)))
}

/// A worker that starts when its part of the program is here. Nothing is posted before it says that it is ready.
struct LaterWorker(Rc<RefCell<Option<Box<dyn ModelWorker>>>>);

impl ModelWorker for LaterWorker {
    fn send_with_files(&self, message: &ToWorker, files: &[Blob]) -> Result<(), String> {
        match &*self.0.borrow() {
            Some(worker) => worker.send_with_files(message, files),
            None => Err("it has not started".to_owned()),
        }
    }
}

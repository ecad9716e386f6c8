//! Asks the Hub what a repository holds, through a worker of its own. The page's Content-Security-Policy names only the Hub, while a
//! worker may ask any mirror; and the worker that runs the model is not interrupted.

use crate::platform::worker_client::News;
use crate::protocol::{FromWorker, ToWorker, VERSION};
use crate::sources::Listing;
use crate::ui::shell::page::Page;
use crate::ui::shell::worker::ModelWorker;

/// A look-up under way; dropping it ends the look-up.
pub struct HubLookup {
    worker: Box<dyn ModelWorker>,
}

/// News of a look-up.
pub enum Heard {
    /// The worker is ready for requests.
    Ready,
    /// The answer, or a sentence that says why there is none.
    Ended(Result<Listing, String>),
}

const REQUEST: u32 = 1;

impl HubLookup {
    /// Starts a worker.
    ///
    /// # Errors
    /// In words, when the browser starts no worker.
    pub fn start(page: Page, hear: impl Fn(Heard) + 'static) -> Result<Self, String> {
        let worker = page.new_worker(1, move |news: News<FromWorker>| match news {
            News::Said(FromWorker::Ready { version: VERSION, .. }, _) => hear(Heard::Ready),
            News::Said(FromWorker::HubListed { listing, .. }, _) => hear(Heard::Ended(Ok(listing))),
            News::Said(FromWorker::Failed { report, .. }, _) => hear(Heard::Ended(Err(report.message))),
            News::Said(FromWorker::Ready { .. }, _) | News::Unreadable(_) => {
                let message = "this page and its model program are different versions: reload the page";
                hear(Heard::Ended(Err(message.to_owned())));
            }
            News::Broke(reason) => hear(Heard::Ended(Err(format!("the model program did not start: {reason}")))),
            News::Said(..) => {}
        })?;
        Ok(Self { worker })
    }

    /// Sends the request to a worker that is ready.
    ///
    /// # Errors
    /// In words, when the browser cannot post it.
    pub fn ask(&self, base: &str, repo: &str) -> Result<(), String> {
        let (base, repo) = (base.to_owned(), repo.to_owned());
        self.worker.send_with_files(&ToWorker::ListHub { request: REQUEST, base, repo }, &[])
    }
}

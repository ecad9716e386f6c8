//! Asking the Hub what a repository holds, through a worker of its own: the page's Content-Security-Policy names the Hub
//! alone, a worker may ask any mirror that somebody sets. The model's worker is left to what it does.

use crate::platform::worker_client::News;
use crate::protocol::{FromWorker, ToWorker, VERSION};
use crate::sources::Listing;
use crate::ui::shell::page::Page;
use crate::ui::shell::worker::ModelWorker;

/// A look-up under way; dropping it ends it.
pub struct HubLookup {
    worker: Box<dyn ModelWorker>,
}

/// What is heard of a look-up.
pub enum Heard {
    /// The worker takes requests.
    Ready,
    /// It has the answer, or a sentence why not.
    Ended(Result<Listing, String>),
}

const REQUEST: u32 = 1;

impl HubLookup {
    /// Starts a worker.
    ///
    /// # Errors
    /// When the browser starts none, in words.
    pub fn start(page: Page, hear: impl Fn(Heard) + 'static) -> Result<Self, String> {
        let worker = page.new_worker(1, move |news: News<FromWorker>| match news {
            News::Said(FromWorker::Ready { version: VERSION, .. }, _) => hear(Heard::Ready),
            News::Said(FromWorker::HubListed { listing, .. }, _) => hear(Heard::Ended(Ok(listing))),
            News::Said(FromWorker::Failed { report, .. }, _) => hear(Heard::Ended(Err(report.message))),
            News::Said(FromWorker::Ready { .. }, _) | News::Unreadable(_) => {
                let message = "this page and its model program are of different versions: reload the page";
                hear(Heard::Ended(Err(message.to_owned())));
            }
            News::Broke(reason) => hear(Heard::Ended(Err(format!("the model program did not start: {reason}")))),
            News::Said(..) => {}
        })?;
        Ok(Self { worker })
    }

    /// Asks, once it is ready.
    ///
    /// # Errors
    /// When the question cannot be posted, in words.
    pub fn ask(&self, base: &str, repo: &str) -> Result<(), String> {
        let (base, repo) = (base.to_owned(), repo.to_owned());
        self.worker.send_with_files(&ToWorker::ListHub { request: REQUEST, base, repo }, &[])
    }
}

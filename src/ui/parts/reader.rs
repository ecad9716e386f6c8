//! Reads traces in the page: the example shown first, and other files.

use std::pin::Pin;
use std::rc::Rc;

use crate::answers::Reply;
use crate::protocol::{Question, Report, RequestId};
use crate::state::editing::TraceBeside;
use crate::state::{Home, OpenedTrace};
use crate::trace::AttnKind;
use crate::ui::share::trace::in_page::TraceInPage;
use crate::ui::share::trace::reading::{beside, chosen, first, under_url};

/// A future that borrows nothing.
pub type Awaited<T> = Pin<Box<dyn Future<Output = T>>>;

/// An open trace, shared by whoever asks it.
pub type Held = Rc<dyn HeldTrace>;

/// An open trace with a description of it, or one sentence for the reader about what is wrong with the file.
pub type Opened<T> = Awaited<Result<(Held, T), String>>;

/// A trace that the page holds.
pub trait HeldTrace {
    /// Answers a question; `None` when it was cancelled meanwhile.
    fn answer(&self, request: RequestId, kind: AttnKind, question: Question) -> Awaited<Result<Option<Reply>, Report>>;

    /// Cancels a question.
    fn cancel(&self, request: RequestId);

    /// The trace itself, for what is fetched later than the reader.
    fn in_page(&self) -> &TraceInPage;
}

/// The ways to open a trace.
pub struct Reader {
    /// Opens the example beside the page, or the trace inside a saved page.
    pub first: fn(Home) -> Opened<OpenedTrace>,
    /// Opens the trace at a URL, or the one that the host of a frame hands over.
    pub under_url: fn(String) -> Opened<OpenedTrace>,
    /// Opens a file that somebody chose or dropped.
    pub chosen: fn(web_sys::File) -> Opened<OpenedTrace>,
    /// Opens a file as B.
    pub beside: fn(web_sys::File) -> Opened<TraceBeside>,
}

static READER: Reader = Reader {
    first: |home| Box::pin(first(home)),
    under_url: |url| Box::pin(under_url(url)),
    chosen: |file| Box::pin(chosen(file)),
    beside: |file| Box::pin(beside(file)),
};

#[cfg(feature = "split")]
mod part {
    use super::{READER, Reader};
    use wasm_split_helpers::{SplitLoaderError, wasm_split};

    /// Fetches the part, then returns the table.
    #[wasm_split(reader, fallible)]
    pub fn reader() -> Result<&'static Reader, SplitLoaderError> {
        Ok(&READER)
    }
}

/// Fetches the reader and opens a trace.
///
/// # Errors
/// One sentence for the reader: what is wrong with the trace, or that this part of the program could not be fetched.
pub async fn open<T>(way: impl FnOnce(&'static Reader) -> Opened<T>) -> Result<(Held, T), String> {
    way(reader().await?).await
}

async fn reader() -> Result<&'static Reader, String> {
    #[cfg(feature = "split")]
    return part::reader().await.map_err(|_| {
        "The part of this page that reads traces could not be loaded: check the connection and try again.".to_owned()
    });
    #[cfg(not(feature = "split"))]
    return Ok(&READER);
}

//! What reads traces in the page: the example that is looked at first, and files from elsewhere.

use std::pin::Pin;
use std::rc::Rc;

use crate::answers::Reply;
use crate::protocol::{Question, Report, RequestId};
use crate::state::editing::TraceBeside;
use crate::state::{Home, OpenedTrace};
use crate::trace::AttnKind;
use crate::trace::file::Saved;
use crate::ui::share::trace::reading::{beside, chosen, first, under_url};

/// Something that is on its way.
pub type Awaited<T> = Pin<Box<dyn Future<Output = T>>>;

/// An open trace, for whoever asks it.
pub type Held = Rc<dyn HeldTrace>;

/// A trace with what it says of itself, or one sentence for the reader: what is wrong with it.
pub type Opened<T> = Awaited<Result<(Held, T), String>>;

/// A trace that the page holds.
pub trait HeldTrace {
    /// Answers a question; with nothing when it was cancelled meanwhile.
    fn answer(&self, request: RequestId, kind: AttnKind, question: Question) -> Awaited<Result<Option<Reply>, Report>>;

    /// A question is no longer wanted.
    fn cancel(&self, request: RequestId);

    /// How large a file with less of it would be, in bytes; nothing where it would hold no more than a smaller choice.
    fn save_size(&self, saved: Saved, is_half: bool) -> Option<u64>;

    /// Writes such a file, and says under which URL it can be had; or one sentence for the reader.
    fn write(&self, saved: Saved, is_half: bool) -> Awaited<Result<String, String>>;
}

/// How traces are opened.
pub struct Reader {
    /// The example beside the page, or the trace inside a saved page.
    pub first: fn(Home) -> Opened<OpenedTrace>,
    /// What lies under a URL, or is handed over by the host of a frame.
    pub under_url: fn(String) -> Opened<OpenedTrace>,
    /// A file that somebody chose or dropped.
    pub chosen: fn(web_sys::File) -> Opened<OpenedTrace>,
    /// A file that the result on screen is compared with.
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

    /// The table, fetched first.
    #[wasm_split(reader, fallible)]
    pub fn reader() -> Result<&'static Reader, SplitLoaderError> {
        Ok(&READER)
    }
}

/// Opens a trace in one of the reader's ways.
///
/// # Errors
/// One sentence for the reader: what is wrong with the trace, or that what reads it could not be fetched.
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

//! The ways to a trace: the example beside the page, the trace inside a saved page, a URL, or a file.

use std::rc::Rc;

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::JsCast;
use web_sys::File;

use super::in_page::TraceInPage;
use crate::platform::frame::asked_of_host;
use crate::platform::page::element_text;
use crate::platform::ranged_file::RangedFile;
use crate::state::editing::TraceBeside;
use crate::state::link::HOST_TRACE;
use crate::state::{Home, OpenedTrace, TracePlace};
use crate::trace::file::{SLOT_ID, read_slot};
use crate::ui::parts::reader::Held;

/// Opens the trace that is shown first: the example beside the page, or the trace inside a saved page.
///
/// # Errors
/// One sentence for the reader.
pub async fn first(home: Home) -> Result<(Held, OpenedTrace), String> {
    let (trace, opened) = match home {
        Home::Page | Home::Embed => TraceInPage::fetch_first().await?,
        Home::File => {
            let text = element_text(SLOT_ID).unwrap_or_default();
            let file = RangedFile::in_memory("The trace in this page", read_slot(&text)?.1);
            let (trace, opened) = TraceInPage::open(file, TracePlace::File(String::new())).await?;
            // A link to a saved page names no file: the trace is inside.
            (trace, OpenedTrace { place: None, ..opened })
        }
    };
    Ok((Rc::new(trace), opened))
}

/// Opens the trace at a URL, or the one that the host of this frame hands over.
///
/// # Errors
/// One sentence for the reader.
pub async fn under_url(url: String) -> Result<(Held, OpenedTrace), String> {
    let file = file_under(&url).await?;
    let (trace, opened) = TraceInPage::open(file, TracePlace::Url(url)).await?;
    Ok((Rc::new(trace), opened))
}

/// The file at a URL, or the one that the host of this frame hands over.
///
/// # Errors
/// One sentence for the reader.
pub async fn file_under(url: &str) -> Result<RangedFile, String> {
    if url == HOST_TRACE { trace_of_host().await } else { RangedFile::at_url(url).await }
}

/// Opens a file that somebody chose or dropped.
///
/// # Errors
/// One sentence for the reader: what is wrong with the file.
pub async fn chosen(file: File) -> Result<(Held, OpenedTrace), String> {
    let name = file.name();
    let ranged = RangedFile::chosen(&name, file.into());
    let (trace, opened) = TraceInPage::open(ranged, TracePlace::File(name)).await?;
    Ok((Rc::new(trace), opened))
}

/// Opens a file as B, beside the result on screen.
///
/// # Errors
/// One sentence for the reader: what is wrong with the file.
pub async fn beside(file: File) -> Result<(Held, TraceBeside), String> {
    let (trace, beside) = TraceInPage::open_beside(file).await?;
    Ok((Rc::new(trace), beside))
}

async fn trace_of_host() -> Result<RangedFile, String> {
    let none = || "This link shows a trace that belongs to another page and works only there.".to_owned();
    let answer = asked_of_host("trace").await.ok_or_else(none)?;
    match answer.dyn_ref::<ArrayBuffer>() {
        Some(bytes) => Ok(RangedFile::in_memory("The trace", Uint8Array::new(bytes).to_vec())),
        // A host without a trace sends the reason as text.
        None => Err(answer.as_string().unwrap_or_else(none)),
    }
}

/// The link stored in a saved page, which says what the page shows first.
pub fn slot_link() -> String {
    element_text(SLOT_ID).and_then(|text| Some(read_slot(&text).ok()?.0.to_owned())).unwrap_or_default()
}

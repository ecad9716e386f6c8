//! The ways to a trace: the example beside the page or the trace inside a saved page, which are looked at first without any model;
//! what lies under a URL; a file.

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

/// The trace, and what it says.
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
            // A link from here on needs to name no file.
            (trace, OpenedTrace { place: None, ..opened })
        }
    };
    Ok((Rc::new(trace), opened))
}

/// What lies under a URL, or is handed over by the host of this frame.
///
/// # Errors
/// One sentence for the reader.
pub async fn under_url(url: String) -> Result<(Held, OpenedTrace), String> {
    let file = if url == HOST_TRACE { trace_of_host().await? } else { RangedFile::at_url(&url).await? };
    let (trace, opened) = TraceInPage::open(file, TracePlace::Url(url)).await?;
    Ok((Rc::new(trace), opened))
}

/// A file that somebody chose or dropped.
///
/// # Errors
/// One sentence for the reader: what is wrong with the file.
pub async fn chosen(file: File) -> Result<(Held, OpenedTrace), String> {
    let name = file.name();
    let ranged = RangedFile::chosen(&name, file.into());
    let (trace, opened) = TraceInPage::open(ranged, TracePlace::File(name)).await?;
    Ok((Rc::new(trace), opened))
}

/// A file that the result on screen is compared with.
///
/// # Errors
/// One sentence for the reader: what is wrong with the file.
pub async fn beside(file: File) -> Result<(Held, TraceBeside), String> {
    let (trace, beside) = TraceInPage::open_beside(file).await?;
    Ok((Rc::new(trace), beside))
}

async fn trace_of_host() -> Result<RangedFile, String> {
    let none = || "This link shows a trace of the page that it was in, and can be followed only there.".to_owned();
    let came = asked_of_host("trace").await.ok_or_else(none)?;
    match came.dyn_ref::<ArrayBuffer>() {
        Some(bytes) => Ok(RangedFile::in_memory("The trace", Uint8Array::new(bytes).to_vec())),
        // Where it has none it says why.
        None => Err(came.as_string().unwrap_or_else(none)),
    }
}

/// The link that a saved page begins with.
pub fn slot_link() -> String {
    element_text(SLOT_ID).and_then(|text| Some(read_slot(&text).ok()?.0.to_owned())).unwrap_or_default()
}

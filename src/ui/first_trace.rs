//! What is looked at first, without any model: the example beside the page, or the trace inside a saved page.

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::JsCast;

use super::open_trace::TraceInPage;
use crate::platform::frame::asked_of_host;
use crate::platform::page::element_text;
use crate::platform::ranged_file::RangedFile;
use crate::state::{Home, OpenedTrace, TracePlace};
use crate::trace::file::{SLOT_ID, read_slot};

/// The trace, and what it says.
///
/// # Errors
/// One sentence for the reader.
pub async fn first_trace(home: Home) -> Result<(TraceInPage, OpenedTrace), String> {
    match home {
        Home::Page | Home::Embed => TraceInPage::fetch_first().await,
        Home::File => {
            let text = element_text(SLOT_ID).unwrap_or_default();
            let file = RangedFile::in_memory("The trace in this page", read_slot(&text)?.1);
            let (trace, opened) = TraceInPage::open(file, TracePlace::File(String::new())).await?;
            // A link from here on needs to name no file.
            Ok((trace, OpenedTrace { place: None, ..opened }))
        }
    }
}

/// The trace that the host of this frame hands over.
///
/// # Errors
/// One sentence for the reader.
pub async fn trace_of_host() -> Result<RangedFile, String> {
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

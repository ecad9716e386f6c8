//! The page, one Leptos component per file, a folder per place on it.
//!
//! [`shell`] holds the page as a whole: [`shell::page::Page`] keeps the state as a signal and carries out the reducer's effects, and
//! everything else is a function of it. [`input`] is where a text is entered, [`models`] where a model is chosen. The views are
//! [`map`] (all heads), [`head`] (token to token), [`neurons`] (inside q·k), [`stream`] (what the stream holds) and [`find`] (all heads
//! over a set of texts); [`numbers`] are the panels beside them. [`change`] edits the model and compares results, [`share`] opens, saves
//! and exports, [`palette`] finds everything by its name. [`small`] has components used in several places, [`parts`] says what is
//! fetched after the page itself, and [`erased`] keeps the program small. Invariant: no globals, and no `style="…"` or `innerHTML`,
//! which the Content-Security-Policy forbids.

mod change;
pub mod erased;
mod find;
mod head;
mod input;
mod map;
mod models;
mod neurons;
mod numbers;
mod palette;
mod parts;
mod share;
mod shell;
mod small;
mod stream;

use crate::platform::page::meta;

/// Shows the page in the document's body, or the single view of a page that says it stands in a frame.
pub fn mount() {
    match meta("headlight-home").as_str() {
        "embed" => leptos::mount::mount_to_body(parts::EmbedPart),
        _ => leptos::mount::mount_to_body(shell::app::App),
    }
}

/// Shows the trace that is inside the document.
pub fn mount_viewer() {
    leptos::mount::mount_to_body(shell::viewer::Viewer);
}

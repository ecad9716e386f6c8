//! The panel "Edits": the list of edits, and the edits that the selection offers.

mod fields;
mod form;
mod json;
mod paint_row;
mod panel;
mod row;

pub use panel::EditsPanel;

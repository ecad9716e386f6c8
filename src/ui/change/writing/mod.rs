//! The panel "Write on": generation.

mod panel;
mod sampling_fields;

pub use panel::WritingPanel;

//! The panel for generation.

mod panel;
mod sampling_fields;

pub use panel::WritingPanel;

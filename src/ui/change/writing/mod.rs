//! The panel for generation: the next tokens, one at a time or compared.

mod continuations;
mod panel;
mod sampling_fields;

pub use panel::WritingPanel;

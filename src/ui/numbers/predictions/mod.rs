//! The panel of predictions.

mod labels;
mod panel;
mod read_text;
mod similarity;
mod top;

pub use panel::Predictions;

//! The panel "Outcome": what is measured, in A and in B.

mod answer_field;
mod bars;
mod cosine_fields;
mod label_fields;
mod panel;
mod token_fields;
mod values;

pub use panel::OutcomePanel;

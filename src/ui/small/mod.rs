//! Components and helpers used in several places.

pub mod dialog;
pub mod token_text;

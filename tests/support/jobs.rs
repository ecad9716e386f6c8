//! What tests of jobs run.

use std::sync::Arc;

use headlight::edit::{Edit, parse_list};
use headlight::engine::{Captures, CompiledEdits, Model, Outcome, Run};

use super::engine::finished;

pub const TEXT: &str = "The doctor asked the nurse a question.";
pub const OTHER: &str = "The nurse asked the doctor a question.";

pub fn an_outcome() -> Outcome {
    Outcome::pair(5, 9, None)
}

pub fn edits(json: &str) -> Vec<Edit> {
    parse_list(json).unwrap()
}

/// A run of the text without edits.
pub fn base(model: &Arc<Model>) -> Arc<Run> {
    let tokens = model.encode(TEXT, None).unwrap();
    Arc::new(finished(model, tokens, CompiledEdits::none(), Captures::none()))
}

//! The transformer.

pub mod files;
pub mod tokenizer;

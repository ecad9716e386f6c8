//! What the model reads: a text, a pair, token ids or a random block, and the examples.

pub mod entry_fields;
pub mod examples;
pub mod target_field;
pub mod text_form;
pub mod typed_tokens;

//! What the model reads: a text, a pair, token ids, a random block or a conversation, and the examples.

mod bos_choice;
pub mod chat;
mod entry_field;
mod entry_fields;
mod entry_kind;
pub mod entry_options;
pub mod example_caption;
mod example_card;
mod example_picture;
mod examples;
mod keys;
pub mod random_block;
mod target_field;
pub mod text_form;
mod typed_tokens;

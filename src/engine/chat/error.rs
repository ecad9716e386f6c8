//! Why a conversation cannot be written as text: each message a sentence for a person.

use super::MAX_MESSAGES;

/// Why a conversation cannot be written as text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChatError {
    /// The checkpoint has none.
    #[error("this model has no chat template: give it a text")]
    NoTemplate,
    /// No message at all.
    #[error("the conversation is empty: write at least one message")]
    Empty,
    /// More than are read.
    #[error("the conversation has {n_messages} messages, at most {} are read", MAX_MESSAGES)]
    TooMany {
        /// How many there are.
        n_messages: usize,
    },
    /// The template itself refuses the messages (`raise_exception`), for instance because roles do not alternate.
    #[error("the model's chat template refuses these messages: {0}")]
    Refused(String),
    /// An endless loop, or a huge text.
    #[error("the model's chat template does not come to an end with these messages: it was stopped")]
    Endless,
    /// A template that is broken, or uses what is not known.
    #[error("the model's chat template fails at its line {line}: {reason}")]
    Template {
        /// Counted from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// Nothing was written.
    #[error("the model's chat template makes no text of these messages")]
    Blank,
}

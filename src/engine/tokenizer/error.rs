//! Why there is no tokenizer, or no tokens.

use crate::engine::files::FileError;

/// Why there is no tokenizer, or no tokens.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TokenizerError {
    /// A tokenizer.json, or another file of a tokenizer, that cannot be used.
    #[error("{file}: {reason}")]
    Json {
        /// The file.
        file: String,
        /// What is wrong where.
        reason: String,
    },
    /// A vocabulary and merges that contradict each other.
    #[error("{file}: merge {number} (\"{left}\" and \"{right}\"): \"{missing}\" is not in the vocabulary")]
    Merge {
        /// The file.
        file: String,
        /// Which one, from zero.
        number: usize,
        /// The merge's first part.
        left: String,
        /// The merge's second part.
        right: String,
        /// What the vocabulary lacks.
        missing: String,
    },
    /// Metadata of a GGUF file that are missing or of another type.
    #[error(transparent)]
    File(#[from] FileError),
    /// Metadata of a GGUF file that name a kind of tokenizer that is not read. The model reads token ids all the same.
    #[error("{file}: metadata {key} is {found}, a kind of tokenizer that is not read (expected {expected})")]
    Unread {
        /// The file.
        file: String,
        /// The field.
        key: String,
        /// What is read.
        expected: String,
        /// What was found.
        found: String,
    },
    /// Metadata of a GGUF file that say something impossible.
    #[error("{file}: metadata {key}: expected {expected}, found {found}")]
    Metadata {
        /// The file.
        file: String,
        /// The field.
        key: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// No token but those that the tokenizer adds.
    #[error("the {which} is empty: it has no token of its own")]
    Empty {
        /// "text", "second text", "list of ids".
        which: &'static str,
    },
    /// The tokenizer itself gave up.
    #[error("the tokenizer cannot read this: {reason}")]
    Encode {
        /// What it says.
        reason: String,
    },
}

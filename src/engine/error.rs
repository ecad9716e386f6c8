//! The errors of the engine: one type for its boundary, each message a sentence for a person.

use super::chat::ChatError;
use super::files::{DType, FileError};
use super::tokenizer::TokenizerError;
use crate::analysis::attention::NotFinite;
use crate::edit::InvalidEdit;

/// Why the engine refuses something.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A checkpoint file that cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A tokenizer that cannot be read, or a text it cannot encode.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The files do not make a checkpoint.
    #[error("{0}")]
    Checkpoint(String),
    /// A field of the configuration with a wrong value.
    #[error("{file}: {field}: expected {expected}, found {found}")]
    Config {
        /// The file.
        file: String,
        /// The field.
        field: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A family that is not read.
    #[error(
        "{name} models are not read{nearest}. A trace made in Python shows any model: docs/python.md says how ({file})"
    )]
    Family {
        /// Which file says so.
        file: String,
        /// The family.
        name: String,
        /// The nearest one that is read, in brackets; empty where none is near.
        nearest: String,
    },
    /// A family of models that have no attention.
    #[error(
        "{name} models are not read: in the place of attention they have {instead}, which make no patterns ({file})"
    )]
    WithoutAttention {
        /// Which file says so.
        file: String,
        /// The family.
        name: String,
        /// What mixes the tokens.
        instead: String,
    },
    /// Weights quantised in a form that is not read.
    #[error(
        "the weights are quantised by {method}, which is not read: take a GGUF file of the model (Q4_K_M, Q8_0 and others are), or \
         its full checkpoint in F32, F16 or BF16"
    )]
    Quantised {
        /// What the method is called.
        method: String,
    },
    /// An adapter without the model that it changes.
    #[error("this is {name} adapter, not a model: it changes {base}. {remedy}")]
    Adapter {
        /// "a LoRA", "an IA3", …
        name: String,
        /// The model that it changes.
        base: String,
        /// What to do.
        remedy: String,
    },
    /// A tensor of another shape.
    #[error("{file}: tensor {tensor}: expected shape {expected:?}, found {found:?}")]
    Shape {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// The shape that the configuration demands.
        expected: Vec<usize>,
        /// In the file.
        found: Vec<usize>,
    },
    /// A tensor in a number format that is not read.
    #[error("{file}: tensor {tensor} is {found}; formats that are read are {}", DType::READ.map(|dtype| dtype.to_string()).join(", "))]
    Format {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// The tensor's number format.
        found: DType,
    },
    /// A required tensor that no file has.
    #[error("tensor {tensor} is missing ({n_found} tensors found in {files})")]
    MissingTensor {
        /// The tensor.
        tensor: String,
        /// How many tensors the files have.
        n_found: usize,
        /// The files.
        files: String,
    },
    /// An activation that is no longer made of numbers: damaged weights, or an edit beyond what f32 holds.
    #[error("{0}: the weights are damaged, or an edit is too large")]
    NotFinite(#[from] NotFinite),
    /// Logits that are not numbers: damaged weights of the unembedding.
    #[error(
        "the logits after token {position} are not numbers: weights of the unembedding, or of the head before it, are damaged"
    )]
    LogitsNotFinite {
        /// The position of the value.
        position: usize,
    },
    /// An input the model cannot read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A conversation that cannot be written as text.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// An edit that is not in the vocabulary or does not fit the model.
    #[error(transparent)]
    Edit(#[from] InvalidEdit),
    /// A request for something that is not there.
    #[error("{0}")]
    Request(String),
}

impl EngineError {
    /// Whether a damaged file may be the cause. What an intact file says as well, such as the name of a family that is not
    /// read, is not a sign of damage.
    pub fn may_be_damage(&self) -> bool {
        matches!(
            self,
            EngineError::File(_)
                | EngineError::Tokenizer(_)
                | EngineError::Checkpoint(_)
                | EngineError::Config { .. }
                | EngineError::Shape { .. }
                | EngineError::MissingTensor { .. }
        )
    }
}

/// An input the model cannot read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// No token at all.
    #[error("the text is empty: type at least one word")]
    Empty,
    /// Longer than the context.
    #[error("the text has {n_tokens} tokens, the model reads at most {n_ctx}: shorten it, or cut it at {n_ctx}")]
    TooLong {
        /// The input's length in tokens.
        n_tokens: usize,
        /// What the model reads.
        n_ctx: usize,
    },
    /// A token of the tokenizer that the model was never given: its embedding has fewer rows.
    #[error(
        "the token {token} at position {position} has id {id}, the model's embedding only {d_vocab} rows: leave it out"
    )]
    NoRow {
        /// The token.
        token: String,
        /// The token's id.
        id: u32,
        /// Where it is.
        position: usize,
        /// Rows of the embedding.
        d_vocab: usize,
    },
    /// The embedding has no row for an id.
    #[error("token id {id} at position {position} is not in the vocabulary of {d_vocab}")]
    UnknownId {
        /// The id.
        id: u32,
        /// Where it is.
        position: usize,
        /// Rows of the embedding.
        d_vocab: usize,
    },
}

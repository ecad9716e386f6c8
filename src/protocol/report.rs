//! Failures as sentences for the reader, with the place on the page where each belongs.

use serde::{Deserialize, Serialize};

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Where it belongs on the page.
    pub about: About,
    /// One sentence: what is wrong, naming file, tensor or field, what was expected and what was found.
    pub message: String,
}

/// What a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum About {
    /// The model's files: damaged, incomplete or of an unknown kind.
    Model,
    /// The network or the browser's storage.
    Network,
    /// The text: empty, or ids outside the vocabulary.
    Input,
    /// The text is longer than the model reads; running again with `cut` takes the first `n_ctx` tokens.
    TooLong {
        /// The input's length in tokens.
        n_tokens: u32,
        /// What the model reads.
        n_ctx: u32,
    },
    /// The edits.
    Edits,
    /// A fault of the program, or a request that names a run or layer that does not exist.
    Request,
}

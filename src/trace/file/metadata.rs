//! What the numbers of a trace mean: one JSON object under `__metadata__["headlight"]`.
//!
//! Python reads it with `json.loads(f.metadata()["headlight"])` and may write it by hand, so only `format` and `tokens`
//! are required, and fields of others are passed over.

use serde::{Deserialize, Serialize};

use super::{FORMAT, Header, METADATA_KEY, TraceError};
use crate::trace::{Spec, TokenForm};

/// The metadata of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceMetadata {
    /// Version of this object: 1.
    pub format: u32,
    /// What the tokenizer's id_to_token says, per position.
    pub tokens: Vec<String>,
    /// How `tokens` is written.
    #[serde(default = "plain")]
    pub token_form: TokenForm,
    /// Tokens of the decoder, in encoder-decoder models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoder_tokens: Option<Vec<String>>,
    /// Where each sequence of a pair starts; empty for a single text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<usize>,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The second text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_pair: Option<String>,
    /// Which weights made the numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelName>,
    /// The structure of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<Spec>,
    /// The edits that acted, as in an edits file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<serde_json::Value>,
}

/// Which weights made a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelName {
    /// A name for people.
    pub name: String,
    /// Commit or tag of the checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// SHA-256 of the weights, lower-case hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// "F32", "Q4_1", …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantisation: Option<String>,
}

fn plain() -> TokenForm {
    TokenForm::Plain
}

impl TraceMetadata {
    /// Metadata that say nothing but the tokens.
    pub fn of_tokens(tokens: Vec<String>, token_form: TokenForm) -> Self {
        TraceMetadata {
            format: FORMAT,
            tokens,
            token_form,
            decoder_tokens: None,
            segments: Vec::new(),
            text: None,
            text_pair: None,
            model: None,
            spec: None,
            edits: Vec::new(),
        }
    }

    /// Tokens by number, for files that name none.
    pub(super) fn numbered(n_tokens: usize, n_decoder_tokens: Option<usize>) -> Self {
        let numbers = |n: usize| (0..n).map(|position| position.to_string()).collect();
        let decoder_tokens = n_decoder_tokens.map(numbers);
        TraceMetadata { decoder_tokens, ..Self::of_tokens(numbers(n_tokens), TokenForm::Plain) }
    }

    /// The metadata of a file; none where the file has none.
    pub(super) fn of_header(file: &str, header: &Header) -> Result<Option<Self>, TraceError> {
        /// Read first: what the other fields mean depends on it.
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }

        let Some(json) = header.metadata.get(METADATA_KEY) else {
            return Ok(None);
        };
        let unreadable =
            |error: serde_json::Error| TraceError::Metadata { file: file.to_owned(), reason: error.to_string() };
        let Version { format } = serde_json::from_str(json).map_err(unreadable)?;
        if format != FORMAT {
            return Err(TraceError::Format { file: file.to_owned(), found: format });
        }
        serde_json::from_str(json).map(Some).map_err(unreadable)
    }

    /// Whether the file says why its patterns need not sum to one: edits acted on them.
    pub(super) fn explains_row_sums(&self) -> bool {
        !self.edits.is_empty()
    }
}

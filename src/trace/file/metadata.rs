//! What the numbers of a trace mean: one JSON object under `__metadata__["headlight"]`.
//!
//! Python reads it with `json.loads(f.metadata()["headlight"])` and may write it by hand, so only `format` and `tokens`
//! are required, and fields of others are passed over.

use serde::Serialize;
use serde_json::Value;

use crate::fields::{Field, Fields, named};

use super::{FORMAT, Header, METADATA_KEY, TraceError};
use crate::trace::{Spec, TokenForm};

/// The metadata of a trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TraceMetadata {
    /// Version of this object: 1.
    pub format: u32,
    /// What the tokenizer's id_to_token says, per position.
    pub tokens: Vec<String>,
    /// How `tokens` is written.
    pub token_form: TokenForm,
    /// Tokens of the decoder, in encoder-decoder models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoder_tokens: Option<Vec<String>>,
    /// Where each sequence of a pair starts; empty for a single text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<usize>,
    /// The text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The second text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_pair: Option<String>,
    /// Which weights made the numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelName>,
    /// The structure of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<Spec>,
    /// The edits that acted, as in an edits file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Value>,
}

/// Which weights made a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ModelName {
    /// A name for people.
    pub name: String,
    /// Commit or tag of the checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// SHA-256 of the weights, lower-case hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// "F32", "Q4_1", …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantisation: Option<String>,
}

impl Field for ModelName {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        Ok(Self {
            name: fields.required("name")?,
            revision: fields.optional("revision")?,
            sha256: fields.optional("sha256")?,
            quantisation: fields.optional("quantisation")?,
        })
    }
}

impl Field for TokenForm {
    fn read(value: Value) -> Result<Self, String> {
        let names = [
            ("byte_level", Self::ByteLevel),
            ("sentencepiece", Self::Sentencepiece),
            ("wordpiece", Self::Wordpiece),
            ("plain", Self::Plain),
        ];
        named(&value, &names)
    }
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
        header.metadata.get(METADATA_KEY).map(|json| Self::from_json(file, json)).transpose()
    }

    /// Reads what serde wrote, or somebody by hand; `file` is the name for messages.
    ///
    /// # Errors
    /// When it is of another version, or a field is missing or cannot be read.
    pub fn from_json(file: &str, json: &str) -> Result<Self, TraceError> {
        let unreadable = |reason: String| TraceError::Metadata { file: file.to_owned(), reason };
        let value = serde_json::from_str(json).map_err(|error| unreadable(error.to_string()))?;
        let mut fields = Fields::of_object(value).map_err(unreadable)?;
        // Read first: what the other fields mean depends on it.
        let format = fields.required("format").map_err(unreadable)?;
        if format != FORMAT {
            return Err(TraceError::Format { file: file.to_owned(), found: format });
        }
        Self::of_fields(fields).map_err(unreadable)
    }

    fn of_fields(mut fields: Fields) -> Result<Self, String> {
        Ok(Self {
            format: FORMAT,
            tokens: fields.required("tokens")?,
            token_form: fields.or_default("token_form")?,
            decoder_tokens: fields.optional("decoder_tokens")?,
            segments: fields.or_default("segments")?,
            text: fields.optional("text")?,
            text_pair: fields.optional("text_pair")?,
            model: fields.optional("model")?,
            spec: fields.optional("spec")?,
            edits: fields.or_default("edits")?,
        })
    }

    /// Whether the file says why its patterns need not sum to one: edits acted on them.
    pub(super) fn explains_row_sums(&self) -> bool {
        !self.edits.is_empty()
    }
}

//! What the numbers of a trace mean: one JSON object under `__metadata__["headlight"]`.
//!
//! Python reads it with `json.loads(f.metadata()["headlight"])` and may write it by hand, so only `format` and `tokens`
//! are required, and fields of others are passed over.

use serde::Serialize;
use serde_json::Value;

use crate::fields::{Field, Fields, named};

use super::{FORMAT, Header, METADATA_KEY, RowSums, TraceError};
use crate::trace::{Spec, TokenForm, shorten};

/// The metadata of a trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TraceMetadata {
    /// Version of this object: 1.
    pub format: u32,
    /// What the tokenizer's id_to_token says, per position.
    pub tokens: Vec<String>,
    /// How `tokens` is written.
    pub token_form: TokenForm,
    /// Tokens that were added to a byte-level vocabulary: these are text, not in the alphabet of the others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added_tokens: Vec<String>,
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
    /// What was followed while the model was changed: docs/formats.md, "Outcomes".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Value>,
    /// What the tokens of the stream's table are called, by their ids, where the file has that table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lens_tokens: Option<Value>,
    /// Why the rows of patterns sum to less than 1, where they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_sums: Option<RowSums>,
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
        let mut optional =
            |name: &str| Ok::<_, String>(fields.optional::<String>(name)?.map(|text| shorten::name(&text)));
        let (revision, sha256, quantisation) = (optional("revision")?, optional("sha256")?, optional("quantisation")?);
        Ok(Self { name: shorten::name(&fields.required::<String>("name")?), revision, sha256, quantisation })
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

/// What is wrong with JSON, and what to do where Python writes what no other reader takes: half of a character.
fn json_reason(error: &serde_json::Error) -> String {
    let reason = error.to_string();
    if !reason.contains("surrogate") && !reason.contains("hex escape") {
        return reason;
    }
    format!(
        "{reason}: a token or text has a lone surrogate, half of a character; write it with \
         .encode(\"utf-16\", \"surrogatepass\").decode(\"utf-16\", \"replace\")"
    )
}

impl TraceMetadata {
    /// Metadata that say nothing but the tokens.
    pub fn of_tokens(tokens: Vec<String>, token_form: TokenForm) -> Self {
        TraceMetadata {
            format: FORMAT,
            tokens,
            token_form,
            added_tokens: Vec::new(),
            decoder_tokens: None,
            segments: Vec::new(),
            text: None,
            text_pair: None,
            model: None,
            spec: None,
            edits: Vec::new(),
            outcome: None,
            lens_tokens: None,
            row_sums: None,
        }
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
        let value = serde_json::from_str(json).map_err(|error| unreadable(json_reason(&error)))?;
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
            added_tokens: fields.or_default("added_tokens")?,
            decoder_tokens: fields.optional("decoder_tokens")?,
            segments: fields.or_default("segments")?,
            text: fields.optional("text")?,
            text_pair: fields.optional("text_pair")?,
            model: fields.optional("model")?,
            spec: fields.optional("spec")?,
            edits: fields.or_default("edits")?,
            outcome: fields.optional("outcome")?,
            lens_tokens: fields.optional("lens_tokens")?,
            row_sums: fields.optional("row_sums")?,
        })
    }
}

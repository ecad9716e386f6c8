//! What an atlas file says about itself, beside its scores.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::fields::{Field, Fields, expected};
use crate::trace::TokenForm;

/// The version of the form that is written and read.
pub const FORMAT: u32 = 1;

/// The file's JSON object.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AtlasMetadata {
    /// The version of the form.
    pub format: u32,
    /// The model's name.
    pub model: String,
    /// Of a model from the Hub: its commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The number format of the weights.
    pub quantisation: String,
    /// Edits that acted throughout.
    pub edits: Vec<Value>,
    /// The corpus's name.
    pub corpus: String,
    /// The hash of its rows as a set.
    pub corpus_hash: String,
    /// Texts that were read.
    pub n_texts: usize,
    /// Tokens at which texts were cut.
    pub n_tokens: usize,
    /// The ids of the scores, in the order of the tensors.
    pub scores: Vec<String>,
    /// The seed of resamples and examples.
    pub seed: u64,
    /// How `tokens` is written.
    pub token_form: TokenForm,
    /// The tokens of the examples, by their ids, so that examples can be read without the model.
    pub tokens: BTreeMap<u32, String>,
}

impl Field for AtlasMetadata {
    /// What is missing beside format, model and scores has its default.
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        Ok(Self {
            format: fields.required("format")?,
            model: fields.required("model")?,
            revision: fields.optional("revision")?,
            quantisation: fields.or_default("quantisation")?,
            edits: fields.or_default("edits")?,
            corpus: fields.or_default("corpus")?,
            corpus_hash: fields.or_default("corpus_hash")?,
            n_texts: fields.or_default("n_texts")?,
            n_tokens: fields.or_default("n_tokens")?,
            scores: fields.required("scores")?,
            seed: fields.or_default("seed")?,
            token_form: fields.or_default("token_form")?,
            tokens: fields.optional("tokens")?.map_or_else(|| Ok(BTreeMap::new()), tokens)?,
        })
    }
}

/// Tokens by their ids.
fn tokens(value: Value) -> Result<BTreeMap<u32, String>, String> {
    let Value::Object(map) = value else { return Err(expected("tokens by their ids", &value)) };
    let token = |(id, token): (String, Value)| {
        let id = id.parse().map_err(|_| format!("tokens: \"{id}\" is not the id of a token"))?;
        Ok((id, String::read(token)?))
    };
    map.into_iter().map(token).collect()
}

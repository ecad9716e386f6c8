//! A tokenizer from a tokenizer.json.
//!
//! The parts are read by the `tokenizers` crate, the file as a whole is not: the crate holds a vocabulary three times
//! while reading it, and takes for granted what a damaged file need not keep, that merges make tokens of the
//! vocabulary and templates name tokens that are listed. It would panic, and in the browser that is the worker's end.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use tokenizers::AddedToken;
use tokenizers::Model as _;
use tokenizers::models::ModelWrapper;

use super::assemble::{added_tokens, assemble};
use super::class::{Around, Class, ModelKind, Parts};
use super::limits::{check_id, check_repeated, n_ids};
use super::model::{Bpe, Model, UnigramPieces, WordPiece};
use super::settings::{Files, Settings};
use super::{Tokenizer, TokenizerError};

/// The file, but for truncation and padding, which are not wanted. `M` is the model. The other parts stay JSON at first:
/// some of the crate's readers panic where the JSON itself is damaged.
#[derive(Deserialize)]
struct File<M> {
    #[serde(default)]
    added_tokens: Vec<Value>,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
    #[serde(default)]
    decoder: Value,
    model: M,
}

/// Read first: which model it is. Files from before 2020 do not say it; what else they hold tells it.
#[derive(Deserialize)]
struct Outline {
    model: Kind,
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: Option<String>,
    merges: Option<IgnoredAny>,
    unk_id: Option<IgnoredAny>,
    max_input_chars_per_word: Option<IgnoredAny>,
}

impl Kind {
    fn name(&self) -> &str {
        match self.kind.as_deref() {
            Some(kind) => kind,
            None if self.merges.is_some() => "BPE",
            None if self.max_input_chars_per_word.is_some() => "WordPiece",
            None if self.unk_id.is_some() => "Unigram",
            None => "WordLevel",
        }
    }
}

impl Tokenizer {
    /// Makes a tokenizer from the bytes of a tokenizer.json alone; `file` is its name for messages.
    pub fn from_tokenizer_json(file: &str, bytes: &[u8]) -> Result<Tokenizer, TokenizerError> {
        read(file, bytes, Files::default(), "")
    }
}

/// Makes a tokenizer from the bytes of a tokenizer.json and the files beside it, for a Hugging Face `model_type`.
pub(super) fn read(file: &str, bytes: &[u8], beside: Files<'_>, model_type: &str) -> Result<Tokenizer, TokenizerError> {
    let unreadable = |error: serde_json::Error| refuse(file, format!("cannot be read: {error}"));
    let outline: Outline = serde_json::from_slice(bytes).map_err(unreadable)?;
    match outline.model.name() {
        "BPE" => {
            let file_read: File<Bpe> = serde_json::from_slice(bytes).map_err(unreadable)?;
            finish(file, file_read, Some(ModelKind::Bpe), beside, model_type, |bpe| bpe.build(file))
        }
        "WordPiece" => {
            let file_read: File<WordPiece> = serde_json::from_slice(bytes).map_err(unreadable)?;
            finish(file, file_read, Some(ModelKind::WordPiece), beside, model_type, |model| model.build(file))
        }
        "Unigram" => {
            let file_read: File<UnigramPieces> = serde_json::from_slice(bytes).map_err(unreadable)?;
            finish(file, file_read, Some(ModelKind::Unigram), beside, model_type, |model| model.build(file))
        }
        kind => {
            let mut file_read: File<Value> = serde_json::from_slice(bytes).map_err(unreadable)?;
            // Where no type is said, the crate would guess, and may guess a kind that is not checked here.
            if let Value::Object(model) = &mut file_read.model {
                model.insert("type".to_owned(), Value::from(kind));
                let unknown = model.get("unk_token").and_then(Value::as_str).unwrap_or_default();
                check_repeated(file, "unk_token", unknown)?;
            }
            finish(file, file_read, None, beside, model_type, |model| {
                let model: ModelWrapper = serde_json::from_value(model).map_err(unreadable)?;
                let n_vocab = n_ids(file, &model.get_vocab())?;
                Ok((model, n_vocab))
            })
        }
    }
}

fn finish<M>(
    file: &str,
    read: File<M>,
    kind: Option<ModelKind>,
    beside: Files<'_>,
    model_type: &str,
    build: impl FnOnce(M) -> Result<Model, TokenizerError>,
) -> Result<Tokenizer, TokenizerError> {
    let own = read.added_tokens.into_iter().map(|token| own_token(file, token)).collect::<Result<Vec<_>, _>>()?;
    let settings = Settings::read(beside, &own)?;
    let is_bytes = |part: &Value| part.to_string().contains("\"ByteLevel\"");
    let is_byte_level = is_bytes(&read.pre_tokenizer) || is_bytes(&read.decoder);
    let class = if settings.has_config { Class::of(&settings, model_type, is_byte_level) } else { None };
    let class = class.filter(|class| Some(class.model_kind()) == kind);
    let given = Parts {
        normalizer: read.normalizer,
        pre_tokenizer: read.pre_tokenizer,
        decoder: read.decoder,
        around: Around::Given(read.post_processor),
    };
    let (parts, own) = match class {
        // Its added tokens are those that the settings list, which hold the file's own where they list none themselves.
        Some(class) => (class.parts(&settings, Some(given)), Vec::new()),
        None => (given, own.into_iter().map(|(_, token)| token).collect()),
    };
    let added = added_tokens(&settings, class, own, &settings.extra);
    let tokenizer = assemble(file, build(read.model)?, parts, added)?;
    Ok(tokenizer.with_roles(&settings, class))
}

/// An added token of the file, with its id.
fn own_token(file: &str, json: Value) -> Result<(u32, AddedToken), TokenizerError> {
    let id = match json.get("id").filter(|id| !id.is_null()) {
        None => 0,
        Some(id) => id.as_u64().ok_or_else(|| refuse(file, format!("an added token: {id} is not an id")))?,
    };
    let token: AddedToken =
        serde_json::from_value(json).map_err(|error| refuse(file, format!("an added token: {error}")))?;
    Ok((check_id(file, &token.content, id)?, token))
}

fn refuse(file: &str, reason: String) -> TokenizerError {
    TokenizerError::Json { file: file.to_owned(), reason }
}

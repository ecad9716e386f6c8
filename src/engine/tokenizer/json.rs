//! A tokenizer from a tokenizer.json.
//!
//! The parts are read by the `tokenizers` crate, the file as a whole is not: the crate holds a vocabulary three times
//! while reading it, and takes for granted what a damaged file need not keep, that merges make tokens of the
//! vocabulary and templates name tokens that are listed. It would panic, and in the browser that is the worker's end.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokenizers::Model as _;
use tokenizers::decoders::DecoderWrapper;
use tokenizers::models::ModelWrapper;
use tokenizers::normalizers::NormalizerWrapper;

use super::faults;
use super::model::{Bpe, Model, WordPiece};
use super::{Specials, Tokenizer, TokenizerError, after_highest};

/// The file, but for truncation and padding, which are not wanted. `M` is the model. The other parts stay JSON at first:
/// some of the crate's readers panic where the JSON itself is damaged.
#[derive(Deserialize)]
pub(super) struct File<M> {
    #[serde(default)]
    pub added_tokens: Vec<tokenizers::AddedToken>,
    #[serde(default)]
    pub normalizer: Value,
    #[serde(default)]
    pub pre_tokenizer: Value,
    #[serde(default)]
    pub post_processor: Value,
    #[serde(default)]
    pub decoder: Value,
    pub model: M,
}

/// Read first: which model it is.
#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Tokenizer {
    /// From the bytes of a tokenizer.json; `file` is its name for messages.
    pub fn from_tokenizer_json(file: &str, bytes: &[u8]) -> Result<Tokenizer, TokenizerError> {
        let refuse = |reason: String| TokenizerError::Json { file: file.to_owned(), reason };
        let unreadable = |error: serde_json::Error| refuse(format!("cannot be read: {error}"));
        #[derive(Deserialize)]
        struct Outline {
            model: Kind,
        }
        let outline: Outline = serde_json::from_slice(bytes).map_err(unreadable)?;
        match outline.model.kind.as_deref() {
            Some("BPE") => {
                let parts: File<Bpe> = serde_json::from_slice(bytes).map_err(unreadable)?;
                parts.assemble(file, |bpe| bpe.build(file))
            }
            Some("WordPiece") => {
                let parts: File<WordPiece> = serde_json::from_slice(bytes).map_err(unreadable)?;
                parts.assemble(file, |word_piece| word_piece.build(file))
            }
            _ => {
                let parts: File<ModelWrapper> = serde_json::from_slice(bytes).map_err(unreadable)?;
                let n_vocab = after_highest(parts.model.get_vocab().values());
                parts.assemble(file, |model| Ok((model, n_vocab)))
            }
        }
    }
}

impl<M> File<M> {
    /// Makes the tokenizer; `build` makes its model. `file` is its name for messages.
    pub fn assemble(
        self,
        file: &str,
        build: impl FnOnce(M) -> Result<Model, TokenizerError>,
    ) -> Result<Tokenizer, TokenizerError> {
        let refuse = |reason: String| TokenizerError::Json { file: file.to_owned(), reason };
        if let Some(reason) = faults::of_normalizer(&self.normalizer) {
            return Err(refuse(reason));
        }
        let normalizer: Option<NormalizerWrapper> = part(file, "normalizer", self.normalizer)?;
        let pre_tokenizer = part(file, "pre_tokenizer", self.pre_tokenizer)?;
        if let Some(reason) = pre_tokenizer.as_ref().and_then(faults::of_pre_tokenizer) {
            return Err(refuse(reason));
        }
        let post_processor = part(file, "post_processor", self.post_processor)?;
        if let Some(reason) = post_processor.as_ref().and_then(faults::of_post_processor) {
            return Err(refuse(reason));
        }
        let decoder: Option<DecoderWrapper> = part(file, "decoder", self.decoder)?;
        let (model, n_vocab) = build(self.model)?;
        let mut tokenizer = tokenizers::Tokenizer::new(model);
        let unusable = |error: tokenizers::Error| refuse(format!("cannot be used: {error}"));
        tokenizer.with_normalizer(normalizer).map_err(unusable)?;
        tokenizer.with_pre_tokenizer(pre_tokenizer);
        tokenizer.with_post_processor(post_processor);
        tokenizer.with_decoder(decoder);
        // After the normalizer: added tokens are looked for in normalised text where they say so.
        tokenizer.add_tokens(self.added_tokens).map_err(unusable)?;
        Ok(Tokenizer::new(tokenizer, n_vocab, Specials::default()))
    }
}

fn part<T: DeserializeOwned>(file: &str, name: &str, json: Value) -> Result<Option<T>, TokenizerError> {
    let refuse = |error| TokenizerError::Json { file: file.to_owned(), reason: format!("{name}: {error}") };
    serde_json::from_value(json).map_err(refuse)
}

//! A tokenizer from a tokenizer.json.
//!
//! The parts are read by the `tokenizers` crate, the file as a whole is not: the crate holds a vocabulary three times
//! while reading it, and takes for granted what a damaged file need not keep, that merges make tokens of the
//! vocabulary and templates name tokens that are listed. It would panic, and in the browser that is the worker's end.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::Value;
use tokenizers::decoders::DecoderWrapper;
use tokenizers::models::ModelWrapper;
use tokenizers::models::bpe::{BpeBuilder, Merges, Vocab};
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::processors::PostProcessorWrapper;

use super::{Specials, Tokenizer, TokenizerError};

/// The file, but for truncation and padding, which are not wanted. `M` is the model.
#[derive(Deserialize)]
struct File<M> {
    #[serde(default)]
    added_tokens: Vec<tokenizers::AddedToken>,
    normalizer: Option<NormalizerWrapper>,
    pre_tokenizer: Option<PreTokenizerWrapper>,
    post_processor: Option<PostProcessorWrapper>,
    decoder: Option<DecoderWrapper>,
    model: M,
}

/// Read first: which model it is.
#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// A BPE model. Dropout is training's and would make tokens random: left out.
#[derive(Deserialize)]
struct Bpe {
    unk_token: Option<String>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
    fuse_unk: Option<bool>,
    byte_fallback: Option<bool>,
    ignore_merges: Option<bool>,
    vocab: Vocab,
    merges: Vec<Merge>,
}

/// Two tokens that become one: "a b", or ["a", "b"] since version 0.20.
struct Merge(String, String);

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
        let parts = if outline.model.kind.as_deref() == Some("BPE") {
            serde_json::from_slice::<File<Bpe>>(bytes).map_err(unreadable)?.with_model(|bpe| bpe.build(file))?
        } else {
            serde_json::from_slice::<File<ModelWrapper>>(bytes).map_err(unreadable)?
        };
        if let Some(reason) = parts.pre_tokenizer.as_ref().and_then(fault_of_pre_tokenizer) {
            return Err(refuse(reason));
        }
        if let Some(reason) = parts.post_processor.as_ref().and_then(fault_of_post_processor) {
            return Err(refuse(reason));
        }
        let tokenizer = parts.assemble().map_err(|error| refuse(format!("cannot be used: {error}")))?;
        Ok(Tokenizer::new(tokenizer, Specials::default()))
    }
}

impl<M> File<M> {
    fn with_model<N, E>(self, convert: impl FnOnce(M) -> Result<N, E>) -> Result<File<N>, E> {
        let File { added_tokens, normalizer, pre_tokenizer, post_processor, decoder, model } = self;
        Ok(File { added_tokens, normalizer, pre_tokenizer, post_processor, decoder, model: convert(model)? })
    }
}

impl File<ModelWrapper> {
    fn assemble(self) -> tokenizers::Result<tokenizers::Tokenizer> {
        let mut tokenizer = tokenizers::Tokenizer::new(self.model);
        tokenizer.with_normalizer(self.normalizer)?;
        tokenizer.with_pre_tokenizer(self.pre_tokenizer);
        tokenizer.with_post_processor(self.post_processor);
        tokenizer.with_decoder(self.decoder);
        // After the normalizer: added tokens are looked for in normalised text where they say so.
        tokenizer.add_tokens(self.added_tokens)?;
        Ok(tokenizer)
    }
}

impl Bpe {
    fn build(self, file: &str) -> Result<ModelWrapper, TokenizerError> {
        let prefix = self.continuing_subword_prefix.unwrap_or_default();
        let merges = self.merges.into_iter().map(|Merge(left, right)| (left, right)).collect();
        let merges = checked_merges(file, &self.vocab, merges, prefix.len())?;
        let mut builder = BpeBuilder::new()
            .vocab_and_merges(self.vocab, merges)
            .fuse_unk(self.fuse_unk.unwrap_or_default())
            .byte_fallback(self.byte_fallback.unwrap_or_default())
            .ignore_merges(self.ignore_merges.unwrap_or_default());
        if !prefix.is_empty() {
            builder = builder.continuing_subword_prefix(prefix);
        }
        if let Some(unk_token) = self.unk_token {
            builder = builder.unk_token(unk_token);
        }
        if let Some(suffix) = self.end_of_word_suffix {
            builder = builder.end_of_word_suffix(suffix);
        }
        let refuse =
            |error: tokenizers::Error| TokenizerError::Json { file: file.to_owned(), reason: error.to_string() };
        builder.build().map(ModelWrapper::BPE).map_err(refuse)
    }
}

/// The merges, if both parts of each and what they make are tokens of the vocabulary; `BpeBuilder` panics otherwise.
///
/// `prefix_len`: bytes of the second part that are only a mark of continuation.
pub(super) fn checked_merges(
    file: &str,
    vocab: &Vocab,
    merges: Merges,
    prefix_len: usize,
) -> Result<Merges, TokenizerError> {
    let mut made = String::new();
    for (number, (left, right)) in merges.iter().enumerate() {
        made.clear();
        made.push_str(left);
        made.push_str(right.get(prefix_len..).unwrap_or_default());
        let is_long_enough = right.is_char_boundary(prefix_len);
        let unknown = [left, right, &made].into_iter().find(|token| !vocab.contains_key(*token));
        if let Some(missing) = unknown.or((!is_long_enough).then_some(right)) {
            let (file, missing) = (file.to_owned(), missing.clone());
            let (left, right) = (left.clone(), right.clone());
            return Err(TokenizerError::Merge { file, number, left, right, missing });
        }
    }
    Ok(merges)
}

/// What would panic in a pre-tokenizer.
fn fault_of_pre_tokenizer(pre_tokenizer: &PreTokenizerWrapper) -> Option<String> {
    match pre_tokenizer {
        PreTokenizerWrapper::FixedLength(fixed) if fixed.length == 0 => {
            Some("pre_tokenizer: FixedLength of 0, expected at least 1".to_owned())
        }
        PreTokenizerWrapper::Sequence(sequence) => sequence.as_ref().iter().find_map(fault_of_pre_tokenizer),
        _ => None,
    }
}

/// What would panic in a post-processor: a template that names an unlisted token. The template's fields are private, its
/// JSON is not.
fn fault_of_post_processor(post_processor: &PostProcessorWrapper) -> Option<String> {
    match post_processor {
        PostProcessorWrapper::Sequence(sequence) => sequence.as_ref().iter().find_map(fault_of_post_processor),
        PostProcessorWrapper::Template(template) => {
            let json = serde_json::to_value(template).ok()?;
            let listed = json.get("special_tokens");
            let pieces = ["single", "pair"].iter().filter_map(|key| json.get(key)?.as_array()).flatten();
            pieces.filter_map(|piece| piece.pointer("/SpecialToken/id")?.as_str()).find_map(|id| {
                let length = |key| listed?.get(id)?.get(key)?.as_array().map(Vec::len);
                let is_listed = length("ids").is_some() && length("ids") == length("tokens");
                (!is_listed).then(|| format!("post_processor: special_tokens does not list {}", Value::from(id)))
            })
        }
        _ => None,
    }
}

impl<'de> Deserialize<'de> for Merge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MergeVisitor;

        impl<'de> Visitor<'de> for MergeVisitor {
            type Value = Merge;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a merge: two tokens with one space between, or a list of two tokens")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Merge, E> {
                match text.split_once(' ') {
                    Some((left, right)) if !right.contains(' ') => Ok(Merge(left.to_owned(), right.to_owned())),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Merge, A::Error> {
                let (left, right) = (seq.next_element()?, seq.next_element()?);
                match (left, right, seq.next_element::<String>()?) {
                    (Some(left), Some(right), None) => Ok(Merge(left, right)),
                    _ => Err(A::Error::custom("a merge has two tokens")),
                }
            }
        }

        deserializer.deserialize_any(MergeVisitor)
    }
}

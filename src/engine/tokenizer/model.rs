//! The vocabularies of a tokenizer.json or of the older files, checked.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use tokenizers::models::ModelWrapper;
use tokenizers::models::bpe::{BpeBuilder, Merges, Vocab};
use tokenizers::models::unigram::Unigram;
use tokenizers::models::wordpiece::WordPieceBuilder;

use super::TokenizerError;
use super::limits::{
    MAX_TOKENS, MAX_UNIGRAM_BYTES, MAX_WORD_CHARS, check_id, check_repeated, check_token, n_ids, short,
};

/// A model with one more than its highest id.
pub(super) type Model = (ModelWrapper, usize);

/// A BPE model. Dropout is training's and would make tokens random: left out.
#[derive(Deserialize)]
pub(super) struct Bpe {
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
pub(super) struct Merge(pub String, pub String);

/// A WordPiece model.
#[derive(Deserialize)]
pub(super) struct WordPiece {
    pub unk_token: String,
    pub continuing_subword_prefix: String,
    pub max_input_chars_per_word: u64,
    pub vocab: Vocab,
}

/// A Unigram model.
#[derive(Deserialize)]
pub(super) struct UnigramPieces {
    unk_id: Option<u64>,
    vocab: Vec<(String, f64)>,
    #[serde(default)]
    byte_fallback: bool,
}

impl Bpe {
    /// Byte-level BPE, as a vocab.json and a merges.txt say it.
    pub(super) fn of_files(vocab: Vocab, merges: Vec<Merge>) -> Self {
        Self {
            unk_token: None,
            continuing_subword_prefix: None,
            end_of_word_suffix: None,
            fuse_unk: None,
            byte_fallback: None,
            ignore_merges: None,
            vocab,
            merges,
        }
    }

    pub(super) fn build(self, file: &str) -> Result<Model, TokenizerError> {
        let prefix = self.continuing_subword_prefix.unwrap_or_default();
        check_repeated(file, "continuing_subword_prefix", &prefix)?;
        check_repeated(file, "end_of_word_suffix", self.end_of_word_suffix.as_deref().unwrap_or_default())?;
        check_repeated(file, "unk_token", self.unk_token.as_deref().unwrap_or_default())?;
        let merges = self.merges.into_iter().map(|Merge(left, right)| (left, right)).collect();
        let merges = checked_merges(file, &self.vocab, merges, prefix.len())?;
        let n_vocab = n_ids(file, &self.vocab)?;
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
        builder.build().map(|bpe| (ModelWrapper::BPE(bpe), n_vocab)).map_err(refuse)
    }
}

/// The merges, if what each makes is a token of the vocabulary; `BpeBuilder` may panic otherwise. That both parts are, it
/// checks itself.
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
        if !vocab.contains_key(&made) || !right.is_char_boundary(prefix_len) {
            let (file, left, right, missing) = (file.to_owned(), short(left), short(right), short(&made));
            return Err(TokenizerError::Merge { file, number, left, right, missing });
        }
    }
    Ok(merges)
}

impl WordPiece {
    pub(super) fn build(self, file: &str) -> Result<Model, TokenizerError> {
        let refuse = |reason: String| TokenizerError::Json { file: file.to_owned(), reason };
        check_repeated(file, "continuing_subword_prefix", &self.continuing_subword_prefix)?;
        check_repeated(file, "unk_token", &self.unk_token)?;
        if !self.vocab.contains_key(&self.unk_token) {
            return Err(refuse(format!("model: unk_token \"{}\" is not in the vocabulary", self.unk_token)));
        }
        let n_chars = self.max_input_chars_per_word;
        if n_chars > MAX_WORD_CHARS {
            let reason = "every part of a word is looked up";
            return Err(refuse(format!(
                "model: max_input_chars_per_word is {n_chars}; at most {MAX_WORD_CHARS} are read, since {reason}"
            )));
        }
        let n_vocab = n_ids(file, &self.vocab)?;
        let builder = WordPieceBuilder::new()
            .vocab(self.vocab)
            .unk_token(self.unk_token)
            .continuing_subword_prefix(self.continuing_subword_prefix)
            .max_input_chars_per_word(n_chars as usize);
        let built = builder.build().map_err(|error| refuse(error.to_string()))?;
        Ok((ModelWrapper::WordPiece(built), n_vocab))
    }
}

impl UnigramPieces {
    pub(super) fn build(self, file: &str) -> Result<Model, TokenizerError> {
        let unknown = match self.unk_id {
            Some(id) => Some(check_id(file, "unk_id", id)? as usize),
            None => None,
        };
        unigram(file, self.vocab, unknown, self.byte_fallback)
    }
}

/// A Unigram model of pieces with their scores; `unknown`: the id of what no piece stands for.
pub(super) fn unigram(
    file: &str,
    pieces: Vec<(String, f64)>,
    unknown: Option<usize>,
    byte_fallback: bool,
) -> Result<Model, TokenizerError> {
    let refuse = |reason: String| TokenizerError::Json { file: file.to_owned(), reason };
    let n_bytes: usize = pieces.iter().map(|(piece, _)| piece.len()).sum();
    let n_pieces = pieces.len();
    if n_bytes > MAX_UNIGRAM_BYTES || n_pieces as u64 > MAX_TOKENS {
        return Err(refuse(format!(
            "{n_pieces} pieces of {n_bytes} bytes; at most {MAX_UNIGRAM_BYTES} bytes are read, since each takes a hundred in memory"
        )));
    }
    pieces.iter().try_for_each(|(piece, _)| check_token(file, piece))?;
    let unigram = Unigram::from(pieces, unknown, byte_fallback).map_err(|error| refuse(error.to_string()))?;
    Ok((ModelWrapper::Unigram(unigram), n_pieces))
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

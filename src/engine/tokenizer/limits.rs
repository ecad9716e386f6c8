//! Bounds on what a file of a tokenizer may ask for, each far above what real tokenizers need: a file from elsewhere must not take
//! gigabytes or minutes. They are the same on 32 and 64 bits.

use std::collections::HashMap;
use std::hash::BuildHasher;

use tokenizers::decoders::DecoderWrapper;
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::{Decoder as _, NormalizedString, Normalizer as _};

use super::TokenizerError;

/// One more than the highest id: 16 million, where the largest vocabularies have 300 thousand tokens.
pub(super) const MAX_TOKENS: u64 = 1 << 24;

/// Characters of a piece of SentencePiece's BPE: every way of cutting it in two is tried.
pub(super) const MAX_PIECE_CHARS: usize = 512;

/// Bytes of all halves into which pieces are cut, looked up one by one: half a second's work.
pub(super) const MAX_CUT_BYTES: u64 = 1 << 29;

/// Bytes of all merges that follow from pieces.
pub(super) const MAX_MERGE_BYTES: usize = 1 << 26;

/// Bytes of all pieces of a Unigram model, whose tree has a node for each byte: four times the largest ones'.
pub(super) const MAX_UNIGRAM_BYTES: usize = 1 << 23;

/// Characters of a word of WordPiece: every part of it is looked up.
pub(super) const MAX_WORD_CHARS: u64 = 1_000;

/// Bytes that a normalizer puts in place of a match, or before a text.
pub(super) const MAX_REPLACEMENT: usize = 64;

/// Bytes of one token: a text may hold the token any number of times, by its id or as what is unknown. The longest of published
/// vocabularies, runs of spaces, have some hundred.
pub(super) const MAX_TOKEN_BYTES: usize = 4_096;

/// Steps of a normalizer, a pre-tokenizer, a decoder or a post-processor: each goes over the whole text.
pub(super) const MAX_STEPS: usize = 256;

/// How often a post-processor may put a text beside itself, and how many tokens around it.
pub(super) const MAX_COPIES: usize = 4;
pub(super) const MAX_AROUND: usize = 1_024;

/// How many times longer than a text its normalised form, or its decoded form, may be; short ones may be longer.
const MAX_GROWTH: usize = 32;
const ALWAYS_ALLOWED: usize = 1 << 16;

/// A token for a message, shortened.
pub(super) fn short(token: &str) -> String {
    const N_CHARS: usize = 40;
    let start: String = token.chars().take(N_CHARS).collect();
    if start.len() < token.len() { format!("{start}…") } else { start }
}

/// Refuses a token that is longer than any real one.
pub(super) fn check_token(file: &str, token: &str) -> Result<(), TokenizerError> {
    if token.len() <= MAX_TOKEN_BYTES {
        return Ok(());
    }
    let reason = format!(
        "token \"{}\" has {} bytes; at most {MAX_TOKEN_BYTES} are read, since a text may hold it many times",
        short(token),
        token.len()
    );
    Err(TokenizerError::Json { file: file.to_owned(), reason })
}

/// Refuses a text of a model that is put beside every piece, or in place of every unknown word, where it is longer than any real one.
pub(super) fn check_repeated(file: &str, name: &str, text: &str) -> Result<(), TokenizerError> {
    if text.len() <= MAX_REPLACEMENT {
        return Ok(());
    }
    let n_bytes = text.len();
    let reason = format!("model: {name} has {n_bytes} bytes; at most {MAX_REPLACEMENT} are read, since it is repeated");
    Err(TokenizerError::Json { file: file.to_owned(), reason })
}

/// An id, if a vocabulary can have it.
pub(super) fn check_id(file: &str, token: &str, id: u64) -> Result<u32, TokenizerError> {
    let too_high = || TokenizerError::Json {
        file: file.to_owned(),
        reason: format!("token \"{}\" has id {id}; a vocabulary has at most {MAX_TOKENS} tokens", short(token)),
    };
    u32::try_from(id).ok().filter(|id| u64::from(*id) < MAX_TOKENS).ok_or_else(too_high)
}

/// One more than the highest id of a vocabulary, if all are ids and tokens that a vocabulary can have.
pub(super) fn n_ids<S: BuildHasher>(file: &str, vocab: &HashMap<String, u32, S>) -> Result<usize, TokenizerError> {
    vocab.keys().try_for_each(|token| check_token(file, token))?;
    let Some((token, &highest)) = vocab.iter().max_by_key(|(_, id)| **id) else { return Ok(0) };
    check_id(file, token, u64::from(highest)).map(|id| id as usize + 1)
}

/// Normalises a text step by step, so that no chain of steps can make more of it than memory holds.
pub(super) fn check_growth(normalizer: &NormalizerWrapper, text: &str) -> Result<(), TokenizerError> {
    let NormalizerWrapper::Sequence(sequence) = normalizer else { return Ok(()) };
    let mut normalized = NormalizedString::from(text);
    let most = most_bytes(text.len());
    grow(sequence.as_ref(), &mut normalized, most)
}

fn grow(steps: &[NormalizerWrapper], text: &mut NormalizedString, most: usize) -> Result<(), TokenizerError> {
    for step in steps {
        match step {
            NormalizerWrapper::Sequence(inner) => grow(inner.as_ref(), text, most)?,
            step => step.normalize(text).map_err(super::refused)?,
        }
        if text.get().len() > most {
            return Err(too_long("normalizer", "text", text.get().len(), most));
        }
    }
    Ok(())
}

/// Decodes tokens step by step, for the same reason.
pub(super) fn decode(decoder: &DecoderWrapper, mut tokens: Vec<String>) -> Result<String, TokenizerError> {
    let most = most_bytes(tokens.iter().map(String::len).sum());
    decode_steps(decoder, &mut tokens, most)?;
    Ok(tokens.concat())
}

fn decode_steps(decoder: &DecoderWrapper, tokens: &mut Vec<String>, most: usize) -> Result<(), TokenizerError> {
    if let DecoderWrapper::Sequence(sequence) = decoder {
        return sequence.get_decoders().iter().try_for_each(|step| decode_steps(step, tokens, most));
    }
    *tokens = decoder.decode_chain(std::mem::take(tokens)).map_err(super::refused)?;
    let n_bytes = tokens.iter().map(String::len).sum();
    if n_bytes > most { Err(too_long("decoder", "tokens", n_bytes, most)) } else { Ok(()) }
}

fn most_bytes(n_bytes: usize) -> usize {
    n_bytes.saturating_mul(MAX_GROWTH).max(ALWAYS_ALLOWED)
}

fn too_long(part: &str, owner: &str, n_bytes: usize, most: usize) -> TokenizerError {
    TokenizerError::Encode {
        reason: format!("the {part} of its file makes {n_bytes} bytes of the {owner}, more than {most}"),
    }
}

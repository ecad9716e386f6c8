//! SentencePiece's BPE (`tokenizer.ggml.model` = "llama": Llama 2, Mistral, Phi-3, Gemma).

use serde_json::json;
use tokenizers::decoders::DecoderWrapper;
use tokenizers::models::bpe::{BpeBuilder, Vocab};
use tokenizers::normalizers::NormalizerWrapper;

use super::super::TokenizerError;
use super::super::sentencepiece::merges_by_score;
use super::{TOKEN_TYPE, TOKENS, id, refuse};
use crate::engine::files::gguf::Gguf;

const SCORES: &str = "tokenizer.ggml.scores";
const PREFIX: &str = "tokenizer.ggml.add_space_prefix";
const UNKNOWN: &str = "tokenizer.ggml.unknown_token_id";

/// A tokenizer without its added tokens.
pub(super) fn tokenizer(gguf: &Gguf, tokens: &[String], vocab: Vocab) -> Result<tokenizers::Tokenizer, TokenizerError> {
    let scores = gguf.floats(SCORES)?;
    if scores.len() != tokens.len() {
        let expected = format!("{} numbers, one per token", tokens.len());
        return Err(refuse(gguf, SCORES, &expected, scores.len().to_string()));
    }
    if let Some(index) = scores.iter().position(|score| score.is_nan()) {
        return Err(refuse(gguf, SCORES, "numbers", format!("NaN for token {index}")));
    }
    let unknown = id(gguf, UNKNOWN, tokens)?.unwrap_or(0);
    let Some(unknown) = tokens.get(unknown as usize) else {
        return Err(refuse(gguf, TOKENS, "at least one token", "none".to_owned()));
    };
    let types = gguf.optional(TOKEN_TYPE, Gguf::integers)?.unwrap_or_default();
    // Tokens without a kind are ordinary ones.
    let kind = |index: usize| types.get(index).and_then(|&kind| u64::try_from(kind).ok()).unwrap_or(1);
    let pieces = tokens.iter().zip(&scores).enumerate();
    let pieces = pieces.map(|(index, (token, &score))| (token.as_str(), score, kind(index)));
    let merges = merges_by_score(pieces, &vocab);
    let merges = merges.map_err(|reason| refuse(gguf, TOKENS, "the pieces of a real vocabulary", reason))?;
    let unusable = |error: tokenizers::Error| refuse(gguf, TOKENS, "a usable vocabulary", error.to_string());
    let has_bytes = vocab.contains_key("<0x00>") && vocab.contains_key("<0xFF>");
    let bpe = BpeBuilder::new()
        .vocab_and_merges(vocab, merges)
        .unk_token(unknown.clone())
        .fuse_unk(true)
        .byte_fallback(has_bytes)
        .build()
        .map_err(unusable)?;
    let mut tokenizer = tokenizers::Tokenizer::new(bpe);
    let prefix = gguf.optional(PREFIX, Gguf::bool)?.unwrap_or(true);
    let replace = json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"});
    let normalizers = match prefix {
        true => vec![json!({"type": "Prepend", "prepend": "▁"}), replace],
        false => vec![replace],
    };
    let mut decoders = vec![
        json!({"type": "Replace", "pattern": {"String": "▁"}, "content": " "}),
        json!({"type": "ByteFallback"}),
        json!({"type": "Fuse"}),
    ];
    if prefix {
        decoders.push(json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
    }
    let part = |error: serde_json::Error| refuse(gguf, PREFIX, "a usable tokenizer", error.to_string());
    let normalizer: NormalizerWrapper =
        serde_json::from_value(json!({"type": "Sequence", "normalizers": normalizers})).map_err(part)?;
    let decoder: DecoderWrapper =
        serde_json::from_value(json!({"type": "Sequence", "decoders": decoders})).map_err(part)?;
    tokenizer.with_normalizer(Some(normalizer)).map_err(unusable)?;
    tokenizer.with_decoder(Some(decoder));
    Ok(tokenizer)
}

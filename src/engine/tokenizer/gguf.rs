//! A tokenizer from the metadata of a GGUF file: byte-level BPE (`tokenizer.ggml.model` = "gpt2"), or SentencePiece's BPE
//! ("llama", in [`sentencepiece`]).
//!
//! How text is split before byte-level BPE is named, not given (`tokenizer.ggml.pre`); the table in [`pre`] says what the names
//! mean. The parts are those of the Hugging Face tokenizer that the file was converted from, so that the tokens are the same.

mod pre;
mod sentencepiece;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokenizers::AddedToken;
use tokenizers::decoders::DecoderWrapper;
use tokenizers::models::bpe::{BpeBuilder, Vocab};
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::processors::template::TemplateProcessing;

use self::pre::{Pre, Text};
use super::limits::{MAX_TOKENS, check_token, short};
use super::model::checked_merges;
use super::{Specials, Tokenizer, TokenizerError};
use crate::engine::files::gguf::Gguf;
use crate::trace::TokenForm;

pub(super) use self::pre::QWEN2;

const MODEL: &str = "tokenizer.ggml.model";
const PRE: &str = "tokenizer.ggml.pre";
const TOKENS: &str = "tokenizer.ggml.tokens";
const TOKEN_TYPE: &str = "tokenizer.ggml.token_type";
const MERGES: &str = "tokenizer.ggml.merges";

/// Tokens with a name in Hugging Face's files, and the field that holds the token's id.
const NAMED: [(&str, &str); 7] = [
    ("bos_token", "tokenizer.ggml.bos_token_id"),
    ("eos_token", "tokenizer.ggml.eos_token_id"),
    ("unk_token", "tokenizer.ggml.unknown_token_id"),
    // Spelled so in the files.
    ("sep_token", "tokenizer.ggml.seperator_token_id"),
    ("pad_token", "tokenizer.ggml.padding_token_id"),
    ("cls_token", "tokenizer.ggml.cls_token_id"),
    ("mask_token", "tokenizer.ggml.mask_token_id"),
];

/// The tokens of a file whose tokenizer is not read, and how they are written as far as its kind tells.
pub fn gguf_labels(gguf: &Gguf) -> (Vec<String>, TokenForm) {
    let form = match gguf.optional(MODEL, Gguf::string) {
        Ok(Some("gpt2" | "hybriddna")) => TokenForm::ByteLevel,
        Ok(Some("bert" | "t5" | "plamo2" | "gemma4" | "llama")) => TokenForm::Sentencepiece,
        _ => TokenForm::Plain,
    };
    (gguf.strings(TOKENS).map(<[String]>::to_vec).unwrap_or_default(), form)
}

impl Tokenizer {
    /// Makes a tokenizer from the metadata of a GGUF file.
    pub fn from_gguf(gguf: &Gguf) -> Result<Tokenizer, TokenizerError> {
        let unusable = |error: tokenizers::Error| TokenizerError::Metadata {
            file: gguf.index.file.clone(),
            key: "tokenizer.ggml".to_owned(),
            expected: "a usable tokenizer".to_owned(),
            found: error.to_string(),
        };
        let kind = kind(gguf)?;
        let tokens = gguf.strings(TOKENS)?;
        if tokens.len() as u64 > MAX_TOKENS {
            return Err(refuse(gguf, TOKENS, &format!("at most {MAX_TOKENS} tokens"), tokens.len().to_string()));
        }
        tokens.iter().try_for_each(|token| check_token(&gguf.index.file, token))?;
        let vocab = vocab(gguf, tokens)?;
        // Llama 3's files and SentencePiece's need not say that they begin with BOS.
        let (mut tokenizer, adds_bos_unless_said) = match kind {
            Kind::Bpe(pre) => (bpe(gguf, vocab, pre)?, pre.adds_bos),
            Kind::Pieces => (sentencepiece::tokenizer(gguf, tokens, vocab)?, true),
        };
        tokenizer.add_tokens(added_tokens(gguf, tokens)?).map_err(unusable)?;
        let specials = Specials {
            bos: id(gguf, "tokenizer.ggml.bos_token_id", tokens)?,
            eos: id(gguf, "tokenizer.ggml.eos_token_id", tokens)?,
            mask: id(gguf, "tokenizer.ggml.mask_token_id", tokens)?,
        };
        let template = template(gguf, tokens, specials, adds_bos_unless_said)?;
        tokenizer.with_post_processor(template);
        let mut tokenizer = Tokenizer::new(tokenizer, tokens.len(), specials);
        for (name, key) in NAMED {
            // Some files number a token that they do not have.
            let id = gguf.optional(key, Gguf::u32).ok().flatten();
            let token = id.and_then(|id| tokens.get(id as usize));
            tokenizer.named.extend(token.map(|token| (name, token.clone())));
        }
        Ok(tokenizer)
    }
}

/// What a file's tokenizer is made of.
enum Kind {
    Bpe(&'static Pre),
    /// SentencePiece's BPE.
    Pieces,
}

fn kind(gguf: &Gguf) -> Result<Kind, TokenizerError> {
    let unread = |key: &str, expected: &str, found: &str| TokenizerError::Unread {
        file: gguf.index.file.clone(),
        key: key.to_owned(),
        expected: expected.to_owned(),
        found: format!("\"{}\"", short(found)),
    };
    match gguf.string(MODEL)? {
        "llama" => Ok(Kind::Pieces),
        model @ ("gpt2" | "gemma4") => {
            // Files from before the names existed name nothing: they split as GPT-2 does.
            let of_model = if model == "gemma4" { model } else { "gpt-2" };
            let name = gguf.optional(PRE, Gguf::string)?.filter(|_| model != "gemma4").unwrap_or(of_model);
            let pre = Pre::named(name).ok_or_else(|| unread(PRE, "a name that llama.cpp knows", name))?;
            Ok(Kind::Bpe(pre))
        }
        other => Err(unread(MODEL, "\"gpt2\", byte-level BPE, or \"llama\", SentencePiece's BPE", other)),
    }
}

/// BPE on the parts that a pattern makes of a text.
fn bpe(gguf: &Gguf, vocab: Vocab, pre: &Pre) -> Result<tokenizers::Tokenizer, TokenizerError> {
    let unusable = |error: tokenizers::Error| refuse(gguf, TOKENS, "a usable vocabulary", error.to_string());
    let merges = checked_merges(&gguf.index.file, &vocab, merges(gguf)?, 0)?;
    let bpe = BpeBuilder::new()
        .vocab_and_merges(vocab, merges)
        .ignore_merges(pre.ignores_merges)
        .byte_fallback(pre.text == Text::Pieces);
    let mut tokenizer = tokenizers::Tokenizer::new(bpe.build().map_err(unusable)?);
    let normalizer: Option<NormalizerWrapper> = part(gguf, pre.normalizer())?;
    tokenizer.with_normalizer(normalizer).map_err(unusable)?;
    tokenizer.with_pre_tokenizer(part::<PreTokenizerWrapper>(gguf, pre.pre_tokenizer())?);
    tokenizer.with_decoder(part::<DecoderWrapper>(gguf, pre.decoder())?);
    Ok(tokenizer)
}

fn part<T: DeserializeOwned>(gguf: &Gguf, json: Value) -> Result<Option<T>, TokenizerError> {
    serde_json::from_value(json).map_err(|error| refuse(gguf, PRE, "a usable tokenizer", error.to_string()))
}

fn vocab(gguf: &Gguf, tokens: &[String]) -> Result<Vocab, TokenizerError> {
    // An empty token does not count.
    let there = || tokens.iter().zip(0..).filter(|(token, _)| !token.is_empty());
    let vocab: Vocab = there().map(|(token, id)| (token.clone(), id)).collect();
    if vocab.len() == there().count() && !vocab.is_empty() {
        return Ok(vocab);
    }
    // The later of two equal tokens is in the map: the earlier one is the one whose id differs.
    let twice = there().find(|(token, id)| vocab.get(*token) != Some(id));
    let found = twice.map_or("none".to_owned(), |(token, id)| format!("\"{}\" twice, first as {id}", short(token)));
    Err(refuse(gguf, TOKENS, "different tokens", found))
}

/// "left right": the first space that is not the first character stands between.
fn merges(gguf: &Gguf) -> Result<Vec<(String, String)>, TokenizerError> {
    let parts = |(number, merge): (usize, &String)| {
        let space = merge.char_indices().skip(1).find(|(_, character)| *character == ' ');
        let (at, _) = space.ok_or_else(|| {
            refuse(gguf, MERGES, "two tokens with a space between", format!("\"{}\" (merge {number})", short(merge)))
        })?;
        Ok((merge[..at].to_owned(), merge[at + 1..].to_owned()))
    };
    gguf.strings(MERGES)?.iter().enumerate().map(parts).collect()
}

/// Tokens that are found in a text before it is split: unknown (2) and control (3) tokens are special, those defined by
/// users (4) are not.
fn added_tokens(gguf: &Gguf, tokens: &[String]) -> Result<Vec<AddedToken>, TokenizerError> {
    let Some(types) = gguf.optional(TOKEN_TYPE, Gguf::integers)? else {
        return Ok(Vec::new());
    };
    if types.len() != tokens.len() {
        return Err(refuse(
            gguf,
            TOKEN_TYPE,
            &format!("{} numbers, one per token", tokens.len()),
            types.len().to_string(),
        ));
    }
    let added = tokens.iter().zip(types).filter(|(_, kind)| matches!(kind, 2..=4));
    Ok(added.map(|(token, kind)| AddedToken::from(token.clone(), kind != 4).normalized(false)).collect())
}

fn id(gguf: &Gguf, key: &str, tokens: &[String]) -> Result<Option<u32>, TokenizerError> {
    match gguf.optional(key, Gguf::u32)? {
        Some(id) if id as usize >= tokens.len() => {
            Err(refuse(gguf, key, &format!("an id below {}", tokens.len()), id.to_string()))
        }
        id => Ok(id),
    }
}

/// What is put before and after a text.
fn template(
    gguf: &Gguf,
    tokens: &[String],
    specials: Specials,
    adds_bos_unless_said: bool,
) -> Result<Option<TemplateProcessing>, TokenizerError> {
    let mut single = vec![json!({"Sequence": {"id": "A", "type_id": 0}})];
    let mut listed = serde_json::Map::new();
    let switches = [
        ("tokenizer.ggml.add_bos_token", adds_bos_unless_said, "tokenizer.ggml.bos_token_id", specials.bos),
        ("tokenizer.ggml.add_eos_token", false, "tokenizer.ggml.eos_token_id", specials.eos),
    ];
    for (index, (switch, default, key, id)) in switches.into_iter().enumerate() {
        if !gguf.optional(switch, Gguf::bool)?.unwrap_or(default) {
            continue;
        }
        let Some((id, token)) = id.and_then(|id| Some((id, tokens.get(id as usize)?))) else {
            return Err(refuse(gguf, key, &format!("an id, since {switch} is true"), "none".to_owned()));
        };
        let piece = json!({"SpecialToken": {"id": token, "type_id": 0}});
        single.insert(index * single.len(), piece);
        listed.insert(token.clone(), json!({"id": token, "ids": [id], "tokens": [token]}));
    }
    if listed.is_empty() {
        return Ok(None);
    }
    let pair = [json!({"Sequence": {"id": "A", "type_id": 0}}), json!({"Sequence": {"id": "B", "type_id": 1}})];
    let json = json!({"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": listed});
    let template = serde_json::from_value(json);
    template.map(Some).map_err(|error| refuse(gguf, "tokenizer.ggml.add_bos_token", "a template", error.to_string()))
}

fn refuse(gguf: &Gguf, key: &str, expected: &str, found: String) -> TokenizerError {
    let (file, key, expected) = (gguf.index.file.clone(), key.to_owned(), expected.to_owned());
    TokenizerError::Metadata { file, key, expected, found }
}

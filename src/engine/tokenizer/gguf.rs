//! A tokenizer from the metadata of a GGUF file: byte-level BPE (`tokenizer.ggml.model` = "gpt2"), or SentencePiece's BPE
//! ("llama", in [`sentencepiece`]).
//!
//! How text is split before byte-level BPE is named, not given (`tokenizer.ggml.pre`); the table below says what the names
//! mean. The parts are those of the Hugging Face tokenizer that the file was converted from, so that the tokens are the same.

mod sentencepiece;

use serde_json::json;
use tokenizers::AddedToken;
use tokenizers::models::bpe::{BpeBuilder, Vocab};
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::normalizers::unicode::NFC;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::tokenizer::SplitDelimiterBehavior;

use super::model::checked_merges;
use super::{Specials, Tokenizer, TokenizerError};
use crate::engine::files::gguf::Gguf;

const MODEL: &str = "tokenizer.ggml.model";
const PRE: &str = "tokenizer.ggml.pre";
const TOKENS: &str = "tokenizer.ggml.tokens";
const TOKEN_TYPE: &str = "tokenizer.ggml.token_type";
const MERGES: &str = "tokenizer.ggml.merges";

/// Words, single digits, signs, and spaces; as Qwen 2 splits.
const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Qwen 2's way to split a text, as it stands in a tokenizer.json.
pub(super) fn qwen2_pre_tokenizer() -> serde_json::Value {
    let bytes = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false});
    let split = json!({"type": "Split", "pattern": {"Regex": QWEN2}, "behavior": "Isolated", "invert": false});
    json!({"type": "Sequence", "pretokenizers": [split, bytes]})
}

/// How text is split before BPE.
#[derive(Clone, Copy, PartialEq)]
enum Pre {
    /// By GPT-2's pattern.
    Gpt2,
    /// Each digit alone, then by GPT-2's pattern.
    SmolLm,
    /// Up to three digits together; whole words are looked up before merging.
    Llama3,
    /// As Llama 3, without looking whole words up.
    Dbrx,
    /// Each digit alone; composed characters first (NFC).
    Qwen2,
    /// As Qwen 2, without composing.
    StableLm2,
}

impl Pre {
    /// Names in the file. Files from before the names existed have none, or "default": GPT-2's.
    const NAMES: [(&str, Pre); 17] = [
        ("default", Pre::Gpt2),
        ("gpt-2", Pre::Gpt2),
        ("phi-2", Pre::Gpt2),
        ("mpt", Pre::Gpt2),
        ("olmo", Pre::Gpt2),
        ("smollm", Pre::SmolLm),
        ("starcoder", Pre::SmolLm),
        ("refact", Pre::SmolLm),
        ("command-r", Pre::SmolLm),
        ("llama-bpe", Pre::Llama3),
        ("llama3", Pre::Llama3),
        ("llama-v3", Pre::Llama3),
        ("dbrx", Pre::Dbrx),
        ("smaug-bpe", Pre::Dbrx),
        ("qwen2", Pre::Qwen2),
        ("deepseek-r1-qwen", Pre::Qwen2),
        ("stablelm2", Pre::StableLm2),
    ];

    fn pre_tokenizer(self) -> tokenizers::Result<PreTokenizerWrapper> {
        let by_pattern = |pattern: &str| -> tokenizers::Result<PreTokenizerWrapper> {
            let pattern = SplitPattern::Regex(pattern.to_owned());
            let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false)?;
            let bytes = ByteLevel::new(false, false, false);
            Ok(PreTokenizerWrapper::Sequence(Sequence::new(vec![split.into(), bytes.into()])))
        };
        let gpt2 = ByteLevel::new(false, false, true);
        match self {
            Pre::Gpt2 => Ok(gpt2.into()),
            Pre::SmolLm => {
                Ok(PreTokenizerWrapper::Sequence(Sequence::new(vec![Digits::new(true).into(), gpt2.into()])))
            }
            Pre::Llama3 | Pre::Dbrx => by_pattern(
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            ),
            Pre::Qwen2 | Pre::StableLm2 => by_pattern(QWEN2),
        }
    }
}

impl Tokenizer {
    /// From the metadata of a GGUF file.
    pub fn from_gguf(gguf: &Gguf) -> Result<Tokenizer, TokenizerError> {
        let unusable = |error: tokenizers::Error| TokenizerError::Metadata {
            file: gguf.index.file.clone(),
            key: "tokenizer.ggml".to_owned(),
            expected: "a usable tokenizer".to_owned(),
            found: error.to_string(),
        };
        let tokens = gguf.strings(TOKENS)?;
        let vocab = vocab(gguf, tokens)?;
        // Llama 3's files and SentencePiece's need not say that they begin with BOS.
        let (mut tokenizer, adds_bos_unless_said) = match gguf.string(MODEL)? {
            "gpt2" => bytes(gguf, vocab)?,
            "llama" => (sentencepiece::tokenizer(gguf, tokens, vocab)?, true),
            other => {
                let expected = "\"gpt2\" (byte-level BPE) or \"llama\" (SentencePiece's BPE)";
                return Err(refuse(gguf, MODEL, expected, format!("\"{other}\"")));
            }
        };
        tokenizer.add_tokens(added_tokens(gguf, tokens)?).map_err(unusable)?;
        let specials = Specials {
            bos: id(gguf, "tokenizer.ggml.bos_token_id", tokens)?,
            eos: id(gguf, "tokenizer.ggml.eos_token_id", tokens)?,
            mask: id(gguf, "tokenizer.ggml.mask_token_id", tokens)?,
        };
        let template = template(gguf, tokens, specials, adds_bos_unless_said)?;
        tokenizer.with_post_processor(template);
        Ok(Tokenizer::new(tokenizer, tokens.len(), specials))
    }
}

/// Byte-level BPE, and whether it begins with BOS unless the file says otherwise.
fn bytes(gguf: &Gguf, vocab: Vocab) -> Result<(tokenizers::Tokenizer, bool), TokenizerError> {
    let unusable = |error: tokenizers::Error| refuse(gguf, TOKENS, "a usable vocabulary", error.to_string());
    let name = gguf.optional(PRE, Gguf::string)?.unwrap_or("default");
    let Some((_, pre)) = Pre::NAMES.iter().find(|(known, _)| *known == name) else {
        let known = Pre::NAMES.map(|(known, _)| known).join(", ");
        return Err(refuse(gguf, PRE, &format!("one of {known}"), format!("\"{name}\"")));
    };
    let merges = checked_merges(&gguf.index.file, &vocab, merges(gguf)?, 0)?;
    let bpe = BpeBuilder::new().vocab_and_merges(vocab, merges).ignore_merges(*pre == Pre::Llama3);
    let mut tokenizer = tokenizers::Tokenizer::new(bpe.build().map_err(unusable)?);
    if *pre == Pre::Qwen2 {
        tokenizer.with_normalizer(Some(NormalizerWrapper::NFC(NFC))).map_err(unusable)?;
    }
    tokenizer.with_pre_tokenizer(Some(pre.pre_tokenizer().map_err(unusable)?));
    tokenizer.with_decoder(Some(ByteLevel::new(false, false, false)));
    Ok((tokenizer, *pre == Pre::Llama3))
}

fn vocab(gguf: &Gguf, tokens: &[String]) -> Result<Vocab, TokenizerError> {
    let vocab: Vocab = tokens.iter().zip(0..).map(|(token, id)| (token.clone(), id)).collect();
    if vocab.len() == tokens.len() && !tokens.is_empty() {
        return Ok(vocab);
    }
    // The later of two equal tokens is in the map: the earlier one is the one whose id differs.
    let twice = tokens.iter().zip(0..).find(|(token, id)| vocab.get(*token) != Some(id));
    let found = twice.map_or("none".to_owned(), |(token, id)| format!("\"{token}\" twice, first as {id}"));
    Err(refuse(gguf, TOKENS, "different tokens", found))
}

/// "left right": the first space that is not the first character stands between.
fn merges(gguf: &Gguf) -> Result<Vec<(String, String)>, TokenizerError> {
    let parts = |(number, merge): (usize, &String)| {
        let space = merge.char_indices().skip(1).find(|(_, character)| *character == ' ');
        let (at, _) = space.ok_or_else(|| {
            refuse(gguf, MERGES, "two tokens with a space between", format!("\"{merge}\" (merge {number})"))
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

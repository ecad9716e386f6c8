//! A tokenizer from its older files: vocab.txt (WordPiece), vocab.json with merges.txt (byte-level BPE), or SentencePiece's own
//! (in [`sentencepiece`]).
//!
//! These say what the tokens are, not how text is split nor what is put around it: that follows from the architecture, and
//! from tokenizer_config.json where it is there. The parts are those that Hugging Face's converters make for the same
//! architectures, so that the tokens are the same. Other architectures are refused rather than guessed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use tokenizers::models::bpe::Vocab;

use super::json::File;
use super::model::{Bpe, Merge, WordPiece};
use super::{Tokenizer, TokenizerError, sentencepiece};

/// The older files, as far as they are there, by their bytes.
#[derive(Debug, Default)]
pub struct OlderFiles {
    /// vocab.txt: one token a line.
    pub vocab_txt: Option<Vec<u8>>,
    /// vocab.json: an object from tokens to ids.
    pub vocab_json: Option<Vec<u8>>,
    /// merges.txt: two tokens a line.
    pub merges: Option<Vec<u8>>,
    /// A SentencePiece model, spiece.model or sentencepiece.bpe.model, with its name.
    pub pieces: Option<(String, Vec<u8>)>,
    /// source.spm: SentencePiece's for what a translator reads.
    pub source_pieces: Option<Vec<u8>>,
    /// target.spm: for what it writes.
    pub target_pieces: Option<Vec<u8>>,
    /// tokenizer_config.json.
    pub config: Option<Vec<u8>>,
}

/// The tokenizers of a model.
#[derive(Debug)]
pub struct Tokenizers {
    /// Of its only stack, or of the decoder.
    pub own: Tokenizer,
    /// Of the encoder, where it reads text in another way than the decoder writes it.
    pub source: Option<Tokenizer>,
}

const VOCAB_TXT: &str = "vocab.txt";
const VOCAB_JSON: &str = "vocab.json";
const MERGES: &str = "merges.txt";
const SOURCE: &str = "source.spm";
const TARGET: &str = "target.spm";
const CONFIG: &str = "tokenizer_config.json";

/// What is read of a tokenizer_config.json.
#[derive(Default, Deserialize)]
struct Config {
    do_lower_case: Option<bool>,
    strip_accents: Option<bool>,
    tokenize_chinese_chars: Option<bool>,
    add_prefix_space: Option<bool>,
    #[serde(default)]
    separate_vocabs: bool,
    extra_ids: Option<usize>,
    keep_accents: Option<bool>,
    #[serde(default)]
    added_tokens_decoder: BTreeMap<u32, Value>,
}

/// What surrounds the tokens of a text, and which of them are special.
struct Surroundings {
    post_processor: Value,
    specials: &'static [&'static str],
    /// A special token that takes the space before it: "<mask>".
    takes_space: &'static str,
}

impl OlderFiles {
    /// Whether there is enough for a tokenizer.
    pub fn are_enough(&self) -> bool {
        let is_translator = self.source_pieces.is_some() && self.target_pieces.is_some();
        self.vocab_txt.is_some()
            || self.vocab_json.is_some() && (self.merges.is_some() || is_translator)
            || self.pieces.is_some()
    }

    /// The tokenizers of an architecture, by Hugging Face's `model_type`. `d_vocab`: how many tokens the model has.
    ///
    /// # Errors
    /// When a file is damaged, or the architecture's way with these files is not known.
    pub fn tokenizers(&self, architecture: &str, d_vocab: usize) -> Result<Tokenizers, TokenizerError> {
        let config = match &self.config {
            Some(bytes) => {
                serde_json::from_slice(bytes).map_err(|error| refuse(CONFIG, format!("cannot be read: {error}")))?
            }
            None => Config::default(),
        };
        if let (Some(vocab), Some(source), Some(target)) = (&self.vocab_json, &self.source_pieces, &self.target_pieces)
        {
            if config.separate_vocabs {
                let reason = "separate_vocabs: vocabularies of their own for either side are not read".to_owned();
                return Err(refuse(CONFIG, reason));
            }
            let vocab = sentencepiece::Vocabulary::parse(VOCAB_JSON, vocab)?;
            let own = vocab.tokenizer(TARGET, target)?;
            return Ok(Tokenizers { own, source: Some(vocab.tokenizer(SOURCE, source)?) });
        }
        let tokenizer = match (&self.vocab_txt, &self.vocab_json, &self.merges, &self.pieces) {
            (Some(vocab), ..) => word_piece(architecture, vocab, &config)?,
            (None, Some(vocab), Some(merges), _) => byte_level(architecture, vocab, merges, &config)?,
            (None, _, _, Some((name, pieces))) => {
                let options = sentencepiece::Options {
                    n_extra_ids: config.extra_ids,
                    lowercase: config.do_lower_case,
                    keep_accents: config.keep_accents,
                };
                sentencepiece::tokenizer(name, pieces, architecture, options, d_vocab)?
            }
            _ => return Err(refuse(VOCAB_JSON, format!("{MERGES} is missing beside it"))),
        };
        for (&id, added) in &config.added_tokens_decoder {
            let content = content(added);
            if tokenizer.token_to_id(content) != Some(id) {
                let found = tokenizer.token_to_id(content).map_or("no id".to_owned(), |found| format!("id {found}"));
                return Err(refuse(
                    CONFIG,
                    format!("token \"{content}\" should have id {id}, the vocabulary gives it {found}"),
                ));
            }
        }
        Ok(Tokenizers { own: tokenizer, source: None })
    }
}

/// WordPiece as BERT does it, or as MPNet does, with other special tokens.
fn word_piece(architecture: &str, bytes: &[u8], config: &Config) -> Result<Tokenizer, TokenizerError> {
    let text = str::from_utf8(bytes).map_err(|error| refuse(VOCAB_TXT, error.to_string()))?;
    let vocab: Vocab = text.lines().zip(0..).map(|(token, id)| (token.to_owned(), id)).collect();
    let (cls, sep, surroundings) = match architecture {
        "bert" | "distilbert" | "electra" => {
            ("[CLS]", "[SEP]", bert(vocab.get("[CLS]").copied(), vocab.get("[SEP]").copied()))
        }
        "mpnet" => ("<s>", "</s>", roberta(&["<s>", "<pad>", "</s>", "[UNK]", "<mask>"], &vocab, false)),
        other => return Err(unknown(VOCAB_TXT, other, "bert, distilbert, electra, mpnet")),
    };
    if let Some(missing) = [cls, sep].into_iter().find(|token| !vocab.contains_key(*token)) {
        return Err(refuse(VOCAB_TXT, format!("{missing} is missing, which {architecture} puts around a text")));
    }
    // An uncased vocabulary has no capital letter but in its special tokens.
    let is_special = |token: &str| token.starts_with(['[', '<']);
    let is_cased = || vocab.keys().any(|token| !is_special(token) && token.chars().any(char::is_uppercase));
    let lowercase = config.do_lower_case.unwrap_or_else(|| !is_cased());
    let file = File {
        added_tokens: added_tokens(VOCAB_TXT, &vocab, &surroundings, config)?,
        normalizer: json!({
            "type": "BertNormalizer", "clean_text": true, "lowercase": lowercase, "strip_accents": config.strip_accents,
            "handle_chinese_chars": config.tokenize_chinese_chars.unwrap_or(true),
        }),
        pre_tokenizer: json!({"type": "BertPreTokenizer"}),
        post_processor: surroundings.post_processor,
        decoder: json!({"type": "WordPiece", "prefix": "##", "cleanup": true}),
        model: WordPiece {
            unk_token: "[UNK]".to_owned(),
            continuing_subword_prefix: "##".to_owned(),
            max_input_chars_per_word: 100,
            vocab,
        },
    };
    file.assemble(VOCAB_TXT, |word_piece| word_piece.build(VOCAB_TXT))
}

/// BPE on bytes as GPT-2 does it, with what later architectures put around a text.
fn byte_level(architecture: &str, vocab: &[u8], merges: &[u8], config: &Config) -> Result<Tokenizer, TokenizerError> {
    let vocab: Vocab =
        serde_json::from_slice(vocab).map_err(|error| refuse(VOCAB_JSON, format!("cannot be read: {error}")))?;
    let add_prefix_space = config.add_prefix_space.unwrap_or(false);
    let bytes =
        json!({"type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": false, "use_regex": true});
    let (surroundings, normalizer, pre_tokenizer) = match architecture {
        "gpt2" | "gpt_neo" | "gptj" | "gpt_neox" => (plain(&["<|endoftext|>"]), Value::Null, bytes),
        "opt" => (opt(&vocab), Value::Null, bytes),
        "roberta" | "bart" => {
            let specials = &["<s>", "<pad>", "</s>", "<unk>", "<mask>"];
            (roberta(specials, &vocab, add_prefix_space), Value::Null, bytes)
        }
        "qwen2" | "qwen3" => {
            let specials = &["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
            (plain(specials), json!({"type": "NFC"}), super::gguf::qwen2_pre_tokenizer())
        }
        other => {
            return Err(unknown(VOCAB_JSON, other, "bart, gpt2, gpt_neo, gpt_neox, gptj, opt, qwen2, qwen3, roberta"));
        }
    };
    let file = File {
        added_tokens: added_tokens(VOCAB_JSON, &vocab, &surroundings, config)?,
        normalizer,
        pre_tokenizer,
        post_processor: surroundings.post_processor,
        decoder: json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}),
        model: Bpe::of_files(vocab, self::merges(merges)?),
    };
    file.assemble(VOCAB_JSON, |bpe| bpe.build(MERGES))
}

/// Lines of two tokens with a space between; the first may say a version.
fn merges(bytes: &[u8]) -> Result<Vec<Merge>, TokenizerError> {
    let text = str::from_utf8(bytes).map_err(|error| refuse(MERGES, error.to_string()))?;
    let lines = text
        .lines()
        .enumerate()
        .filter(|(number, line)| !(line.is_empty() || *number == 0 && line.starts_with("#version")));
    let merge = |(number, line): (usize, &str)| match line.split_once(' ') {
        Some((left, right)) if !(left.is_empty() || right.is_empty() || right.contains(' ')) => {
            Ok(Merge(left.to_owned(), right.to_owned()))
        }
        _ => {
            let start: String = line.chars().take(40).collect();
            Err(refuse(MERGES, format!("line {} is \"{start}\", expected two tokens with a space between", number + 1)))
        }
    };
    lines.map(merge).collect()
}

/// Nothing around a text.
fn plain(specials: &'static [&'static str]) -> Surroundings {
    let post_processor =
        json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true});
    Surroundings { post_processor, specials, takes_space: "" }
}

/// [CLS] A [SEP], [CLS] A [SEP] B [SEP].
fn bert(cls: Option<u32>, sep: Option<u32>) -> Surroundings {
    Surroundings {
        post_processor: json!({
            "type": "BertProcessing", "cls": ["[CLS]", cls.unwrap_or_default()], "sep": ["[SEP]", sep.unwrap_or_default()],
        }),
        specials: &["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
        takes_space: "",
    }
}

/// <s> A </s>, <s> A </s></s> B </s>.
fn roberta(specials: &'static [&'static str], vocab: &Vocab, add_prefix_space: bool) -> Surroundings {
    let id = |token: &str| vocab.get(token).copied().unwrap_or_default();
    Surroundings {
        post_processor: json!({
            "type": "RobertaProcessing", "cls": ["<s>", id("<s>")], "sep": ["</s>", id("</s>")],
            "trim_offsets": true, "add_prefix_space": add_prefix_space,
        }),
        specials,
        takes_space: "<mask>",
    }
}

/// </s> A: OPT begins a text with the token that ends one.
fn opt(vocab: &Vocab) -> Surroundings {
    let id = vocab.get("</s>").copied().unwrap_or_default();
    let begin = json!({"SpecialToken": {"id": "</s>", "type_id": 0}});
    let text = |name: &str, type_id: u32| json!({"Sequence": {"id": name, "type_id": type_id}});
    Surroundings {
        post_processor: json!({
            "type": "TemplateProcessing", "single": [begin, text("A", 0)], "pair": [begin, text("A", 0), text("B", 1)],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [id], "tokens": ["</s>"]}},
        }),
        specials: &["<s>", "<pad>", "</s>", "<unk>"],
        takes_space: "",
    }
}

/// Tokens that are found before a text is split: those that the configuration lists, else the usual ones that are in the
/// vocabulary.
fn added_tokens(
    file: &str,
    vocab: &Vocab,
    surroundings: &Surroundings,
    config: &Config,
) -> Result<Vec<tokenizers::AddedToken>, TokenizerError> {
    let listed: Vec<Value> = if config.added_tokens_decoder.is_empty() {
        let here = surroundings.specials.iter().filter(|token| vocab.contains_key(**token));
        let token = |token: &&str| {
            let takes_space = *token == surroundings.takes_space;
            json!({"content": token, "single_word": false, "lstrip": takes_space, "rstrip": false, "normalized": false, "special": true})
        };
        here.map(token).collect()
    } else {
        config.added_tokens_decoder.values().cloned().collect()
    };
    let read =
        |token: Value| serde_json::from_value(token).map_err(|error| refuse(file, format!("an added token: {error}")));
    listed.into_iter().map(read).collect()
}

fn content(added: &Value) -> &str {
    added.get("content").and_then(Value::as_str).unwrap_or_default()
}

fn refuse(file: &str, reason: String) -> TokenizerError {
    TokenizerError::Json { file: file.to_owned(), reason }
}

fn unknown(file: &str, architecture: &str, known: &str) -> TokenizerError {
    refuse(file, format!("a tokenizer.json is needed for {architecture}: this file alone is read for {known}"))
}

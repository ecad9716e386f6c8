//! The files of a tokenizer in a folder, and the tokenizer that they make: a tokenizer.json, or the older files vocab.txt (WordPiece),
//! vocab.json with merges.txt (byte-level BPE) or SentencePiece's own (in [`sentencepiece`](super::sentencepiece)).
//!
//! The older files say what the tokens are, not how text is split nor what is put around it: that follows from the tokenizer's class
//! (in [`class`](super::class)) and from tokenizer_config.json. Other classes are refused rather than guessed.

use tokenizers::Model as _;
use tokenizers::models::bpe::Vocab;

use super::assemble::{added_tokens, assemble};
use super::class::{Class, ModelKind, Parts};
use super::limits::short;
use super::model::{Bpe, Merge, WordPiece};
use super::settings::{ADDED_TOKENS, CONFIG, Files, Role, SPECIAL_TOKENS_MAP, Settings};
use super::{Tokenizer, TokenizerError, json, sentencepiece};

/// The files of a tokenizer, as far as they are there, by their bytes.
#[derive(Debug, Default)]
pub struct TokenizerFiles {
    /// tokenizer.json, which goes before the vocabularies of all others.
    pub tokenizer_json: Option<Vec<u8>>,
    /// vocab.txt: one token a line.
    pub vocab_txt: Option<Vec<u8>>,
    /// vocab.json: an object from tokens to ids.
    pub vocab_json: Option<Vec<u8>>,
    /// merges.txt: two tokens a line.
    pub merges: Option<Vec<u8>>,
    /// A SentencePiece model, spiece.model, sentencepiece.bpe.model, tokenizer.model or spm.model, with its name.
    pub pieces: Option<(String, Vec<u8>)>,
    /// source.spm: SentencePiece's for what a translator reads.
    pub source_pieces: Option<Vec<u8>>,
    /// target.spm: for what it writes.
    pub target_pieces: Option<Vec<u8>>,
    /// tokenizer_config.json.
    pub config: Option<Vec<u8>>,
    /// special_tokens_map.json.
    pub special_tokens_map: Option<Vec<u8>>,
    /// added_tokens.json.
    pub added_tokens: Option<Vec<u8>>,
}

/// The tokenizers of a model.
#[derive(Debug)]
pub struct Tokenizers {
    /// The tokenizer of the only stack, or of the decoder.
    pub own: Tokenizer,
    /// The encoder's tokenizer, where it reads text in another way than the decoder writes it.
    pub source: Option<Tokenizer>,
}

const TOKENIZER: &str = "tokenizer.json";
const VOCAB_TXT: &str = "vocab.txt";
const VOCAB_JSON: &str = "vocab.json";
const MERGES: &str = "merges.txt";
const PIECES: [&str; 4] = ["spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "spm.model"];
const SOURCE: &str = "source.spm";
const TARGET: &str = "target.spm";

impl TokenizerFiles {
    /// Names of all files that are read. Those after the first stand in for it, or say more about it.
    pub const NAMES: [&str; 13] = [
        TOKENIZER,
        VOCAB_TXT,
        VOCAB_JSON,
        MERGES,
        PIECES[0],
        PIECES[1],
        PIECES[2],
        PIECES[3],
        SOURCE,
        TARGET,
        CONFIG,
        SPECIAL_TOKENS_MAP,
        ADDED_TOKENS,
    ];

    /// Takes a file by its name; false where a tokenizer has no such file.
    pub fn take(&mut self, name: &str, bytes: &[u8]) -> bool {
        let place = match name {
            TOKENIZER => &mut self.tokenizer_json,
            VOCAB_TXT => &mut self.vocab_txt,
            VOCAB_JSON => &mut self.vocab_json,
            MERGES => &mut self.merges,
            SOURCE => &mut self.source_pieces,
            TARGET => &mut self.target_pieces,
            CONFIG => &mut self.config,
            SPECIAL_TOKENS_MAP => &mut self.special_tokens_map,
            ADDED_TOKENS => &mut self.added_tokens,
            pieces if PIECES.contains(&pieces) => {
                // The first of the names goes before the others.
                let rank = |name: &str| PIECES.iter().position(|known| *known == name);
                if self.pieces.as_ref().is_none_or(|(there, _)| rank(pieces) < rank(there)) {
                    self.pieces = Some((pieces.to_owned(), bytes.to_vec()));
                }
                return true;
            }
            _ => return false,
        };
        *place = Some(bytes.to_vec());
        true
    }

    /// Whether there is enough for a tokenizer.
    pub fn are_enough(&self) -> bool {
        let is_translator = self.source_pieces.is_some() && self.target_pieces.is_some();
        self.tokenizer_json.is_some()
            || self.vocab_txt.is_some()
            || self.vocab_json.is_some() && (self.merges.is_some() || is_translator)
            || self.pieces.is_some()
    }

    fn beside(&self) -> Files<'_> {
        Files {
            config: self.config.as_deref(),
            special_tokens_map: self.special_tokens_map.as_deref(),
            added_tokens: self.added_tokens.as_deref(),
        }
    }

    /// The tokenizers of a model, by Hugging Face's `model_type`. `d_vocab`: how many tokens the model has.
    ///
    /// # Errors
    /// When a file is damaged, or the way to use these files is not known.
    pub fn tokenizers(&self, model_type: &str, d_vocab: usize) -> Result<Tokenizers, TokenizerError> {
        if let Some(bytes) = &self.tokenizer_json {
            let own = json::read(TOKENIZER, bytes, self.beside(), model_type)?;
            return Ok(Tokenizers { own, source: None });
        }
        let settings = Settings::read(self.beside(), &[])?;
        if let (Some(vocab), Some(source), Some(target)) = (&self.vocab_json, &self.source_pieces, &self.target_pieces)
        {
            if settings.separate_vocabs {
                let reason = "separate_vocabs: vocabularies of their own for either side are not read".to_owned();
                return Err(refuse(CONFIG, reason));
            }
            let vocab = sentencepiece::Vocabulary::parse(VOCAB_JSON, vocab)?;
            let own = vocab.tokenizer(TARGET, target)?;
            return Ok(Tokenizers { own, source: Some(vocab.tokenizer(SOURCE, source)?) });
        }
        let own = match (&self.vocab_txt, &self.vocab_json, &self.merges, &self.pieces) {
            (Some(vocab), ..) => word_piece(model_type, vocab, settings)?,
            (None, Some(vocab), Some(merges), _) => byte_level(model_type, vocab, merges, &settings)?,
            (None, _, _, Some((name, pieces))) => {
                sentencepiece::tokenizer(name, pieces, model_type, &settings, d_vocab)?
            }
            _ => return Err(refuse(VOCAB_JSON, format!("{MERGES} is missing beside it"))),
        };
        Ok(Tokenizers { own, source: None })
    }
}

/// The class that reads older files of a kind.
fn class(
    file: &str,
    model_type: &str,
    settings: &Settings,
    kind: ModelKind,
    known: &str,
) -> Result<Class, TokenizerError> {
    let class = match settings.class.as_deref() {
        Some("PreTrainedTokenizer" | "TokenizersBackend") => Class::registered(model_type),
        _ => Class::of(settings, model_type, false),
    };
    class.filter(|class| class.model_kind() == kind).ok_or_else(|| {
        let class = settings.class.as_ref().map(|class| format!(" with {class}")).unwrap_or_default();
        let reason = format!("a tokenizer.json is needed for {model_type}{class}: this file alone is read for {known}");
        refuse(file, reason)
    })
}

/// WordPiece as BERT does it, or as MPNet does, with other special tokens.
fn word_piece(model_type: &str, bytes: &[u8], mut settings: Settings) -> Result<Tokenizer, TokenizerError> {
    let text = str::from_utf8(bytes).map_err(|error| refuse(VOCAB_TXT, error.to_string()))?;
    let vocab: Vocab = text.lines().zip(0..).map(|(token, id)| (token.to_owned(), id)).collect();
    let known = "bert, distilbert, electra, esm, mpnet";
    let class = class(VOCAB_TXT, model_type, &settings, ModelKind::WordPiece, known)?;
    let name = |role| settings.named(role, class.default_token(role)).map(|token| token.content);
    for token in [name(Role::Cls), name(Role::Sep)].into_iter().flatten() {
        let is_added = settings.added.values().any(|added| added.content == token);
        if !is_added && !vocab.contains_key(&token) {
            return Err(refuse(VOCAB_TXT, format!("{token} is missing, which {model_type} puts around a text")));
        }
    }
    let unk_token = name(Role::Unk).unwrap_or_default();
    if !settings.has_config {
        // An uncased vocabulary has no capital letter but in its special tokens.
        let is_special = |token: &str| token.starts_with(['[', '<']);
        let is_cased = vocab.keys().any(|token| !is_special(token) && token.chars().any(char::is_uppercase));
        settings.do_lower_case = Some(!is_cased);
    }
    let residues = (class == Class::Esm).then(|| residues(&vocab));
    let model =
        WordPiece { unk_token, continuing_subword_prefix: "##".to_owned(), max_input_chars_per_word: 100, vocab };
    let mut parts = class.parts(&settings, None);
    if let Some(residues) = residues {
        parts.pre_tokenizer = residues;
    }
    finish(VOCAB_TXT, model.build(VOCAB_TXT)?, (class, parts), &settings)
}

/// Splits a protein into the tokens of the vocabulary, longest first, wherever they stand.
fn residues(vocab: &Vocab) -> serde_json::Value {
    let mut tokens: Vec<&String> = vocab.keys().collect();
    tokens.sort_unstable_by_key(|token| (std::cmp::Reverse(token.len()), token.as_str()));
    let escaped = |token: &&String| token.chars().map(|one| format!("\\x{{{:x}}}", u32::from(one))).collect::<String>();
    let pattern = tokens.iter().map(escaped).collect::<Vec<_>>().join("|");
    serde_json::json!({"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false}, {"type": "WhitespaceSplit"},
    ]})
}

/// BPE on bytes as GPT-2 does it, with what later classes put around a text.
fn byte_level(model_type: &str, vocab: &[u8], merges: &[u8], settings: &Settings) -> Result<Tokenizer, TokenizerError> {
    let vocab: Vocab =
        serde_json::from_slice(vocab).map_err(|error| refuse(VOCAB_JSON, format!("cannot be read: {error}")))?;
    let known = "bart, gpt2, gpt_neo, gpt_neox, gptj, opt, qwen2, qwen3, roberta";
    let class = class(VOCAB_JSON, model_type, settings, ModelKind::Bpe, known)?;
    if matches!(class, Class::Llama | Class::Gemma) {
        return Err(refuse(VOCAB_JSON, format!("a tokenizer.json is needed for {model_type}: this file is of bytes")));
    }
    finish(
        VOCAB_JSON,
        Bpe::of_files(vocab, self::merges(merges)?).build(MERGES)?,
        (class, class.parts(settings, None)),
        settings,
    )
}

fn finish(
    file: &str,
    model: super::model::Model,
    (class, parts): (Class, Parts),
    settings: &Settings,
) -> Result<Tokenizer, TokenizerError> {
    let added = added_tokens(settings, Some(class), Vec::new(), &settings.extra);
    let tokenizer = assemble(file, model, parts, added)?.with_roles(settings, Some(class));
    check_listed_ids(settings, &tokenizer)?;
    Ok(tokenizer)
}

/// Refuses a list of added tokens that gives a token of the vocabulary another id: one of both is wrong. Tokens beyond the vocabulary
/// are numbered in their order, whatever ids are listed, as transformers numbers them.
pub(super) fn check_listed_ids(settings: &Settings, tokenizer: &Tokenizer) -> Result<(), TokenizerError> {
    for (&id, token) in settings.added.iter().filter(|_| settings.lists_added) {
        let content = token.content.as_str();
        if let Some(found) = tokenizer.inner.get_model().token_to_id(content).filter(|found| *found != id) {
            let content = short(content);
            let reason = format!("token \"{content}\" should have id {id}, the vocabulary gives it id {found}");
            return Err(refuse(CONFIG, reason));
        }
    }
    Ok(())
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

fn refuse(file: &str, reason: String) -> TokenizerError {
    TokenizerError::Json { file: file.to_owned(), reason }
}

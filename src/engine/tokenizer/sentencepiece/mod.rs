//! A tokenizer from SentencePiece's own model files: spiece.model, sentencepiece.bpe.model, or the two of a translator
//! ([`translator`]), for folders without a tokenizer.json.
//!
//! The file says how text is split; which ids the pieces have and what is put around a text follows from the architecture. The
//! parts are those that Hugging Face's converters make, so that the tokens are the same. Other architectures are refused.

mod bpe;
mod file;
mod translator;

use serde_json::{Value, json};
use tokenizers::AddedToken;
use tokenizers::models::ModelWrapper;
use tokenizers::models::bpe::{BpeBuilder, Vocab};
use tokenizers::models::unigram::Unigram;

use self::file::{CONTROL, Method, Piece, SpmFile, USER_DEFINED};
use super::json::File;
use super::model::{Model, checked_merges};
use super::{Tokenizer, TokenizerError, charsmap};

pub(super) use bpe::merges;
pub(super) use translator::{Names, Vocabulary};

/// What a tokenizer_config.json says beside the model file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    /// T5's tokens for gaps, after all others.
    pub n_extra_ids: Option<usize>,
    /// ALBERT's.
    pub lowercase: Option<bool>,
    /// ALBERT's.
    pub keep_accents: Option<bool>,
}

/// An architecture's way with a model file.
struct Way {
    /// The pieces by the model's ids.
    pieces: Vec<(String, f64)>,
    /// Id of what no piece stands for.
    unknown: usize,
    /// Special tokens; those that are no pieces follow them.
    specials: Vec<String>,
    /// A special token that takes the space before it.
    takes_space: &'static str,
    /// What is put around one text and around two: special tokens, and A and B with a segment each.
    around: [&'static str; 2],
    /// What happens to a text before the file's own character map.
    before: Vec<Value>,
}

/// The tokenizer of an architecture, by Hugging Face's `model_type`. `d_vocab`: how many tokens the model has.
pub(super) fn tokenizer(
    name: &str,
    bytes: &[u8],
    architecture: &str,
    options: Options,
    d_vocab: usize,
) -> Result<Tokenizer, TokenizerError> {
    let spm = SpmFile::parse(name, bytes)?;
    let way = match architecture {
        "t5" | "mt5" => t5(&spm, options, d_vocab),
        "albert" => albert(&spm, options),
        "xlm-roberta" => fairseq(&spm, &["<s>", "<pad>", "</s>", "<unk>"], 3),
        "camembert" => fairseq(&spm, &["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED"], 1),
        other => {
            let reason = format!(
                "a tokenizer.json is needed for {other}: this file alone is read for albert, camembert, mt5, t5, xlm-roberta"
            );
            return Err(refuse(name, reason));
        }
    };
    assemble(name, &spm, way)
}

/// A </s>, A </s> B </s>.
fn t5(spm: &SpmFile, options: Options, d_vocab: usize) -> Way {
    let n_extra = options.n_extra_ids.unwrap_or(100);
    // A vocabulary without room for them has none.
    let n_extra = if spm.pieces.len() + n_extra <= d_vocab { n_extra } else { 0 };
    let specials = ["<pad>", "</s>", "<unk>"].map(str::to_owned).into_iter();
    Way {
        pieces: as_they_are(spm),
        unknown: spm.unknown,
        specials: specials.chain((0..n_extra).rev().map(|number| format!("<extra_id_{number}>"))).collect(),
        takes_space: "",
        around: ["A:0 </s>:0", "A:0 </s>:0 B:0 </s>:0"],
        before: Vec::new(),
    }
}

/// [CLS] A [SEP], [CLS] A [SEP] B [SEP].
fn albert(spm: &SpmFile, options: Options) -> Way {
    let quote = |pattern: &str| json!({"type": "Replace", "pattern": {"String": pattern}, "content": "\""});
    let mut before = vec![quote("``"), quote("''")];
    if !options.keep_accents.unwrap_or(false) {
        before.extend([json!({"type": "NFKD"}), json!({"type": "StripAccents"})]);
    }
    if options.lowercase.unwrap_or(true) {
        before.push(json!({"type": "Lowercase"}));
    }
    // A comma after a digit stands alone: pieces that hold both are as good as never taken.
    let is_number_with_comma = |piece: &Piece| {
        let before_comma = piece.text.strip_suffix(',').and_then(|number| number.chars().next_back());
        before_comma.is_some_and(|character| character.is_ascii_digit())
    };
    let score = |piece: &Piece| f64::from(piece.score) - if is_number_with_comma(piece) { 100.0 } else { 0.0 };
    Way {
        pieces: spm.pieces.iter().map(|piece| (piece.text.clone(), score(piece))).collect(),
        unknown: spm.unknown,
        specials: ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"].map(str::to_owned).to_vec(),
        takes_space: "[MASK]",
        around: ["[CLS]:0 A:0 [SEP]:0", "[CLS]:0 A:0 [SEP]:0 B:1 [SEP]:1"],
        before,
    }
}

/// <s> A </s>, <s> A </s></s> B </s>: `first` are in the place of the file's own first `n_left_out`.
fn fairseq(spm: &SpmFile, first: &[&str], n_left_out: usize) -> Way {
    let own = spm.pieces.iter().skip(n_left_out).map(|piece| (piece.text.clone(), f64::from(piece.score)));
    let unused = |name: &str| if name == "<unk>NOTUSED" { -100.0 } else { 0.0 };
    let first = first.iter().map(|name| ((*name).to_owned(), unused(name)));
    Way {
        pieces: first.chain(own).chain([("<mask>".to_owned(), 0.0)]).collect(),
        unknown: 3,
        specials: ["<s>", "<pad>", "</s>", "<unk>", "<mask>"].map(str::to_owned).to_vec(),
        takes_space: "<mask>",
        around: ["<s>:0 A:0 </s>:0", "<s>:0 A:0 </s>:0 </s>:0 B:0 </s>:0"],
        before: Vec::new(),
    }
}

fn as_they_are(spm: &SpmFile) -> Vec<(String, f64)> {
    spm.pieces.iter().map(|piece| (piece.text.clone(), f64::from(piece.score))).collect()
}

fn assemble(name: &str, spm: &SpmFile, way: Way) -> Result<Tokenizer, TokenizerError> {
    let normalizer = normalizer(name, spm, way.before)?;
    let scheme = if spm.adds_prefix { "always" } else { "never" };
    let metaspace = json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": true});
    let kinds = |kind: u64| spm.pieces.iter().filter(move |piece| piece.kind == kind).map(|piece| piece.text.clone());
    let mut specials = way.specials;
    for control in kinds(CONTROL) {
        if !specials.contains(&control) && way.pieces.iter().any(|(piece, _)| *piece == control) {
            specials.push(control);
        }
    }
    let id_of = |token: &str| {
        let piece = way.pieces.iter().position(|(piece, _)| piece == token);
        // Those that are no pieces come after them, in their order.
        let added = || specials.iter().filter(|special| way.pieces.iter().all(|(piece, _)| piece != *special));
        piece.or_else(|| added().position(|special| special == token).map(|at| way.pieces.len() + at))
    };
    let post_processor = template(way.around, id_of);
    let special =
        |token: &String| AddedToken::from(token.clone(), true).lstrip(token == way.takes_space).normalized(false);
    let defined = kinds(USER_DEFINED).map(|token| AddedToken::from(token, false).normalized(false));
    let file = File {
        added_tokens: specials.iter().map(special).chain(defined).collect(),
        normalizer,
        pre_tokenizer: metaspace.clone(),
        post_processor,
        decoder: metaspace,
        model: (),
    };
    file.assemble(name, |()| build(name, spm, way.pieces, way.unknown))
}

/// What comes before, then the file's map, then its way with spaces.
fn normalizer(name: &str, spm: &SpmFile, mut parts: Vec<Value>) -> Result<Value, TokenizerError> {
    if let Some(fault) = charsmap::fault(&spm.charsmap) {
        return Err(refuse(name, fault));
    }
    if !spm.charsmap.is_empty() {
        parts.push(json!({"type": "Precompiled", "precompiled_charsmap": charsmap::base64(&spm.charsmap)}));
    }
    if spm.collapses_spaces {
        parts.push(json!({"type": "Strip", "strip_left": true, "strip_right": true}));
        parts.push(json!({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}));
    }
    Ok(json!({"type": "Sequence", "normalizers": parts}))
}

fn build(name: &str, spm: &SpmFile, pieces: Vec<(String, f64)>, unknown: usize) -> Result<Model, TokenizerError> {
    let refuse = |error: tokenizers::Error| refuse(name, error.to_string());
    let n_pieces = pieces.len();
    match spm.method {
        Method::Unigram => {
            let unigram = Unigram::from(pieces, Some(unknown), spm.byte_fallback).map_err(refuse)?;
            Ok((ModelWrapper::Unigram(unigram), n_pieces))
        }
        Method::Bpe => {
            let vocab: Vocab = pieces.iter().zip(0..).map(|((piece, _), id)| (piece.clone(), id)).collect();
            let own = spm.pieces.iter().map(|piece| (piece.text.as_str(), piece.score, piece.kind));
            let merges = checked_merges(name, &vocab, merges(own, &vocab), 0)?;
            let bpe = BpeBuilder::new()
                .unk_token(pieces[unknown].0.clone())
                .fuse_unk(true)
                .byte_fallback(spm.byte_fallback)
                .vocab_and_merges(vocab, merges);
            Ok((ModelWrapper::BPE(bpe.build().map_err(refuse)?), n_pieces))
        }
    }
}

/// A post-processor from words like "[CLS]:0" and "A:0". Tokens that the model does not have are left out.
fn template(around: [&str; 2], id_of: impl Fn(&str) -> Option<usize>) -> Value {
    let mut listed = serde_json::Map::new();
    let [single, pair] = around.map(|words| {
        let piece = |word: &str| {
            let (token, type_id) = word.rsplit_once(':')?;
            let type_id: u32 = type_id.parse().ok()?;
            if matches!(token, "A" | "B") {
                return Some(json!({"Sequence": {"id": token, "type_id": type_id}}));
            }
            listed.insert(token.to_owned(), json!({"id": token, "ids": [id_of(token)?], "tokens": [token]}));
            Some(json!({"SpecialToken": {"id": token, "type_id": type_id}}))
        };
        words.split_whitespace().filter_map(piece).collect::<Vec<Value>>()
    });
    json!({"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": listed})
}

fn refuse(file: &str, reason: String) -> TokenizerError {
    TokenizerError::Json { file: file.to_owned(), reason }
}

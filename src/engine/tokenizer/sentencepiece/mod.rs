//! A tokenizer from SentencePiece's own model files: spiece.model, sentencepiece.bpe.model, tokenizer.model, spm.model, or the
//! two of a translator ([`translator`]), for folders without a tokenizer.json.
//!
//! The file says how text is split; which ids the pieces have and what is put around a text follows from the architecture. The
//! parts are those that Hugging Face's converters make, so that the tokens are the same. Other architectures are refused.

mod bpe;
mod file;
mod llama;
mod translator;

use std::collections::HashSet;

use serde_json::{Value, json};
use tokenizers::AddedToken;
use tokenizers::models::ModelWrapper;
use tokenizers::models::bpe::{BpeBuilder, Vocab};

use self::file::{CONTROL, Method, Piece, SpmFile, USER_DEFINED};
use super::assemble::{added_tokens, assemble};
use super::class::{self, Around, Class, Parts};
use super::files::check_listed_ids;
use super::model::{Model, checked_merges, unigram};
use super::settings::Settings;
use super::{Tokenizer, TokenizerError, charsmap};

pub(super) use bpe::merges_by_score;
pub(super) use translator::{Names, Vocabulary};

/// An architecture's way with a model file.
struct Way {
    /// The pieces by the model's ids.
    pieces: Vec<(String, f64)>,
    /// Id of what no piece stands for.
    unknown: usize,
    /// Special tokens; those outside the pieces follow them.
    specials: Vec<String>,
    /// A special token that takes the space before it.
    takes_space: &'static str,
    /// What is put around one text and around two: words such as "[CLS]:0" and "A:0", a token or a text with its segment.
    around: [&'static str; 2],
    /// What happens to a text before the file's own character map.
    before: Vec<Value>,
}

/// The tokenizer of an architecture, by Hugging Face's `model_type`. `d_vocab`: how many tokens the model has.
pub(super) fn tokenizer(
    name: &str,
    bytes: &[u8],
    model_type: &str,
    settings: &Settings,
    d_vocab: usize,
) -> Result<Tokenizer, TokenizerError> {
    if is_tiktoken(bytes) {
        let reason =
            "is a vocabulary of tiktoken, which does not say how text is split: a tokenizer.json is needed beside it";
        return Err(refuse(name, reason.to_owned()));
    }
    let spm = SpmFile::parse(name, bytes)?;
    let way = match model_type {
        "t5" | "mt5" => t5(&spm, settings, d_vocab)?,
        "albert" => albert(&spm, settings),
        "xlm-roberta" => fairseq(&spm, &["<s>", "<pad>", "</s>", "<unk>"], 3),
        "camembert" => fairseq(&spm, &["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED"], 1),
        "deberta-v2" => return deberta(name, &spm, settings),
        _ if llama::is_known(model_type) => return llama::tokenizer(name, &spm, model_type, settings),
        other => {
            let reason = format!(
                "a tokenizer.json is needed for {other}: this file alone is read for albert, camembert, deberta-v2, {}, mt5, t5, xlm-roberta",
                llama::KNOWN.join(", ")
            );
            return Err(refuse(name, reason));
        }
    };
    assemble_way(name, &spm, way, settings)
}

/// All pieces in the order of their ids, and the parts of DeBERTa's class.
fn deberta(name: &str, spm: &SpmFile, settings: &Settings) -> Result<Tokenizer, TokenizerError> {
    let class = Class::Deberta;
    let added = added_tokens(settings, Some(class), Vec::new(), &settings.extra);
    let model = build(name, spm, as_they_are(spm), spm.unknown)?;
    let tokenizer = assemble(name, model, class.parts(settings, None), added)?.with_roles(settings, Some(class));
    check_listed_ids(settings, &tokenizer)?;
    Ok(tokenizer)
}

/// Whether a file has tiktoken's lines, as the first tokenizer.model of Llama 3: bytes in base64, and an id.
fn is_tiktoken(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let Some(space) = line.iter().position(|byte| *byte == b' ') else { return false };
    let (text, id) = (&line[..space], &line[space + 1..]);
    !text.is_empty() && text.iter().all(is_base64) && !id.is_empty() && id.iter().all(u8::is_ascii_digit)
}

/// A </s>, A </s> B </s>.
fn t5(spm: &SpmFile, settings: &Settings, d_vocab: usize) -> Result<Way, TokenizerError> {
    let room = d_vocab.saturating_sub(spm.pieces.len());
    let n_extra = match settings.n_extra_ids {
        Some(n_extra) => match usize::try_from(n_extra) {
            Ok(n_extra) if n_extra <= d_vocab => n_extra,
            _ => {
                let reason = format!("extra_ids is {n_extra}, more tokens than the {d_vocab} of the model");
                return Err(refuse(super::settings::CONFIG, reason));
            }
        },
        None => 100,
    };
    // A vocabulary without room for them has none.
    let n_extra = if n_extra <= room { n_extra } else { 0 };
    let specials = ["<pad>", "</s>", "<unk>"].map(str::to_owned).into_iter();
    Ok(Way {
        pieces: as_they_are(spm),
        unknown: spm.unknown,
        specials: specials.chain((0..n_extra).rev().map(|number| format!("<extra_id_{number}>"))).collect(),
        takes_space: "",
        around: ["A:0 </s>:0", "A:0 </s>:0 B:0 </s>:0"],
        before: Vec::new(),
    })
}

/// [CLS] A [SEP], [CLS] A [SEP] B [SEP].
fn albert(spm: &SpmFile, settings: &Settings) -> Way {
    let before = class::albert_normalizers(settings.keep_accents, settings.do_lower_case);
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

fn assemble_way(name: &str, spm: &SpmFile, way: Way, settings: &Settings) -> Result<Tokenizer, TokenizerError> {
    let scheme = if spm.adds_prefix { "always" } else { "never" };
    let metaspace = json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": true});
    let parts = Parts {
        normalizer: normalizer(name, spm, way.before)?,
        pre_tokenizer: metaspace.clone(),
        decoder: metaspace,
        around: Around::Pieces(way.around.map(pieces)),
    };
    let kinds = |kind: u64| spm.pieces.iter().filter(move |piece| piece.kind == kind).map(|piece| piece.text.clone());
    let mut specials = way.specials;
    let known: HashSet<&str> = way.pieces.iter().map(|(piece, _)| piece.as_str()).collect();
    let mut listed: HashSet<String> = specials.iter().cloned().collect();
    for control in kinds(CONTROL) {
        if known.contains(control.as_str()) && listed.insert(control.clone()) {
            specials.push(control);
        }
    }
    let special =
        |token: &String| AddedToken::from(token.clone(), true).lstrip(token == way.takes_space).normalized(false);
    let defined = kinds(USER_DEFINED).map(|token| AddedToken::from(token, false).normalized(false));
    let listed = settings.added.values().chain(&settings.extra).cloned();
    let added = specials.iter().map(special).chain(defined).chain(listed).collect();
    assemble(name, build(name, spm, way.pieces, way.unknown)?, parts, added)
}

/// Pieces of words such as "[CLS]:0 A:0 [SEP]:0".
fn pieces(words: &str) -> Vec<class::Piece> {
    let piece = |word: &str| {
        let (token, segment) = word.rsplit_once(':')?;
        let segment = segment.parse().ok()?;
        Some(match token {
            "A" => class::Piece::A(segment),
            "B" => class::Piece::B(segment),
            token => class::Piece::Token(token.to_owned(), segment),
        })
    };
    words.split_whitespace().filter_map(piece).collect()
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
    let unusable = |error: tokenizers::Error| refuse(name, error.to_string());
    let n_pieces = pieces.len();
    match spm.method {
        Method::Unigram => unigram(name, pieces, Some(unknown), spm.byte_fallback),
        Method::Bpe => {
            let vocab: Vocab = pieces.iter().zip(0..).map(|((piece, _), id)| (piece.clone(), id)).collect();
            let own = spm.pieces.iter().map(|piece| (piece.text.as_str(), piece.score, piece.kind));
            let merges = merges_by_score(own, &vocab).map_err(|reason| refuse(name, reason))?;
            let merges = checked_merges(name, &vocab, merges, 0)?;
            let bpe = BpeBuilder::new()
                .unk_token(pieces[unknown].0.clone())
                .fuse_unk(true)
                .byte_fallback(spm.byte_fallback)
                .vocab_and_merges(vocab, merges);
            Ok((ModelWrapper::BPE(bpe.build().map_err(unusable)?), n_pieces))
        }
    }
}

fn refuse(file: &str, reason: String) -> TokenizerError {
    TokenizerError::Json { file: file.to_owned(), reason }
}

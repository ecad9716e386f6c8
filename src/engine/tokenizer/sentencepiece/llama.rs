//! tokenizer.model alone: folders of Llama, Mistral, Phi-3 and Gemma without a tokenizer.json.
//!
//! Where the folder's class is Llama's or Gemma's, its parts are that class's; otherwise the file's own settings say how text is split,
//! as transformers does it for a class without parts of its own.

use serde_json::{Value, json};
use tokenizers::AddedToken;
use tokenizers::models::ModelWrapper;
use tokenizers::models::bpe::{BpeBuilder, Merges, Vocab};

use super::super::assemble::{added_tokens, assemble};
use super::super::class::{Class, Parts, bos_and_eos, piece_decoder, replace};
use super::super::files::check_listed_ids;
use super::super::model::{Model, checked_merges, unigram};
use super::super::settings::{Role, Settings};
use super::super::{Tokenizer, TokenizerError, charsmap};
use super::bpe::{Cut, merges};
use super::file::{CONTROL, Method, NORMAL, SpmFile, USER_DEFINED};
use super::refuse;

/// Model types whose folders have such a file.
pub(super) const KNOWN: [&str; 7] = ["gemma", "gemma2", "gemma3_text", "llama", "mistral", "phi3", "smollm3"];

/// Whether folders of a model type have such a file.
pub(super) fn is_known(model_type: &str) -> bool {
    KNOWN.contains(&model_type)
}

/// The tokenizer of a model file.
pub(super) fn tokenizer(
    name: &str,
    spm: &SpmFile,
    model_type: &str,
    settings: &Settings,
) -> Result<Tokenizer, TokenizerError> {
    let class = Class::of(settings, model_type, false);
    let pieces = spm.pieces.iter().filter(|piece| [CONTROL, USER_DEFINED].contains(&piece.kind));
    let pieces = pieces.map(|piece| AddedToken::from(piece.text.clone(), piece.kind == CONTROL).normalized(false));
    let pieces: Vec<AddedToken> = pieces.collect();
    let tokenizer = match class {
        Some(class @ (Class::Llama | Class::Gemma)) => {
            let extra = if settings.lists_extra { &settings.extra } else { &pieces };
            let added = added_tokens(settings, Some(class), Vec::new(), extra);
            let model = of_class(name, spm, class, settings)?;
            assemble(name, model, class.parts(settings, None), added)?.with_roles(settings, Some(class))
        }
        Some(_) => {
            let reason = format!("a tokenizer.json is needed for {}", settings.class.as_deref().unwrap_or(model_type));
            return Err(refuse(name, reason));
        }
        None => of_file(name, spm, settings, &pieces)?,
    };
    check_listed_ids(settings, &tokenizer)?;
    Ok(tokenizer)
}

/// BPE with bytes, all pieces in the order of their ids.
fn of_class(name: &str, spm: &SpmFile, class: Class, settings: &Settings) -> Result<Model, TokenizerError> {
    let vocab: Vocab = spm.pieces.iter().zip(0..).map(|(piece, id)| (piece.text.clone(), id)).collect();
    let order = |_: &mut [Cut<'_>]| {};
    let merges = merges(spm.pieces.iter().map(|piece| piece.text.as_str()), &vocab, order);
    let merges = merges.map_err(|reason| refuse(name, reason))?;
    let unknown = settings.named(Role::Unk, class.default_token(Role::Unk)).filter(|_| class == Class::Gemma);
    bpe(name, spm.pieces.len(), vocab, merges, |builder| match unknown {
        Some(unknown) => builder.unk_token(unknown.content).byte_fallback(true),
        None => builder.byte_fallback(true),
    })
}

/// What the file itself says: its pieces, its way with spaces, and user-defined pieces that are never joined.
fn of_file(name: &str, spm: &SpmFile, settings: &Settings, pieces: &[AddedToken]) -> Result<Tokenizer, TokenizerError> {
    // The configuration may rename a piece, but not to a name that another one keeps.
    let renamed = |id: u32| settings.added.get(&id).map(|token| token.content.as_str());
    let kept: std::collections::HashSet<&str> = spm
        .pieces
        .iter()
        .zip(0..)
        .filter(|(_, id)| renamed(*id).is_none())
        .map(|(piece, _)| piece.text.as_str())
        .collect();
    let text = |(piece, id): (&super::Piece, u32)| match renamed(id) {
        Some(name) if !kept.contains(name) => name.to_owned(),
        _ => piece.text.clone(),
    };
    let names: Vec<String> = spm.pieces.iter().zip(0..).map(text).collect();
    let of_kind = |kind: u64| {
        spm.pieces.iter().zip(&names).filter(move |(piece, _)| piece.kind == kind).map(|(_, name)| name.as_str())
    };
    let defined: Vec<&str> = of_kind(USER_DEFINED).collect();
    let model = match spm.method {
        Method::Unigram => {
            let scores = spm.pieces.iter().map(|piece| f64::from(piece.score));
            let pieces = names.iter().cloned().zip(scores).collect();
            unigram(name, pieces, Some(spm.unknown), spm.byte_fallback)?
        }
        Method::Bpe => {
            let vocab: Vocab = names.iter().cloned().zip(0..).collect();
            let mut normal: Vec<(f32, &str)> = spm
                .pieces
                .iter()
                .zip(&names)
                .filter(|(piece, _)| piece.kind == NORMAL)
                .map(|(piece, name)| (piece.score, name.as_str()))
                .collect();
            normal.sort_by(|(a, _), (b, _)| b.total_cmp(a));
            let joinable: Vocab =
                normal.iter().filter_map(|(_, name)| Some(((*name).to_owned(), *vocab.get(*name)?))).collect();
            let by_text = |cuts: &mut [Cut<'_>]| cuts.sort_by_key(|(.., left, right)| (*left, *right));
            let merges = merges(normal.iter().map(|(_, name)| *name), &joinable, by_text);
            let merges = merges.map_err(|reason| refuse(name, reason))?;
            let unknown = spm.unk_piece.clone();
            bpe(name, names.len(), vocab, merges, |builder| {
                let builder = builder.byte_fallback(spm.byte_fallback).ignore_merges(!defined.is_empty());
                match unknown {
                    Some(unknown) => builder.unk_token(unknown),
                    None => builder,
                }
            })?
        }
    };
    let parts = parts_of_file(name, spm, settings, &defined)?;
    let mut roles = Settings::default();
    roles.added.clone_from(&settings.added);
    roles.lists_added = settings.lists_added;
    roles.specific.clone_from(&settings.specific);
    roles.splits_special = settings.splits_special;
    for (role, default) in [(Role::Bos, &spm.bos_piece), (Role::Eos, &spm.eos_piece), (Role::Unk, &spm.unk_piece)] {
        roles.set_named(role, settings.named(role, default.as_deref()));
    }
    for role in [Role::Sep, Role::Pad, Role::Cls, Role::Mask] {
        roles.set_named(role, settings.named(role, None));
    }
    if spm.adds_prefix {
        // They are looked for in the text as it is, so that each part between them begins as a text does.
        for token in roles.added.values_mut() {
            token.normalized = false;
        }
    }
    let others: Vec<AddedToken> =
        pieces.iter().filter(|token| !defined.contains(&token.content.as_str())).cloned().collect();
    let extra = if settings.lists_extra { &settings.extra } else { &others };
    let added = added_tokens(&roles, None, Vec::new(), extra);
    let around = bos_and_eos(settings, |role| roles.named(role, None).map(|token| token.content));
    Ok(assemble(name, model, Parts { around, ..parts }, added)?.with_roles(&roles, None))
}

fn parts_of_file(name: &str, spm: &SpmFile, settings: &Settings, defined: &[&str]) -> Result<Parts, TokenizerError> {
    let is_legacy = settings.legacy.unwrap_or(true);
    let mut normalizers = Vec::new();
    if let Some(fault) = charsmap::fault(&spm.charsmap) {
        return Err(refuse(name, fault));
    }
    if !spm.charsmap.is_empty() {
        normalizers.push(json!({"type": "Precompiled", "precompiled_charsmap": charsmap::base64(&spm.charsmap)}));
    }
    if spm.collapses_spaces {
        normalizers.push(replace(json!({"Regex": r"\A +| +\z"}), ""));
        normalizers.push(replace(json!({"Regex": " {2,}"}), " "));
    }
    normalizers.push(replace(json!({"String": " "}), "▁"));
    let mut pre_tokenizers = Vec::new();
    if spm.adds_prefix {
        if is_legacy {
            // Metaspace leaves a text that begins with "▁" as it is; SentencePiece puts one more in front.
            normalizers.push(replace(json!({"Regex": r"\A▁"}), "▁▁"));
        }
        let scheme = if is_legacy { "always" } else { "first" };
        let metaspace = json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": false});
        pre_tokenizers.push(metaspace);
    }
    if !defined.is_empty() {
        let mut defined = defined.to_vec();
        defined.sort_by_key(|piece| std::cmp::Reverse(piece.chars().count()));
        let pattern: Vec<String> = defined.into_iter().map(escaped).collect();
        pre_tokenizers.push(json!({
            "type": "Split", "pattern": {"Regex": pattern.join("|")}, "behavior": "Isolated", "invert": false,
        }));
    }
    let pre_tokenizer = match pre_tokenizers.is_empty() {
        true => Value::Null,
        false => json!({"type": "Sequence", "pretokenizers": pre_tokenizers}),
    };
    Ok(Parts {
        normalizer: json!({"type": "Sequence", "normalizers": normalizers}),
        pre_tokenizer,
        decoder: piece_decoder(spm.byte_fallback, spm.adds_prefix),
        ..Parts::default()
    })
}

/// A text as a pattern that finds nothing else.
fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

fn bpe(
    name: &str,
    n_pieces: usize,
    vocab: Vocab,
    merges: Merges,
    with: impl FnOnce(BpeBuilder) -> BpeBuilder,
) -> Result<Model, TokenizerError> {
    let merges = checked_merges(name, &vocab, merges, 0)?;
    let bpe = with(BpeBuilder::new().fuse_unk(true)).vocab_and_merges(vocab, merges).build();
    bpe.map(|bpe| (ModelWrapper::BPE(bpe), n_pieces)).map_err(|error| refuse(name, error.to_string()))
}

//! Parts of a tokenizer.json that the `tokenizers` crate accepts and then panics over, found beforehand.

use serde_json::Value;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::processors::PostProcessorWrapper;

use super::charsmap;
use super::limits::{MAX_AROUND, MAX_COPIES, MAX_REPLACEMENT, MAX_STEPS};

/// What would panic in a normalizer, or make any text too long: a character map that is not whole (the crate also reserves whatever
/// length the map claims), a replacement that is longer than any real one.
pub(super) fn of_normalizer(normalizer: &Value) -> Option<String> {
    if let Some(parts) = normalizer.get("normalizers").and_then(Value::as_array) {
        return parts.iter().find_map(of_normalizer);
    }
    match normalizer.get("type").and_then(Value::as_str) {
        Some("Precompiled") => {
            let map = normalizer.get("precompiled_charsmap").and_then(Value::as_str).unwrap_or_default();
            let fault = match charsmap::from_base64(map) {
                Some(map) => charsmap::fault(&map),
                None => Some("precompiled_charsmap is no base64".to_owned()),
            };
            fault.map(|fault| format!("normalizer: {fault}"))
        }
        Some("Replace") => long_replacement("normalizer", normalizer, "content"),
        Some("Prepend") => long_replacement("normalizer", normalizer, "prepend"),
        _ => None,
    }
}

/// A number that does not fit into 32 bits: the crate reads it on some targets and not on others.
pub(super) fn of_numbers(part: &str, json: &Value) -> Option<String> {
    match json {
        Value::Number(number) if number.as_u64().is_some_and(|number| u32::try_from(number).is_err()) => {
            Some(format!("{part}: the number {number} is larger than any that a tokenizer has"))
        }
        Value::Array(list) => list.iter().find_map(|json| of_numbers(part, json)),
        Value::Object(fields) => fields.values().find_map(|json| of_numbers(part, json)),
        _ => None,
    }
}

/// What would make any text too long in a decoder.
pub(super) fn of_decoder(decoder: &Value) -> Option<String> {
    if let Some(parts) = decoder.get("decoders").and_then(Value::as_array) {
        return parts.iter().find_map(of_decoder);
    }
    match decoder.get("type").and_then(Value::as_str) {
        Some("Replace") => long_replacement("decoder", decoder, "content"),
        _ => None,
    }
}

fn long_replacement(part: &str, json: &Value, key: &str) -> Option<String> {
    let n_bytes = json.get(key).and_then(Value::as_str).map_or(0, str::len);
    (n_bytes > MAX_REPLACEMENT).then(|| {
        format!("{part}: a {key} of {n_bytes} bytes; at most {MAX_REPLACEMENT} are read, since each match becomes it")
    })
}

/// More steps than any real tokenizer has: each goes over the whole text.
pub(super) fn of_steps(part: &str, json: &Value) -> Option<String> {
    const LISTS: [&str; 4] = ["normalizers", "pretokenizers", "decoders", "processors"];
    fn n_steps(json: &Value) -> usize {
        let lists = LISTS.iter().filter_map(|name| json.get(name)?.as_array());
        lists.flatten().map(n_steps).sum::<usize>().max(1)
    }
    let n_steps = n_steps(json);
    (n_steps > MAX_STEPS).then(|| format!("{part}: {n_steps} steps; at most {MAX_STEPS} are read"))
}

/// What would panic in a pre-tokenizer.
pub(super) fn of_pre_tokenizer(pre_tokenizer: &PreTokenizerWrapper) -> Option<String> {
    match pre_tokenizer {
        PreTokenizerWrapper::FixedLength(fixed) if fixed.length == 0 => {
            Some("pre_tokenizer: FixedLength of 0, expected at least 1".to_owned())
        }
        PreTokenizerWrapper::Sequence(sequence) => sequence.as_ref().iter().find_map(of_pre_tokenizer),
        _ => None,
    }
}

/// What would make any text too long in a post-processor: templates that name a text several times, one after the other, or tokens
/// that stand for long lists of ids.
pub(super) fn of_copies(post_processor: &PostProcessorWrapper) -> Option<String> {
    let (n_copies, n_around) = copies(post_processor);
    (n_copies > MAX_COPIES || n_around > MAX_AROUND).then(|| {
        format!(
            "post_processor: makes {n_copies} copies of a text with {n_around} tokens around; at most {MAX_COPIES} and \
             {MAX_AROUND} are read"
        )
    })
}

/// How often a text comes out of a post-processor, and how many tokens with it.
fn copies(post_processor: &PostProcessorWrapper) -> (usize, usize) {
    match post_processor {
        PostProcessorWrapper::Sequence(sequence) => {
            sequence.as_ref().iter().map(copies).fold((1, 0), |(n_copies, n_around), (again, more)| {
                (n_copies.saturating_mul(again), n_around.saturating_mul(again).saturating_add(more))
            })
        }
        PostProcessorWrapper::Template(template) => {
            let json = serde_json::to_value(template).unwrap_or_default();
            let listed = json.get("special_tokens");
            let of_both = ["single", "pair"].map(|key| {
                let pieces = json.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                let times = |text: &str| {
                    let is_it = |piece: &&Value| piece.pointer("/Sequence/id").and_then(Value::as_str) == Some(text);
                    pieces.iter().filter(is_it).count()
                };
                let names = pieces.iter().filter_map(|piece| piece.pointer("/SpecialToken/id")?.as_str());
                let n_ids = |name: &str| listed?.get(name)?.get("ids")?.as_array().map(Vec::len);
                (times("A").max(times("B")), names.filter_map(n_ids).sum::<usize>())
            });
            let [single, pair] = of_both;
            (single.0.max(pair.0).max(1), single.1.max(pair.1))
        }
        _ => (1, 2),
    }
}

/// What would panic in a post-processor: a template that names an unlisted token. The template's fields are private, its
/// JSON is not.
pub(super) fn of_post_processor(post_processor: &PostProcessorWrapper) -> Option<String> {
    match post_processor {
        PostProcessorWrapper::Sequence(sequence) => sequence.as_ref().iter().find_map(of_post_processor),
        PostProcessorWrapper::Template(template) => {
            let json = serde_json::to_value(template).ok()?;
            let listed = json.get("special_tokens");
            let pieces = ["single", "pair"].iter().filter_map(|key| json.get(key)?.as_array()).flatten();
            pieces.filter_map(|piece| piece.pointer("/SpecialToken/id")?.as_str()).find_map(|id| {
                let length = |key| listed?.get(id)?.get(key)?.as_array().map(Vec::len);
                let is_listed = length("ids").is_some() && length("ids") == length("tokens");
                (!is_listed).then(|| format!("post_processor: special_tokens does not list {}", Value::from(id)))
            })
        }
        _ => None,
    }
}

//! Parts of a tokenizer.json that the `tokenizers` crate accepts and then panics over, found beforehand.

use serde_json::Value;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::processors::PostProcessorWrapper;

use super::charsmap;

/// What would panic in a normalizer: a character map that is not whole. The crate also reserves whatever length the map
/// claims.
pub(super) fn of_normalizer(normalizer: &Value) -> Option<String> {
    if let Some(parts) = normalizer.get("normalizers").and_then(Value::as_array) {
        return parts.iter().find_map(of_normalizer);
    }
    if normalizer.get("type").and_then(Value::as_str) != Some("Precompiled") {
        return None;
    }
    let map = normalizer.get("precompiled_charsmap").and_then(Value::as_str).unwrap_or_default();
    let fault = match charsmap::from_base64(map) {
        Some(map) => charsmap::fault(&map),
        None => Some("precompiled_charsmap is no base64".to_owned()),
    };
    fault.map(|fault| format!("normalizer: {fault}"))
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

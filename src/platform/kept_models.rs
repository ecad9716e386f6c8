//! What the worker has kept of models in this browser, seen from the page: how much, and letting go of it.
//!
//! A file is kept in parts (`files`), under one name; what belongs to it beside its bytes counts nothing. Imports only `words` and
//! the cache's name.

use std::collections::BTreeMap;

use js_sys::{Array, decode_uri_component};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Cache, Request, Response, window};

use super::words::words;
use super::{KEPT_FROM, MODEL_CACHE};

/// A kept file, whole or as far as it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptFile {
    /// Its SHA-256, or the address it is of.
    pub name: String,
    /// The address it was fetched from last, where that is known.
    pub from: String,
    /// How many bytes are here.
    pub n_bytes: u64,
    /// What it consists of: keys of the cache.
    keys: Vec<String>,
}

/// Everything that is kept; nothing where the browser keeps nothing.
pub async fn kept_files() -> Vec<KeptFile> {
    let Some(cache) = cache().await else { return Vec::new() };
    let keys = JsFuture::from(cache.keys()).await.map(|keys| Array::from(&keys)).unwrap_or_default();
    let mut files = BTreeMap::<String, KeptFile>::new();
    for request in keys.iter().filter_map(|key| key.dyn_into::<Request>().ok()) {
        let url = request.url();
        let Some((Some(name), part)) = url.rsplit_once('/').map(|(file, part)| (named(file), part)) else { continue };
        let file = files.entry(name).or_default();
        if part == KEPT_FROM {
            file.from = text(&cache, &request).await.unwrap_or_default();
        } else if part.bytes().all(|byte| byte.is_ascii_digit()) {
            file.n_bytes += length(&cache, &request).await.unwrap_or_default();
        }
        file.keys.push(url);
    }
    files.into_iter().map(|(name, file)| KeptFile { name, ..file }).collect()
}

/// Lets go of files.
///
/// # Errors
/// In words, when the browser does not do it.
pub async fn delete_files(files: &[KeptFile]) -> Result<(), String> {
    let Some(cache) = cache().await else { return Ok(()) };
    for key in files.iter().flat_map(|file| &file.keys) {
        JsFuture::from(cache.delete_with_str(key)).await.map_err(|error: JsValue| words(&error))?;
    }
    Ok(())
}

/// The name that the last step of a path is.
fn named(path: &str) -> Option<String> {
    decode_uri_component(path.rsplit('/').next()?).ok().map(String::from)
}

async fn cache() -> Option<Cache> {
    let caches = window()?.caches().ok()?;
    // Opening would make it.
    let is_there = JsFuture::from(caches.has(MODEL_CACHE)).await.ok()?.is_truthy();
    if !is_there {
        return None;
    }
    JsFuture::from(caches.open(MODEL_CACHE)).await.ok()?.dyn_into().ok()
}

async fn found(cache: &Cache, request: &Request) -> Option<Response> {
    JsFuture::from(cache.match_with_request(request)).await.ok()?.dyn_into().ok()
}

/// A blob of the cache is a name for bytes on disk: asking for its length reads nothing.
async fn length(cache: &Cache, request: &Request) -> Option<u64> {
    let blob: Blob = JsFuture::from(found(cache, request).await?.blob().ok()?).await.ok()?.dyn_into().ok()?;
    Some(blob.size() as u64)
}

async fn text(cache: &Cache, request: &Request) -> Option<String> {
    JsFuture::from(found(cache, request).await?.text().ok()?).await.ok()?.as_string()
}

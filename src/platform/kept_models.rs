//! The model files that the worker keeps in this browser, seen from the page: their sizes, and how to delete them.
//!
//! A file is kept in parts (`files`) under one name. Entries beside its bytes do not count towards its size.

use std::collections::BTreeMap;

use js_sys::{Array, decode_uri_component};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Cache, Request, Response, window};

use super::words::words;
use super::{KEPT_FROM, KEPT_WHOLE, MODEL_CACHE};

/// A kept file, complete or as far as it has arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptFile {
    /// SHA-256 of the file, or its address.
    pub name: String,
    /// Address that the file was last fetched from, where it is known.
    pub from: String,
    /// Bytes that are kept.
    pub n_bytes: u64,
    /// Whether these are all of its bytes.
    pub is_whole: bool,
    /// Keys of the file's entries in the cache.
    keys: Vec<String>,
}

/// Every kept file; an empty list where the browser has no storage.
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
        } else if part == KEPT_WHOLE {
            file.is_whole = true;
        } else if part.bytes().all(|byte| byte.is_ascii_digit()) {
            file.n_bytes += length(&cache, &request).await.unwrap_or_default();
        }
        file.keys.push(url);
    }
    files.into_iter().map(|(name, file)| KeptFile { name, ..file }).collect()
}

/// Deletes files.
///
/// # Errors
/// The browser's words, when it does not delete them.
pub async fn delete_files(files: &[KeptFile]) -> Result<(), String> {
    let Some(cache) = cache().await else { return Ok(()) };
    for key in files.iter().flat_map(|file| &file.keys) {
        JsFuture::from(cache.delete_with_str(key)).await.map_err(|error: JsValue| words(&error))?;
    }
    Ok(())
}

/// The decoded name in the last step of a path.
fn named(path: &str) -> Option<String> {
    decode_uri_component(path.rsplit('/').next()?).ok().map(String::from)
}

async fn cache() -> Option<Cache> {
    let caches = window()?.caches().ok()?;
    // Opening the cache would create it.
    let is_there = JsFuture::from(caches.has(MODEL_CACHE)).await.ok()?.is_truthy();
    if !is_there {
        return None;
    }
    JsFuture::from(caches.open(MODEL_CACHE)).await.ok()?.dyn_into().ok()
}

async fn found(cache: &Cache, request: &Request) -> Option<Response> {
    JsFuture::from(cache.match_with_request(request)).await.ok()?.dyn_into().ok()
}

/// A blob of the cache names bytes on disk, so reading its length reads none of them.
async fn length(cache: &Cache, request: &Request) -> Option<u64> {
    let blob: Blob = JsFuture::from(found(cache, request).await?.blob().ok()?).await.ok()?.dyn_into().ok()?;
    Some(blob.size() as u64)
}

async fn text(cache: &Cache, request: &Request) -> Option<String> {
    JsFuture::from(found(cache, request).await?.text().ok()?).await.ok()?.as_string()
}

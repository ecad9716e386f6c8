//! Files by URL, kept in the browser: Cache storage where there is any, memory otherwise.
//!
//! A cross-site frame can have no storage at all and private windows refuse it: then a file lives as a blob in memory
//! for as long as the worker does, and nothing else changes. Files are named by their SHA-256, so a stored one is never
//! stale. Whether in storage or not, a file is read by ranges and never held as a whole in WebAssembly memory.

use js_sys::{Array, Uint8Array};
use sha2::{Digest, Sha256};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Cache, ReadableStreamDefaultReader, Response, WorkerGlobalScope};

use super::words::words;

/// Name of the cache; raised when its contents change meaning.
const CACHE: &str = "headlight-models-1";

/// A file that can be read by ranges.
#[derive(Clone, Debug)]
pub struct StoredFile {
    blob: Blob,
    /// Whether it was there before.
    pub from_storage: bool,
}

/// Why a file cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The server cannot be reached.
    #[error("{url} cannot be reached: {reason}. Check the connection and try again")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// The browser's words.
        reason: String,
    },
    /// The server answers with an error.
    #[error("{url}: the server answers {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// The file has another length.
    #[error("{url}: expected {expected} bytes, found {found}")]
    Length {
        /// What was asked for.
        url: String,
        /// As announced.
        expected: u64,
        /// As received.
        found: u64,
    },
    /// The file has other contents.
    #[error("{url}: the file is damaged: its SHA-256 is {found}, expected {expected}")]
    Digest {
        /// What was asked for.
        url: String,
        /// As announced.
        expected: String,
        /// As received.
        found: String,
    },
    /// The caller wants no more.
    #[error("stopped")]
    Stopped,
}

/// Which file.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Absolute URL.
    pub url: &'a str,
    /// Length in bytes.
    pub size: u64,
    /// Lower-case hexadecimal.
    pub sha256: &'a str,
}

impl StoredFile {
    /// From storage, or from the network. `go_on` hears the bytes received so far and says whether to continue.
    ///
    /// # Errors
    /// When the file cannot be had whole and as expected, or `go_on` says no.
    pub async fn open(wanted: Wanted<'_>, mut go_on: impl FnMut(u64) -> bool) -> Result<Self, FetchError> {
        let cache = open_cache().await;
        if let Some(cache) = &cache
            && let Some(blob) = from_cache(cache, wanted).await
        {
            return Ok(Self { blob, from_storage: true });
        }
        let blob = download(wanted, &mut go_on).await?;
        if let Some(cache) = &cache
            && let Ok(response) = Response::new_with_opt_blob(Some(&blob))
        {
            // Storage may be full: the blob in memory serves as well until the page is closed.
            let _ = JsFuture::from(cache.put_with_str(&key(wanted), &response)).await;
        }
        Ok(Self { blob, from_storage: false })
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.blob.size() as u64
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes `offset .. offset + len`; fewer at the end of the file, or when it has vanished from storage.
    pub async fn read(&self, offset: u64, len: u64) -> Vec<u8> {
        let range = self.blob.slice_with_f64_and_f64(offset as f64, (offset + len) as f64);
        let Ok(range) = range else { return Vec::new() };
        let buffer = JsFuture::from(range.array_buffer()).await;
        buffer.map_or_else(|_| Vec::new(), |buffer| Uint8Array::new(&buffer).to_vec())
    }
}

fn scope() -> Option<WorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

async fn open_cache() -> Option<Cache> {
    let caches = scope()?.caches().ok()?;
    JsFuture::from(caches.open(CACHE)).await.ok()?.dyn_into().ok()
}

fn key(wanted: Wanted<'_>) -> String {
    format!("./stored/{}", wanted.sha256)
}

/// A stored file, if it has its full length; what has not is removed.
async fn from_cache(cache: &Cache, wanted: Wanted<'_>) -> Option<Blob> {
    let response: Response = JsFuture::from(cache.match_with_str(&key(wanted))).await.ok()?.dyn_into().ok()?;
    let blob: Option<Blob> = match response.blob() {
        Ok(promise) => JsFuture::from(promise).await.ok().and_then(|blob| blob.dyn_into().ok()),
        Err(_) => None,
    };
    let whole = blob.filter(|blob| blob.size() as u64 == wanted.size);
    if whole.is_none() {
        let _ = JsFuture::from(cache.delete_with_str(&key(wanted))).await;
    }
    whole
}

async fn download(wanted: Wanted<'_>, go_on: &mut impl FnMut(u64) -> bool) -> Result<Blob, FetchError> {
    let url = wanted.url.to_owned();
    let unreachable = |error: JsValue| FetchError::Unreachable { url: url.clone(), reason: words(&error) };
    let scope = scope().ok_or_else(|| unreachable(JsValue::from_str("no worker")))?;
    let response: Response =
        JsFuture::from(scope.fetch_with_str(wanted.url)).await.map_err(unreachable)?.unchecked_into();
    if !response.ok() {
        return Err(FetchError::Status { url, status: response.status() });
    }
    let parts = Array::new();
    let (mut found, mut digest) = (0u64, Sha256::new());
    if let Some(body) = response.body() {
        let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
        loop {
            let next = JsFuture::from(reader.read()).await.map_err(unreachable)?;
            let field =
                |name: &str| js_sys::Reflect::get(&next, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED);
            if field("done").is_truthy() {
                break;
            }
            let part: Uint8Array = field("value").unchecked_into();
            found += u64::from(part.length());
            digest.update(part.to_vec());
            parts.push(&part);
            if found > wanted.size || !go_on(found) {
                let _ = JsFuture::from(reader.cancel()).await;
                break;
            }
        }
    }
    if found < wanted.size && !go_on(found) {
        return Err(FetchError::Stopped);
    }
    if found != wanted.size {
        return Err(FetchError::Length { url, expected: wanted.size, found });
    }
    let hex: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if hex != wanted.sha256 {
        return Err(FetchError::Digest { url, expected: wanted.sha256.to_owned(), found: hex });
    }
    Blob::new_with_u8_array_sequence(&parts).map_err(unreachable)
}

//! Files that are read by ranges: picked from disk, or kept by the browser.
//!
//! Fetched bytes are kept in Cache storage, in parts as they arrive, so that a download resumes after a break or after
//! its page was closed. Cross-site frames and private windows may have no storage: the parts then live as blobs for as
//! long as the worker does, and nothing else changes. No file is ever whole in WebAssembly memory.

use js_sys::{Array, Uint8Array, encode_uri_component};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Cache, ReadableStream, Request, Response, WorkerGlobalScope};

use super::words::words;
use super::{KEPT_FROM, KEPT_WHOLE, MODEL_CACHE};

/// Cache of earlier versions, which kept each file in one piece.
const EARLIER: &str = "headlight-models-1";

/// Bytes of a kept part, and the most that is lost when a page is closed.
const PART_BYTES: u64 = 8 << 20;

/// A file that can be read by ranges.
#[derive(Clone, Debug)]
pub struct StoredFile(Blob);

impl From<Blob> for StoredFile {
    fn from(blob: Blob) -> Self {
        Self(blob)
    }
}

impl StoredFile {
    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.0.size() as u64
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes from `offset` to the end.
    pub(super) fn stream_from(&self, offset: u64) -> Result<ReadableStream, String> {
        let rest = self.0.slice_with_f64(offset as f64).map_err(|error| words(&error))?;
        Ok(rest.stream())
    }

    /// Bytes `offset .. offset + len`, fewer at the end of the file.
    ///
    /// # Errors
    /// The browser's words, when the file can no longer be read: changed or moved on disk, or gone from storage.
    pub async fn read(&self, offset: u64, len: u64) -> Result<Vec<u8>, String> {
        let range = self.0.slice_with_f64_and_f64(offset as f64, (offset + len) as f64);
        let buffer = JsFuture::from(range.map_err(|error| words(&error))?.array_buffer());
        Ok(Uint8Array::new(&buffer.await.map_err(|error| words(&error))?).to_vec())
    }
}

/// A file as far as it has arrived.
pub struct Parts {
    cache: Option<Cache>,
    key: String,
    blobs: Vec<Blob>,
    len: u64,
    /// Bytes that arrived since the last part was kept: a list of `Uint8Array`.
    pending: Array,
    n_pending: u64,
    etag: Option<String>,
    is_whole: bool,
    /// Why storage took a part no longer. No later part is kept then: parts are read up to the first that is missing.
    refusal: Option<String>,
}

impl Parts {
    /// A file of which no byte has arrived, and which is not kept.
    pub fn in_memory() -> Self {
        Self {
            cache: None,
            key: String::new(),
            blobs: Vec::new(),
            len: 0,
            pending: Array::new(),
            n_pending: 0,
            etag: None,
            is_whole: false,
            refusal: None,
        }
    }

    /// Opens the parts that are kept under a name.
    pub async fn open(name: &str) -> Self {
        let key = format!("./stored/{}", String::from(encode_uri_component(name)));
        let mut parts = Self { cache: open_cache().await, key, ..Self::in_memory() };
        parts.etag = parts.text("etag").await.filter(|etag| !etag.is_empty());
        parts.is_whole = parts.text(KEPT_WHOLE).await.is_some();
        while let Some(blob) = parts.kept(&parts.blobs.len().to_string()).await {
            parts.len += blob.size() as u64;
            parts.blobs.push(blob);
        }
        parts
    }

    /// Bytes that have arrived.
    pub fn len(&self) -> u64 {
        self.len + self.n_pending
    }

    /// Whether no byte has arrived.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the parts outlive this worker.
    pub fn are_kept(&self) -> bool {
        self.cache.is_some()
    }

    /// ETag of the contents.
    pub fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// Whether the file was complete and verified when it was kept.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Why storage did not keep all that arrived, in the browser's words; mostly it is full. The bytes are in memory then.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// Notes the address that the file is fetched from, for the list of kept files.
    pub async fn note_address(&self, url: &str) {
        // Without it, the list names the file otherwise.
        let _ = self.keep_text(KEPT_FROM, url).await;
    }

    /// Drops every byte. Bytes that arrive from now on belong to `etag`.
    pub async fn restart(&mut self, etag: Option<&str>) {
        // What says that the parts are good goes before them: an interruption leaves no mixture that is taken for whole.
        self.drop_entry(KEPT_WHOLE).await;
        self.drop_entry("etag").await;
        for number in 0..self.n_entries().await {
            self.drop_entry(&number.to_string()).await;
        }
        (self.len, self.n_pending, self.is_whole, self.refusal) = (0, 0, false, None);
        self.blobs.clear();
        self.pending = Array::new();
        self.etag = etag.map(str::to_owned);
        if let Some(etag) = etag {
            // Parts without an ETag are fetched again on the next visit, which is right where there was no room for it.
            let _ = self.keep_text("etag", etag).await;
        }
    }

    /// Adds bytes that arrived.
    ///
    /// # Errors
    /// When the browser has no room for them at all.
    pub async fn push(&mut self, bytes: &Uint8Array) -> Result<(), String> {
        self.pending.push(bytes);
        self.n_pending += u64::from(bytes.length());
        if self.n_pending >= PART_BYTES { self.flush().await } else { Ok(()) }
    }

    /// Keeps the bytes that arrived since the last part.
    ///
    /// # Errors
    /// When the browser has no room for them at all.
    pub async fn flush(&mut self) -> Result<(), String> {
        if self.n_pending == 0 {
            return Ok(());
        }
        let blob = Blob::new_with_u8_array_sequence(&self.pending).map_err(|error| words(&error))?;
        if self.refusal.is_none() {
            let number = self.blobs.len().to_string();
            let response = Response::new_with_opt_blob(Some(&blob)).map_err(|error| words(&error))?;
            if let Err(reason) = self.keep(&number, &response).await {
                self.drop_entry(&number).await;
                self.refusal = Some(reason);
            }
        }
        self.len += self.n_pending;
        self.blobs.push(blob);
        (self.pending, self.n_pending) = (Array::new(), 0);
        Ok(())
    }

    /// The kept bytes, without those that arrived since the last part.
    ///
    /// # Errors
    /// When the browser cannot join the parts.
    pub fn file(&self) -> Result<StoredFile, String> {
        let list: Array = self.blobs.iter().collect();
        Blob::new_with_blob_sequence(&list).map(StoredFile).map_err(|error| words(&error))
    }

    /// Marks the file as complete, if storage has every part of it, and returns it.
    ///
    /// # Errors
    /// When the browser cannot join the parts.
    pub async fn finish(&mut self) -> Result<StoredFile, String> {
        self.flush().await?;
        let mut is_kept = self.refusal.is_none();
        // Blobs on disk replace those in memory, which can then be freed.
        for number in 0..self.blobs.len() {
            let its = |kept: &Blob| kept.size() == self.blobs[number].size();
            match self.kept(&number.to_string()).await.filter(its) {
                Some(kept) => self.blobs[number] = kept,
                None => is_kept = false,
            }
        }
        if is_kept {
            self.refusal = self.keep_text(KEPT_WHOLE, "").await.err();
        }
        self.file()
    }

    async fn keep_text(&self, part: &str, text: &str) -> Result<(), String> {
        let response = Response::new_with_opt_str(Some(text)).map_err(|error| words(&error))?;
        self.keep(part, &response).await
    }

    /// Keeps something under the file's name; does nothing where the browser has no storage.
    async fn keep(&self, part: &str, response: &Response) -> Result<(), String> {
        let Some(cache) = &self.cache else { return Ok(()) };
        let put = cache.put_with_str(&format!("{}/{part}", self.key), response);
        JsFuture::from(put).await.map(|_| ()).map_err(|error| words(&error))
    }

    async fn drop_entry(&self, part: &str) {
        if let Some(cache) = &self.cache {
            // An entry that is not there needs no deleting.
            let _ = JsFuture::from(cache.delete_with_str(&format!("{}/{part}", self.key))).await;
        }
    }

    /// One more than the highest number of a kept part, also of one that follows a gap.
    async fn n_entries(&self) -> usize {
        let Some(cache) = &self.cache else { return 0 };
        let keys = JsFuture::from(cache.keys()).await.map(|keys| Array::from(&keys)).unwrap_or_default();
        let ours = format!("{}/", self.key.trim_start_matches('.'));
        let number = |key: JsValue| {
            let url = key.dyn_into::<Request>().ok()?.url();
            url.rsplit_once(ours.as_str())?.1.parse::<usize>().ok()
        };
        keys.iter().filter_map(number).map(|number| number + 1).max().unwrap_or(0)
    }

    async fn matched(&self, part: &str) -> Option<Response> {
        let found = self.cache.as_ref()?.match_with_str(&format!("{}/{part}", self.key));
        JsFuture::from(found).await.ok()?.dyn_into().ok()
    }

    async fn kept(&self, part: &str) -> Option<Blob> {
        JsFuture::from(self.matched(part).await?.blob().ok()?).await.ok()?.dyn_into().ok()
    }

    async fn text(&self, part: &str) -> Option<String> {
        JsFuture::from(self.matched(part).await?.text().ok()?).await.ok()?.as_string()
    }
}

async fn open_cache() -> Option<Cache> {
    let scope: WorkerGlobalScope = js_sys::global().dyn_into().ok()?;
    let caches = scope.caches().ok()?;
    let _ = JsFuture::from(caches.delete(EARLIER)).await;
    JsFuture::from(caches.open(MODEL_CACHE)).await.ok()?.dyn_into().ok()
}

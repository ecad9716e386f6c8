//! A file that is read by ranges: bytes in memory, a file that the reader chose, or a file under a URL.
//!
//! A file of gigabytes opens as soon as its first bytes are here, and only the requested ranges are fetched. A request
//! to a URL fetches at least a mebibyte and keeps it for a while, since the next range mostly lies beside the last. A
//! server without ranges sends the whole file, which the browser keeps outside WebAssembly memory.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Headers, RequestInit, Response, window};

use super::words::words;

/// Fewest bytes of a request.
const AHEAD: u64 = 1 << 20;

/// Number of fetched parts that are kept.
const MAX_KEPT: usize = 16;

/// A file open for reading.
pub struct RangedFile {
    /// Name for messages.
    pub name: String,
    len: u64,
    storage: Storage,
}

enum Storage {
    Memory(Vec<u8>),
    Blob(Blob),
    Url { url: String, kept: RefCell<VecDeque<Kept>> },
}

/// A fetched part: its offset and its bytes.
type Kept = (u64, Rc<Vec<u8>>);

impl RangedFile {
    /// Opens bytes in memory.
    pub fn in_memory(name: &str, bytes: Vec<u8>) -> Self {
        Self { name: name.to_owned(), len: bytes.len() as u64, storage: Storage::Memory(bytes) }
    }

    /// Opens a file that the reader chose.
    pub fn chosen(name: &str, blob: Blob) -> Self {
        Self { name: name.to_owned(), len: blob.size() as u64, storage: Storage::Blob(blob) }
    }

    /// Opens a file under a URL, which may be relative to the page.
    ///
    /// # Errors
    /// One sentence for the reader, naming the file.
    pub async fn at_url(url: &str) -> Result<Self, String> {
        let name = name_of(url);
        let response = fetch(url, &name, Some(0..AHEAD)).await?;
        let kind = response.headers().get("Content-Type").ok().flatten().unwrap_or_default();
        if kind.trim_start().to_ascii_lowercase().starts_with("text/html") {
            let host = host_of(url).map_or_else(String::new, |host| format!(" of {host}"));
            return Err(format!("{name}: a web page{host} came in the place of the file. Check the address."));
        }
        match response.status() {
            206 => {
                let len = match total(&response) {
                    Some(len) => len,
                    None => length_by_head(url, &name).await?,
                };
                let first = bytes(response, &name).await?;
                let kept = RefCell::new(VecDeque::from([(0, Rc::new(first))]));
                Ok(Self { name, len, storage: Storage::Url { url: url.to_owned(), kept } })
            }
            // An empty range needs no request.
            416 => Ok(Self::in_memory(&name, Vec::new())),
            _ => {
                let failed = |error: JsValue| format!("{name} could not be fetched ({}).", words(&error));
                let blob = JsFuture::from(response.blob().map_err(failed)?).await.map_err(failed)?;
                Ok(Self::chosen(&name, blob.unchecked_into()))
            }
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A range of the file's bytes, cut at its end.
    ///
    /// # Errors
    /// One sentence for the reader, when the file can no longer be read.
    pub async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, String> {
        let range = range.start.min(self.len)..range.end.min(self.len);
        if range.is_empty() {
            return Ok(Vec::new());
        }
        match &self.storage {
            Storage::Memory(bytes) => Ok(bytes[range.start as usize..range.end as usize].to_vec()),
            Storage::Blob(blob) => self.of_blob(blob, &range).await,
            Storage::Url { url, kept } => {
                if let Some(bytes) = find(&kept.borrow(), &range) {
                    return Ok(bytes);
                }
                let wanted = range.start..range.end.max(range.start + AHEAD).min(self.len);
                let response = fetch(url, &self.name, Some(wanted.clone())).await?;
                let is_same = response.status() == 206 && total(&response).is_none_or(|len| len == self.len);
                let bytes = bytes(response, &self.name).await?;
                if !is_same || bytes.len() as u64 != wanted.end - wanted.start {
                    return Err(format!("{} has changed on its server since it was opened. Open it again.", self.name));
                }
                let asked = bytes[..(range.end - range.start) as usize].to_vec();
                if bytes.len() as u64 <= 4 * AHEAD {
                    let mut kept = kept.borrow_mut();
                    kept.push_back((wanted.start, Rc::new(bytes)));
                    if kept.len() > MAX_KEPT {
                        kept.pop_front();
                    }
                }
                Ok(asked)
            }
        }
    }

    async fn of_blob(&self, blob: &Blob, range: &Range<u64>) -> Result<Vec<u8>, String> {
        let gone =
            |error: JsValue| format!("{} cannot be read any more ({}). Open it again.", self.name, words(&error));
        let part = blob.slice_with_f64_and_f64(range.start as f64, range.end as f64).map_err(gone)?;
        let buffer = JsFuture::from(part.array_buffer()).await.map_err(gone)?;
        Ok(Uint8Array::new(&buffer).to_vec())
    }
}

fn find(kept: &VecDeque<Kept>, range: &Range<u64>) -> Option<Vec<u8>> {
    kept.iter().find_map(|(offset, bytes)| {
        let start = usize::try_from(range.start.checked_sub(*offset)?).ok()?;
        let end = usize::try_from(range.end - offset).ok()?;
        bytes.get(start..end).map(<[u8]>::to_vec)
    })
}

/// The last part of a URL's path.
fn name_of(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let decoded = js_sys::decode_uri_component(last).map(String::from);
    decoded.ok().filter(|name| !name.is_empty()).unwrap_or_else(|| url.to_owned())
}

/// The host of an absolute URL, with its port.
fn host_of(url: &str) -> Option<String> {
    let host = web_sys::Url::new(url).ok()?.host();
    (!host.is_empty()).then_some(host)
}

async fn fetch(url: &str, name: &str, range: Option<Range<u64>>) -> Result<Response, String> {
    let Some(window) = window() else { return Err(format!("{name} could not be fetched.")) };
    let host = host_of(url).or_else(|| window.location().host().ok()).unwrap_or_default();
    let failed = |error: JsValue| {
        format!(
            "{name} could not be fetched from {host} ({}): the network is down, or the server is, or it does not let other \
             pages read it (CORS).",
            words(&error)
        )
    };
    let options = RequestInit::new();
    match range {
        Some(range) => {
            let headers = Headers::new().map_err(failed)?;
            headers.set("Range", &format!("bytes={}-{}", range.start, range.end - 1)).map_err(failed)?;
            options.set_headers(&headers);
            // The browser's cache could answer with a part of another version of the file.
            options.set_cache(web_sys::RequestCache::NoStore);
        }
        None => options.set_method("HEAD"),
    }
    let response: Response =
        JsFuture::from(window.fetch_with_str_and_init(url, &options)).await.map_err(failed)?.unchecked_into();
    if response.ok() || response.status() == 416 {
        Ok(response)
    } else {
        Err(format!("{name} could not be fetched: {host} answers {}.", response.status()))
    }
}

async fn bytes(response: Response, name: &str) -> Result<Vec<u8>, String> {
    let failed = |error: JsValue| format!("{name} could not be fetched ({}).", words(&error));
    let buffer = JsFuture::from(response.array_buffer().map_err(failed)?).await.map_err(failed)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// Length of the whole file, where the server states it and lets pages of other origins read it.
fn total(response: &Response) -> Option<u64> {
    response.headers().get("Content-Range").ok()??.rsplit('/').next()?.trim().parse().ok()
}

async fn length_by_head(url: &str, name: &str) -> Result<u64, String> {
    let response = fetch(url, name, None).await?;
    let length = response.headers().get("Content-Length").ok().flatten().and_then(|length| length.parse().ok());
    length.ok_or_else(|| {
        format!("The server of {name} does not say how long the file is, so it cannot be read by parts.")
    })
}

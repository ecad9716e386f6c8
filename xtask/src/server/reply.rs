//! Replies: status, headers and media types.

use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use std::path::Path;

/// What the server sends.
pub type Reply = Response<Full<Bytes>>;

/// A reply of one line.
pub fn plain(status: u16, text: &'static str) -> Reply {
    let reply = body(status, text);
    if text.is_empty() { reply } else { with(reply, "Content-Type", "text/plain; charset=utf-8") }
}

/// Always with a length, never chunked: the page shows the progress of downloads.
pub fn body(status: u16, bytes: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(bytes.into()));
    *reply.status_mut() = status.try_into().unwrap_or_default();
    reply
}

/// The same reply, which isolates its page from other sites, as the service worker does (`public/sw.js`).
pub fn isolated(reply: Reply) -> Reply {
    let reply = with(reply, "Cross-Origin-Opener-Policy", "same-origin");
    with(reply, "Cross-Origin-Embedder-Policy", "require-corp")
}

/// Adds a header, unless HTTP does not allow its value.
pub fn with(mut reply: Reply, name: &str, value: &str) -> Reply {
    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
        reply.headers_mut().insert(name, value);
    }
    reply
}

/// The media type of a file, by its ending.
pub fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

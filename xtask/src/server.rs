//! A small static file server for this machine only: right types, ranges, validators, nothing outside its folder. It
//! sends no isolation headers and no policies, since the hosts that pages are deployed to do not either.

use anyhow::{Result, anyhow};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::UNIX_EPOCH;
use tiny_http::{Header, Method, Request, Response, Server};

/// Downloads under way at once; a browser opens six to one host.
const THREADS: usize = 16;

/// A bound port that answers once `start` is called; requests that come earlier wait.
pub struct Listener {
    server: Arc<Server>,
    /// The bound port.
    pub port: u16,
}

impl Listener {
    /// Binds to the loopback address; port 0 takes a free one.
    pub fn bind(port: u16) -> Result<Self> {
        let server = Server::http(("127.0.0.1", port))
            .map_err(|error| cannot_bind(port, error.downcast_ref::<io::Error>().map(io::Error::kind)))?;
        let port = server.server_addr().to_ip().map_or(port, |address| address.port());
        Ok(Self { server: Arc::new(server), port })
    }

    /// Serves `folder` under `prefix` ("/" or "/some/path/") on threads of its own, as long as the program runs.
    pub fn start(self, folder: &Path, prefix: &'static str) -> Result<Vec<thread::JoinHandle<()>>> {
        let folder = folder.canonicalize()?;
        let threads = (0..THREADS).map(|_| {
            let (server, folder) = (Arc::clone(&self.server), folder.clone());
            thread::spawn(move || {
                while let Ok(request) = server.recv() {
                    let reply = answer(&request, &folder, prefix);
                    // A browser that went away is no failure of ours.
                    let _ = request.respond(reply);
                }
            })
        });
        Ok(threads.collect())
    }
}

fn cannot_bind(port: u16, why: Option<io::ErrorKind>) -> anyhow::Error {
    let what = match why {
        Some(io::ErrorKind::AddrInUse) => "is in use: stop what uses it",
        Some(io::ErrorKind::PermissionDenied) => "is not allowed to this user",
        _ => "cannot be bound",
    };
    anyhow!("port {port} {what}, or choose another with --port N")
}

type Reply = Response<Box<dyn Read + Send>>;

fn answer(request: &Request, folder: &Path, prefix: &str) -> Reply {
    if !matches!(request.method(), Method::Get | Method::Head) {
        return plain(405, "only GET and HEAD");
    }
    let path = request.url().split(['?', '#']).next().unwrap_or_default();
    let Some(path) = path.strip_prefix(prefix) else {
        return plain(404, "not found");
    };
    let Some(file) = resolve(folder, path) else {
        return plain(404, "not found");
    };
    if file.is_dir() {
        // Relative links need the slash. Only the last word: the reply then holds under any prefix.
        let last = path.rsplit('/').next().unwrap_or_default();
        return with(plain(301, "moved"), "Location", &format!("{last}/"));
    }
    send(request, &file).unwrap_or_else(|_| plain(404, "not found"))
}

/// The file or folder that a URL path names, if it is inside `folder`. A folder with a slash means its index.html.
fn resolve(folder: &Path, url_path: &str) -> Option<PathBuf> {
    let decoded = percent_decode(url_path)?;
    let is_unsafe = |part: &str| part == ".." || part.contains(['\\', ':', '\0']);
    if decoded.split('/').any(is_unsafe) {
        return None;
    }
    let mut path = folder.to_path_buf();
    path.extend(decoded.split('/').filter(|part| !part.is_empty() && *part != "."));
    if path.is_dir() && (decoded.is_empty() || decoded.ends_with('/')) {
        path.push("index.html");
    }
    // Catches symbolic links that lead outside.
    path.canonicalize().ok().filter(|real| real.starts_with(folder))
}

fn send(request: &Request, path: &Path) -> Result<Reply> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let size = metadata.len();
    let modified = metadata.modified()?.duration_since(UNIX_EPOCH)?.as_nanos();
    let etag = format!("\"{size:x}-{modified:x}\"");
    let described = |reply: Reply| {
        // no-cache: the browser asks every time, and mostly hears 304.
        let reply = with(with(reply, "ETag", &etag), "Cache-Control", "no-cache");
        with(with(reply, "Accept-Ranges", "bytes"), "Content-Type", content_type(path))
    };
    if value_of(request, "If-None-Match").is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == etag)) {
        return Ok(described(plain(304, "")));
    }
    let wanted = value_of(request, "Range").filter(|_| value_of(request, "If-Range").is_none_or(|tag| tag == etag));
    let (status, first, len) = match parse_range(wanted.as_deref(), size) {
        Range::Whole => (200, 0, size),
        Range::Part { first, len } => (206, first, len),
        Range::Impossible => {
            return Ok(with(plain(416, "no such range"), "Content-Range", &format!("bytes */{size}")));
        }
    };
    file.seek(SeekFrom::Start(first))?;
    let reply = described(body(status, Box::new(file.take(len)), len));
    Ok(match status {
        206 => with(reply, "Content-Range", &format!("bytes {first}-{}/{size}", first + len - 1)),
        _ => reply,
    })
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    Whole,
    Part { first: u64, len: u64 },
    Impossible,
}

/// One range; several at once, or what is no range, may by the standard be answered with the whole.
fn parse_range(value: Option<&str>, size: u64) -> Range {
    let Some((from, to)) = value.and_then(|text| text.strip_prefix("bytes=")).and_then(|text| text.split_once('-'))
    else {
        return Range::Whole;
    };
    let (first, last) = match (from.trim().parse::<u64>(), to.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.min(size.saturating_sub(1))),
        (Ok(first), Err(_)) if to.trim().is_empty() => (first, size.saturating_sub(1)),
        (Err(_), Ok(0)) if from.trim().is_empty() => return Range::Impossible,
        (Err(_), Ok(count)) if from.trim().is_empty() => (size.saturating_sub(count), size.saturating_sub(1)),
        _ => return Range::Whole,
    };
    if first >= size { Range::Impossible } else { Range::Part { first, len: last - first + 1 } }
}

fn content_type(path: &Path) -> &'static str {
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

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn value_of(request: &Request, name: &'static str) -> Option<String> {
    request.headers().iter().find(|header| header.field.equiv(name)).map(|header| header.value.to_string())
}

fn plain(status: u16, text: &'static str) -> Reply {
    let reply = body(status, Box::new(text.as_bytes()), text.len() as u64);
    if text.is_empty() { reply } else { with(reply, "Content-Type", "text/plain; charset=utf-8") }
}

/// Always with a length, never chunked: the page shows progress as bytes of bytes.
fn body(status: u16, reader: Box<dyn Read + Send>, len: u64) -> Reply {
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    Response::new(status.into(), Vec::new(), reader, Some(len), None).with_chunked_threshold(usize::MAX)
}

/// A value that HTTP cannot say is left out.
fn with(reply: Reply, name: &str, value: &str) -> Reply {
    match Header::from_bytes(name, value) {
        Ok(header) => reply.with_header(header),
        Err(()) => reply,
    }
}

/// Whether dist/ at `folder` can be served at all.
pub fn check_folder(folder: &Path) -> Result<()> {
    fs::metadata(folder.join("index.html")).map(|_| ()).map_err(|_| anyhow!("{} has no index.html", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let part = |first, len| Range::Part { first, len };
        let cases = [
            (None, Range::Whole),
            (Some("bytes=0-9"), part(0, 10)),
            (Some("bytes=10-"), part(10, 90)),
            (Some("bytes=-5"), part(95, 5)),
            (Some("bytes=-500"), part(0, 100)),
            (Some("bytes=90-500"), part(90, 10)),
            (Some("bytes=100-"), Range::Impossible),
            (Some("bytes=-0"), Range::Impossible),
            (Some("bytes=9-3"), Range::Whole),
            (Some("bytes=0-1,5-6"), Range::Whole),
            (Some("lines=1-2"), Range::Whole),
        ];
        for (value, expected) in cases {
            assert_eq!(parse_range(value, 100), expected, "{value:?}");
        }
    }

    #[test]
    fn nothing_outside_the_folder() {
        let base = std::env::temp_dir().join(format!("headlight-server-{}", std::process::id()));
        let folder = base.join("site");
        fs::create_dir_all(folder.join("sub")).unwrap();
        fs::write(folder.join("index.html"), "").unwrap();
        fs::write(base.join("secret"), "").unwrap();
        let folder = folder.canonicalize().unwrap();
        let inside = |path| resolve(&folder, path).is_some();
        assert!(inside("") && inside("index.html") && inside("sub") && inside("./index.html"));
        assert!(!inside("sub/") && !inside("none"));
        for path in ["../secret", "%2e%2e/secret", "sub/../../secret", "..%2fsecret", "..\\secret", "%00", "%zz"] {
            assert!(!inside(path), "{path}");
        }
        fs::remove_dir_all(base).unwrap();
    }
}

//! The answer to a request: a file below the site's folder, or why there is none.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::UNIX_EPOCH;

use anyhow::Result;
use hyper::{Method, Request};

use super::Site;
use super::range::{Range, parse_range};
use super::reply::{Reply, body, content_type, plain, with};

/// Answers a request.
pub fn answer<B>(request: &Request<B>, site: &Site) -> Reply {
    let Site { prefix, instead, .. } = site;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return plain(405, "only GET and HEAD");
    }
    let Some(path) = request.uri().path().strip_prefix(*prefix) else {
        return plain(404, "not found");
    };
    if let Some((_, text)) = instead.filter(|(name, _)| *name == path) {
        let reply = with(body(200, text.as_bytes().to_vec()), "Content-Type", content_type(Path::new(path)));
        return with(reply, "Cache-Control", "no-store");
    }
    let folder = site.folder.read().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(file) = resolve(&folder, path) else {
        return match site.is_unfinished.load(Ordering::Relaxed) {
            true => with(plain(503, "still being made"), "Cache-Control", "no-store"),
            false => plain(404, "not found"),
        };
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

fn send<B>(request: &Request<B>, path: &Path) -> Result<Reply> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let size = metadata.len();
    let modified = metadata.modified()?.duration_since(UNIX_EPOCH)?.as_nanos();
    let etag = format!("\"{size:x}-{modified:x}\"");
    let described = |reply: Reply| {
        // no-cache: the browser asks every time, and mostly hears 304.
        let reply = with(with(reply, "ETag", &etag), "Cache-Control", "no-cache");
        let reply = with(with(reply, "Accept-Ranges", "bytes"), "Content-Type", content_type(path));
        // As most static hosts: pages of other sites may show views of this one.
        with(reply, "Access-Control-Allow-Origin", "*")
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
    let mut bytes = vec![0; usize::try_from(len)?];
    file.read_exact(&mut bytes)?;
    let reply = described(body(status, bytes));
    Ok(match status {
        206 => with(reply, "Content-Range", &format!("bytes {first}-{}/{size}", first + len - 1)),
        _ => reply,
    })
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

fn value_of<B>(request: &Request<B>, name: &'static str) -> Option<String> {
    request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

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

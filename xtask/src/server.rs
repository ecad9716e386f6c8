//! A small static file server for this machine only: media types, ranges, validators, and nothing outside its folder. Like the
//! hosts that pages are deployed to it sends no policies. The headers that isolate a page, which threads need, are sent only where the
//! server stands in for the service worker, which adds them otherwise.

use anyhow::{Result, anyhow};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

/// A path below the prefix, and the text that is sent for it instead of a file.
pub type Instead = (&'static str, &'static str);

/// What is served, and under which path.
struct Site {
    folder: RwLock<PathBuf>,
    prefix: &'static str,
    instead: Option<Instead>,
    is_isolated: bool,
    is_unfinished: AtomicBool,
}

/// A bound port that answers once `start` is called; requests that come earlier wait.
pub struct Listener {
    socket: TcpListener,
    /// The bound port.
    pub port: u16,
    is_isolated: bool,
}

impl Listener {
    /// Binds to the loopback address; port 0 takes a free one.
    pub fn bind(port: u16) -> Result<Self> {
        let socket = TcpListener::bind(("127.0.0.1", port)).map_err(|error| cannot_bind(port, error.kind()))?;
        let port = socket.local_addr()?.port();
        Ok(Self { socket, port, is_isolated: false })
    }

    /// Isolates its pages from other sites: with every file come the headers for it.
    pub fn isolated(self) -> Self {
        Self { is_isolated: true, ..self }
    }

    /// Serves `folder` under `prefix` ("/" or "/some/path/") on a thread of its own, as long as the program runs. However many
    /// connections a browser keeps open, none waits for another.
    pub fn start(self, folder: &Path, prefix: &'static str) -> Result<Server> {
        self.start_with(folder, prefix, None)
    }

    /// The same, but the script at the path `instead.0` is the text `instead.1`.
    pub fn start_with(self, folder: &Path, prefix: &'static str, instead: Option<Instead>) -> Result<Server> {
        let site = Arc::new(Site {
            folder: RwLock::new(folder.canonicalize()?),
            prefix,
            instead,
            is_isolated: self.is_isolated,
            is_unfinished: AtomicBool::new(false),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        self.socket.set_nonblocking(true)?;
        let socket = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(self.socket)?
        };
        let served = Arc::clone(&site);
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    match socket.accept().await {
                        Ok((stream, _)) => drop(tokio::spawn(converse(stream, Arc::clone(&served)))),
                        // For example out of file handles, which other connections will close.
                        Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                    }
                }
            });
        });
        Ok(Server { site, thread })
    }
}

/// A server that runs.
pub struct Server {
    site: Arc<Site>,
    thread: thread::JoinHandle<()>,
}

impl Server {
    /// Serves another folder from now on.
    pub fn serve_from(&self, folder: &Path) -> Result<()> {
        *self.site.folder.write().unwrap_or_else(PoisonError::into_inner) = folder.canonicalize()?;
        Ok(())
    }

    /// Whether files that are missing are still being made: whoever asks for one is told so.
    pub fn is_unfinished(&self, is_unfinished: bool) {
        self.site.is_unfinished.store(is_unfinished, Ordering::Relaxed);
    }

    /// Waits until the program is stopped.
    pub fn run(self) -> Result<()> {
        self.thread.join().map_err(|_| anyhow!("the server broke off"))
    }
}

/// Answers one connection until either side closes it.
async fn converse(stream: tokio::net::TcpStream, site: Arc<Site>) {
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let site = Arc::clone(&site);
        // Files are read where that holds up no other connection.
        tokio::task::spawn_blocking(move || {
            let reply = answer(&request, &site);
            if site.is_isolated { isolated(reply) } else { reply }
        })
    });
    // A browser that went away is not a failure of the server.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn cannot_bind(port: u16, why: io::ErrorKind) -> anyhow::Error {
    let what = match why {
        io::ErrorKind::AddrInUse => "is in use: stop what uses it",
        io::ErrorKind::PermissionDenied => "is not allowed to this user",
        _ => "cannot be bound",
    };
    anyhow!("port {port} {what}, or choose another with --port N")
}

type Reply = Response<Full<Bytes>>;

fn answer<B>(request: &Request<B>, site: &Site) -> Reply {
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

#[derive(Debug, PartialEq, Eq)]
enum Range {
    Whole,
    Part { first: u64, len: u64 },
    Impossible,
}

/// One range. By the standard, several ranges and malformed ones may be answered with the whole file.
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

fn value_of<B>(request: &Request<B>, name: &'static str) -> Option<String> {
    request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn plain(status: u16, text: &'static str) -> Reply {
    let reply = body(status, text);
    if text.is_empty() { reply } else { with(reply, "Content-Type", "text/plain; charset=utf-8") }
}

/// Always with a length, never chunked: the page shows the progress of downloads.
fn body(status: u16, bytes: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(bytes.into()));
    *reply.status_mut() = status.try_into().unwrap_or_default();
    reply
}

fn isolated(reply: Reply) -> Reply {
    let reply = with(reply, "Cross-Origin-Opener-Policy", "same-origin");
    with(reply, "Cross-Origin-Embedder-Policy", "credentialless")
}

/// Adds a header, unless HTTP does not allow its value.
fn with(mut reply: Reply, name: &str, value: &str) -> Reply {
    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
        reply.headers_mut().insert(name, value);
    }
    reply
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

    /// Browsers open six connections at once and keep them: one that is never answered leaves a page half loaded.
    #[test]
    fn many_connections_that_stay_open_are_all_answered() {
        use std::io::Write;
        use std::net::TcpStream;

        let folder = std::env::temp_dir().join(format!("headlight-connections-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.txt"), "0123456789").unwrap();
        let listener = Listener::bind(0).unwrap();
        let port = listener.port;
        listener.start(&folder, "/").unwrap();
        for _ in 0..20 {
            let mut open: Vec<TcpStream> = (0..12).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
            for stream in &mut open {
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                stream.write_all(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=2-4\r\n\r\n").unwrap();
            }
            for stream in &mut open {
                let mut heard = String::new();
                while !heard.ends_with("\r\n\r\n234") {
                    let mut bytes = [0; 512];
                    let n = stream.read(&mut bytes).unwrap();
                    assert!(n > 0, "{heard}");
                    heard.push_str(std::str::from_utf8(&bytes[..n]).unwrap());
                }
                assert!(heard.starts_with("HTTP/1.1 206 ") && heard.contains("content-length: 3\r\n"), "{heard}");
            }
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn missing_files_of_an_unfinished_site_are_still_being_made() {
        let folder = std::env::temp_dir().join(format!("headlight-unfinished-{}", std::process::id()));
        let (first, whole) = (folder.join("first"), folder.join("whole"));
        for site in [&first, &whole] {
            fs::create_dir_all(site).unwrap();
            fs::write(site.join("index.html"), "").unwrap();
        }
        fs::write(whole.join("viewer.html"), "").unwrap();
        let server = Listener::bind(0).unwrap().start(&first, "/").unwrap();
        let status = |name: &str| {
            let request = Request::get(format!("/{name}")).body(()).unwrap();
            answer(&request, &server.site).status().as_u16()
        };
        assert_eq!([status("index.html"), status("viewer.html")], [200, 404]);
        server.is_unfinished(true);
        assert_eq!([status("index.html"), status("viewer.html")], [200, 503]);
        server.serve_from(&whole).unwrap();
        server.is_unfinished(false);
        assert_eq!([status("viewer.html"), status("none")], [200, 404]);
        fs::remove_dir_all(folder).unwrap();
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

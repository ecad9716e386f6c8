//! A server with the Hub's addresses on this machine, and the ways in which servers misbehave.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

/// Names and contents.
pub type Files = Vec<(String, Vec<u8>)>;

/// The commit of every repository.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What a server does wrong, beside what a repository holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Each answer breaks off after so many bytes.
    Breaks(usize),
    /// As `Breaks`, and after the first break the contents have another ETag.
    Changes(usize),
    /// As `Breaks`, from a server that knows no ranges.
    BreaksWithoutRanges(usize),
    /// Files come in so many parts, a tenth of a second apart.
    Slow(usize),
    /// The first so many answers are a sign-in page's: other bytes, without an ETag, and broken off after 100 bytes.
    SignIn(usize),
    /// Every file is a web page.
    Page,
    /// Large files are served with bytes missing at their end.
    Short,
    /// Large files are served with further bytes at their end.
    Long,
    /// Large files are served with one bit flipped.
    Damaged,
    /// The first so many answers are this status, with Retry-After.
    First(usize, u16, u32),
    /// Files are refused with this status and word.
    Files(u16, &'static str),
    /// The listing is refused with this status and word.
    Listing(u16, &'static str),
    /// The listing has another form.
    NoListing,
}

struct Repository {
    files: Files,
    fault: Fault,
}

/// The server; it ends with the test's process.
pub struct HubServer {
    /// Its address, with a path before what the Hub has.
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    repositories: Mutex<BTreeMap<String, Repository>>,
    /// "GET path range".
    log: Mutex<Vec<String>>,
    /// "Bearer …", of requests that have one.
    tokens: Mutex<Vec<String>>,
}

impl HubServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://127.0.0.1:{}/mirror", listener.local_addr().unwrap().port());
        let shared =
            Arc::new(Shared { repositories: Mutex::default(), log: Mutex::default(), tokens: Mutex::default() });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serving = Arc::clone(&serving);
                // A client that hangs up is what some tests are about.
                std::thread::spawn(move || _ = serving.answer(stream));
            }
        });
        Self { url, shared }
    }

    /// Adds a repository, or replaces one.
    pub fn put(&self, name: &str, files: Files, fault: Fault) {
        self.shared.repositories.lock().unwrap().insert(name.to_owned(), Repository { files, fault });
    }

    /// What was asked for since the last call, one "path" or "path from N" each; listings are left out.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.log.lock().unwrap())
    }

    /// The access tokens that were sent since the last call, one for each request that had one.
    pub fn tokens(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.tokens.lock().unwrap())
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Files from this length on are kept in the large store, which gives their SHA-256 and is reached by a redirection.
const LARGE: usize = 20_000;

impl Shared {
    fn answer(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let request = lines.next().unwrap_or(Ok(String::new()))?;
        let mut headers = BTreeMap::new();
        for line in lines {
            let line = line?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                headers.insert(name.to_lowercase(), value.trim().to_owned());
            }
        }
        self.tokens.lock().unwrap().extend(headers.get("authorization").cloned());
        let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches("/mirror/").to_owned();
        let path = path.split('?').next().unwrap_or_default().to_owned();
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["api", "models", owner, name, "revision", revision] => {
                self.list(stream, &format!("{owner}/{name}"), revision)
            }
            [owner, name, "resolve", commit, file] => {
                let is_here = *commit == COMMIT;
                self.file(stream, &format!("{owner}/{name}"), is_here.then_some(file), &headers, false)
            }
            ["store", owner, name, file] => self.file(stream, &format!("{owner}/{name}"), Some(file), &headers, true),
            _ => say(stream, 404, &[], b""),
        }
    }

    fn list(&self, stream: TcpStream, name: &str, revision: &str) -> std::io::Result<()> {
        let repositories = self.repositories.lock().unwrap();
        let Some(repository) = repositories.get(name) else {
            return say(stream, 401, &[("X-Error-Code", "RepoNotFound".to_owned())], b"Invalid username or password.");
        };
        match repository.fault {
            Fault::Listing(status, code) => return say(stream, status, &[("X-Error-Code", code.to_owned())], b""),
            Fault::NoListing => return say(stream, 200, &[], b"<!doctype html><title>Welcome</title>"),
            _ => {}
        }
        if !["main", COMMIT].contains(&revision) {
            return say(stream, 404, &[("X-Error-Code", "RevisionNotFound".to_owned())], b"");
        }
        let sibling = |(name, bytes): &(String, Vec<u8>)| {
            let lfs = serde_json::json!({"sha256": sha256(bytes), "size": bytes.len(), "pointerSize": 134});
            let mut sibling = serde_json::json!({"rfilename": name, "size": bytes.len(), "blobId": "0"});
            if bytes.len() >= LARGE {
                sibling["lfs"] = lfs;
            }
            sibling
        };
        let siblings: Vec<_> = repository.files.iter().map(sibling).collect();
        let json = serde_json::json!({"id": name, "sha": COMMIT, "tags": ["license:mit"], "siblings": siblings});
        say(stream, 200, &[("Content-Type", "application/json".to_owned())], json.to_string().as_bytes())
    }

    fn file(
        &self,
        stream: TcpStream,
        name: &str,
        file: Option<&str>,
        headers: &BTreeMap<String, String>,
        is_store: bool,
    ) -> std::io::Result<()> {
        let mut repositories = self.repositories.lock().unwrap();
        let Some(repository) = repositories.get_mut(name) else { return say(stream, 404, &[], b"") };
        let found = repository.files.iter().find(|(known, _)| Some(known.as_str()) == file);
        let Some((file, bytes)) = found.cloned() else { return say(stream, 404, &[], b"") };
        let is_large = bytes.len() >= LARGE;
        if is_large && !is_store {
            drop(repositories);
            return say(stream, 302, &[("Location", format!("/mirror/store/{name}/{file}"))], b"");
        }
        let range =
            headers.get("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        let from: usize = range.unwrap_or(0);
        self.log.lock().unwrap().push(if from > 0 { format!("{file} from {from}") } else { file.clone() });
        let mut bytes = bytes;
        let mut etag = "\"one\"".to_owned();
        let mut cut = usize::MAX;
        let mut has_ranges = true;
        match &mut repository.fault {
            Fault::Files(status, code) => {
                let (status, code) = (*status, (*code).to_owned());
                return say(stream, status, &[("X-Error-Code", code)], b"");
            }
            Fault::First(0, ..) | Fault::None | Fault::Listing(..) | Fault::NoListing => {}
            Fault::First(n_left, status, wait_s) => {
                *n_left -= 1;
                let (status, wait) = (*status, wait_s.to_string());
                return say(stream, status, &[("Retry-After", wait)], b"");
            }
            Fault::Slow(n_parts) => {
                let part = bytes.len().div_ceil(*n_parts).max(1);
                drop(repositories);
                head(&stream, 200, &[("ETag", etag)], bytes.len())?;
                for bytes in bytes.chunks(part) {
                    (&stream).write_all(bytes)?;
                    std::thread::sleep(std::time::Duration::from_millis(100));
                }
                return Ok(());
            }
            Fault::SignIn(0) => {}
            Fault::SignIn(n_left) => {
                *n_left -= 1;
                head(&stream, 200, &[], bytes.len())?;
                return (&stream).write_all(&[b'x'; 100]);
            }
            Fault::Page => {
                let kind = ("Content-Type", "text/html; charset=utf-8".to_owned());
                return say(stream, 200, &[kind], b"<!doctype html><title>Sign in</title>");
            }
            _ if !is_large => {}
            Fault::Breaks(n_bytes) => cut = *n_bytes,
            Fault::Changes(n_bytes) => {
                if from > 0 || headers.contains_key("if-range") {
                    etag = "\"two\"".to_owned();
                } else {
                    cut = *n_bytes;
                }
            }
            Fault::BreaksWithoutRanges(n_bytes) => (cut, has_ranges) = (*n_bytes, false),
            Fault::Short => bytes.truncate(bytes.len() - 10),
            Fault::Long => bytes.extend([0; 10]),
            Fault::Damaged => {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            }
        }
        drop(repositories);
        let is_same = headers.get("if-range").is_none_or(|wanted| *wanted == etag);
        let (status, body) = match from {
            0 => (200, &bytes[..]),
            _ if !has_ranges || !is_same => (200, &bytes[..]),
            from if from >= bytes.len() => {
                return say(stream, 416, &[("Content-Range", format!("bytes */{}", bytes.len()))], b"");
            }
            from => (206, &bytes[from..]),
        };
        let mut more = vec![("ETag", etag), ("Accept-Ranges", "bytes".to_owned())];
        if status == 206 {
            more.push(("Content-Range", format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len())));
        }
        head(&stream, status, &more, body.len())?;
        (&stream).write_all(&body[..cut.min(body.len())])
    }
}

fn head(mut stream: &TcpStream, status: u16, more: &[(&str, String)], length: usize) -> std::io::Result<()> {
    let mut text = format!("HTTP/1.1 {status} Status\r\nContent-Length: {length}\r\nConnection: close\r\n");
    for (name, value) in more {
        text += &format!("{name}: {value}\r\n");
    }
    stream.write_all((text + "\r\n").as_bytes())
}

fn say(stream: TcpStream, status: u16, more: &[(&str, String)], body: &[u8]) -> std::io::Result<()> {
    head(&stream, status, more, body.len())?;
    (&stream).write_all(body)
}

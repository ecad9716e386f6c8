//! The download of one file: what to request next, what an answer means, when to try again, and when the file is
//! complete.
//!
//! ```text
//! ask ─▶ (request) ─▶ answered ─▶ Append | Restart ─▶ got … got ─▶ ended ─▶ verified
//!  ▲                     │ Wait                          │ dropped      │ dropped
//!  └─────────────────────┴────────── wait ◀──────────────┴──────────────┘
//! ```
//!
//! After a broken connection a range starts where the connection broke off. A range fits only the same contents, which
//! the ETag identifies (sent as If-Range where the transport can, and compared in any case). Bytes without an ETag are
//! never continued: they may be another server's, such as the sign-in page of a network. Length and SHA-256 say whether
//! the whole file is the listed one.

use super::SourceError;

/// Breaks in a row without progress before the transfer gives up.
const MAX_BREAKS: u32 = 5;
/// How often a server may ask to wait.
const MAX_WAITS: u32 = 3;
/// The longest wait before the reader is asked to try again, in milliseconds.
const MAX_WAIT_S: u64 = 30;
/// The wait after the first break, in milliseconds; it doubles with each further break.
const FIRST_WAIT_MS: u64 = 250;

/// The download of one file.
#[derive(Clone, Debug)]
pub struct Transfer {
    origin: Origin,
    file: String,
    size: u64,
    sha256: Option<String>,
    have: u64,
    /// The most bytes ever held: only bytes beyond them count as progress.
    most: u64,
    etag: Option<String>,
    n_breaks: u32,
    n_waits: u32,
    /// Whether bytes kept by an earlier attempt are part of the file.
    is_resumed: bool,
}

/// The origin of a file, for messages.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Host of the server, with its port.
    pub host: String,
    /// `owner/name`, for a file of the Hub.
    pub repo: Option<String>,
    /// Page about the repository.
    pub page: String,
}

impl Origin {
    /// The origin of a file outside repositories.
    pub fn of_url(url: &str) -> Self {
        let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
        let host = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
        Self { host: host.to_owned(), ..Self::default() }
    }
}

/// A request to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// First byte of the range; 0 asks for the whole file without a range.
    pub from: u64,
    /// ETag that the rest must have.
    pub if_range: Option<String>,
}

/// The head of an answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// ETag of the contents.
    pub etag: Option<String>,
    /// Content-Length, in bytes.
    pub length: Option<u64>,
    /// Whether Content-Length is the length of the contents rather than of a compressed form.
    pub is_exact: bool,
    /// Content-Range, unparsed.
    pub range: Option<String>,
    /// Retry-After in seconds.
    pub retry_after_s: Option<u64>,
    /// X-Error-Code, the Hub's own code.
    pub error_code: Option<String>,
    /// Whether Content-Type says that the contents are a web page.
    pub is_page: bool,
}

/// Whether a Content-Type is that of a web page.
pub fn is_page(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    ["text/html", "application/xhtml+xml"].iter().any(|page| kind.eq_ignore_ascii_case(page))
}

/// What to do with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// Append the answer's bytes to the bytes held.
    Append,
    /// Discard the bytes held; the answer's bytes are the file from its start.
    Restart,
    /// Ask again after this many milliseconds.
    Wait(u64),
}

impl Transfer {
    /// Starts a download with no bytes held.
    pub fn new(origin: Origin, file: &str, size: u64, sha256: Option<String>) -> Self {
        Self {
            origin,
            file: file.to_owned(),
            size,
            sha256,
            have: 0,
            most: 0,
            etag: None,
            n_breaks: 0,
            n_waits: 0,
            is_resumed: false,
        }
    }

    /// Resumes with `have` bytes that an earlier attempt kept. Returns false, and holds nothing, where the file is
    /// shorter, or where no ETag tells of which contents the bytes are.
    pub fn resume(&mut self, have: u64, etag: Option<String>) -> bool {
        if have > self.size || have > 0 && etag.is_none() {
            return false;
        }
        (self.have, self.most, self.etag, self.is_resumed) = (have, have, etag, have > 0);
        true
    }

    /// Bytes held so far.
    pub fn have(&self) -> u64 {
        self.have
    }

    /// ETag of the bytes held so far.
    pub fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// Whether every byte has arrived.
    pub fn is_whole(&self) -> bool {
        self.have == self.size
    }

    /// The next request.
    pub fn ask(&self) -> Ask {
        let Some(etag) = self.etag.as_ref().filter(|_| self.have > 0) else { return Ask { from: 0, if_range: None } };
        // A weak ETag does not promise equal bytes, so If-Range must not carry it.
        Ask { from: self.have, if_range: Some(etag.clone()).filter(|etag| !etag.starts_with("W/")) }
    }

    /// What to do with an answer.
    ///
    /// # Errors
    /// When asking again would not help.
    pub fn answered(&mut self, answer: &Answer) -> Result<Go, SourceError> {
        match answer.status {
            200 | 206 if answer.is_page && !self.is_of_page() => {
                Err(SourceError::Page { file: self.file.clone(), host: self.origin.host.clone() })
            }
            206 if self.have > 0 => {
                let (start, total) = answer.range.as_deref().and_then(content_range).unwrap_or((self.have, None));
                if let Some(found) = total.filter(|total| *total != self.size) {
                    return Err(self.length(found));
                }
                if start == self.have && self.continues(answer.etag.as_deref()) {
                    return Ok(Go::Append);
                }
                // The range is of other contents, or is not the requested one: start again without a range.
                self.forget();
                Ok(Go::Wait(0))
            }
            200 | 206 => {
                let is_start =
                    answer.status == 200 || answer.range.as_deref().and_then(content_range).is_none_or(|it| it.0 == 0);
                if !is_start {
                    return Err(SourceError::Status { what: self.file.clone(), status: answer.status });
                }
                // The length of a compressed answer says nothing; its end does.
                let is_wrong = |found: &u64| *found > self.size || answer.is_exact && *found != self.size;
                if let Some(found) = answer.length.filter(is_wrong) {
                    return Err(self.length(found));
                }
                self.forget();
                self.etag.clone_from(&answer.etag);
                Ok(Go::Restart)
            }
            // The range begins at or beyond the end of what the server has now.
            416 if self.have > 0 => {
                let total = answer.range.as_deref().and_then(|range| range.trim().rsplit_once('/')?.1.parse().ok());
                if let Some(found) = total.filter(|total| *total != self.size) {
                    return Err(self.length(found));
                }
                self.forget();
                Ok(Go::Wait(0))
            }
            status @ (429 | 500..=599) => {
                let wait_s = answer.retry_after_s.unwrap_or(1 << self.n_waits);
                self.n_waits += 1;
                if self.n_waits <= MAX_WAITS && wait_s <= MAX_WAIT_S {
                    return Ok(Go::Wait(wait_s * 1_000));
                }
                Err(match status {
                    429 => SourceError::RateLimit { host: self.origin.host.clone(), wait_s: answer.retry_after_s },
                    _ => SourceError::Status { what: self.file.clone(), status },
                })
            }
            status => Err(self.refusal(status)),
        }
    }

    fn refusal(&self, status: u16) -> SourceError {
        let (file, page) = (self.file.clone(), self.origin.page.clone());
        match (&self.origin.repo, status) {
            (Some(repo), 401 | 403) => SourceError::Gated { repo: repo.clone(), page },
            (Some(repo), 404 | 410) => SourceError::NoFile { repo: repo.clone(), file },
            _ => SourceError::Status { what: file, status },
        }
    }

    /// Notes that `n_bytes` arrived.
    ///
    /// # Errors
    /// When the file would be longer than listed.
    pub fn got(&mut self, n_bytes: u64) -> Result<(), SourceError> {
        self.have += n_bytes;
        if self.have > self.most {
            (self.most, self.n_breaks, self.n_waits) = (self.have, 0, 0);
        }
        if self.have > self.size { Err(self.length(self.have)) } else { Ok(()) }
    }

    /// Notes that the connection broke off or failed. Returns the milliseconds to wait before the next request.
    ///
    /// # Errors
    /// When the connection broke off too often.
    pub fn dropped(&mut self, reason: &str, advice: &str) -> Result<u64, SourceError> {
        self.n_breaks += 1;
        if self.n_breaks < MAX_BREAKS {
            return Ok(FIRST_WAIT_MS << (self.n_breaks - 1));
        }
        if self.have == 0 {
            let (host, reason, advice) = (self.origin.host.clone(), reason.to_owned(), advice.to_owned());
            return Err(SourceError::Unreachable { host, reason, advice });
        }
        let (file, reason) = (self.file.clone(), reason.to_owned());
        Err(SourceError::Dropped { file, n_times: self.n_breaks, reason, have: self.have, size: self.size })
    }

    /// Notes that the answer ended. Returns true when the file is whole; otherwise [`Transfer::dropped`] comes next.
    pub fn ended(&self) -> bool {
        self.is_whole()
    }

    /// Compares the SHA-256 of the whole file, in lower-case hexadecimal, with the listed one. Returns true when they
    /// are equal, and false when bytes kept by an earlier attempt may have spoilt the file, which then starts again.
    ///
    /// # Errors
    /// When a fresh download has other contents than listed.
    pub fn verified(&mut self, found: &str) -> Result<bool, SourceError> {
        let Some(expected) = self.sha256.clone().filter(|expected| expected != found) else { return Ok(true) };
        if self.is_resumed {
            self.forget();
            return Ok(false);
        }
        Err(SourceError::Digest { file: self.file.clone(), expected, found: found.to_owned() })
    }

    /// Whether an answer with this ETag goes on where the bytes held end. A weak or empty one does not promise equal bytes, so it
    /// counts only where the SHA-256 of the whole decides in the end.
    fn continues(&self, theirs: Option<&str>) -> bool {
        let (Some(ours), Some(theirs)) = (self.etag.as_deref(), theirs) else { return false };
        let promises = |etag: &str| !etag.starts_with("W/") && !etag.trim_matches('"').is_empty();
        ours == theirs && promises(ours) || self.sha256.is_some() && strong(ours) == strong(theirs)
    }

    /// Whether the file is a web page itself.
    fn is_of_page(&self) -> bool {
        let name = self.file.to_ascii_lowercase();
        name.ends_with(".html") || name.ends_with(".htm")
    }

    fn forget(&mut self) {
        (self.have, self.etag, self.is_resumed) = (0, None, false);
    }

    fn length(&self, found: u64) -> SourceError {
        SourceError::Length { file: self.file.clone(), expected: self.size, found }
    }
}

fn strong(etag: &str) -> &str {
    etag.strip_prefix("W/").unwrap_or(etag)
}

/// Start of a Content-Range such as "bytes 5-9/10", and the length of the whole file where the range states it.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    Some((range.split_once('-')?.0.trim().parse().ok()?, total.trim().parse().ok()))
}

#[cfg(test)]
mod tests;

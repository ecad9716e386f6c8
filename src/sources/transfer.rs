//! One file on its way: what to ask for next, what an answer means, when to try again, and when it is the file.
//!
//! ```text
//! ask ─▶ (request) ─▶ answered ─▶ Append | Restart ─▶ got … got ─▶ ended ─▶ verified
//!  ▲                     │ Wait                          │ dropped      │ dropped
//!  └─────────────────────┴────────── wait ◀──────────────┴──────────────┘
//! ```
//!
//! What has come is never asked for again: a broken connection goes on with a range from where it broke off. The range is
//! good only of the same contents, which the ETag says (If-Range where the transport may send it, and compared in any
//! case); length and SHA-256 say whether the whole is what was listed.

use super::SourceError;

/// Breaks in a row, without getting any further in between, before giving up.
const MAX_BREAKS: u32 = 5;
/// Times that a server may ask to wait.
const MAX_WAITS: u32 = 3;
/// The longest wait that is not left to a person.
const MAX_WAIT_S: u64 = 30;
/// The wait after the first break; it doubles with each further one.
const FIRST_WAIT_MS: u64 = 250;

/// A file on its way.
#[derive(Clone, Debug)]
pub struct Transfer {
    origin: Origin,
    file: String,
    size: u64,
    sha256: Option<String>,
    have: u64,
    /// The most that ever was there: only what goes beyond it is progress.
    most: u64,
    etag: Option<String>,
    n_breaks: u32,
    n_waits: u32,
    /// Whether something that was kept from before is part of it.
    is_resumed: bool,
}

/// Where a file comes from, for messages.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The server.
    pub host: String,
    /// The repository, of a file of the Hub.
    pub repo: Option<String>,
    /// Where a person reads about it.
    pub page: String,
}

/// What to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// From this byte on; 0: the whole, without a range.
    pub from: u64,
    /// What the rest must belong to.
    pub if_range: Option<String>,
}

/// The head of an answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The contents' name.
    pub etag: Option<String>,
    /// Content-Length.
    pub length: Option<u64>,
    /// Whether that is surely the length of the contents, and not of something compressed.
    pub is_exact: bool,
    /// Content-Range, as it stands.
    pub range: Option<String>,
    /// Retry-After in seconds.
    pub retry_after_s: Option<u64>,
    /// X-Error-Code, the Hub's own word.
    pub error_code: Option<String>,
}

/// What to do with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// Its bytes go on where the file broke off.
    Append,
    /// Its bytes are the file from the start: what was kept is thrown away.
    Restart,
    /// Ask again after so many milliseconds.
    Wait(u64),
}

impl Transfer {
    /// A file of which nothing is there yet.
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

    /// Goes on with what an earlier attempt kept. More than there can be is refused: false, and nothing is there.
    pub fn resume(&mut self, have: u64, etag: Option<String>) -> bool {
        if have > self.size {
            return false;
        }
        (self.have, self.most, self.etag, self.is_resumed) = (have, have, etag, have > 0);
        true
    }

    /// How many bytes are there.
    pub fn have(&self) -> u64 {
        self.have
    }

    /// What the bytes that are there belong to.
    pub fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// Whether nothing more is to be asked for.
    pub fn is_whole(&self) -> bool {
        self.have == self.size
    }

    /// What to ask for now.
    pub fn ask(&self) -> Ask {
        // A weak name promises no equal bytes: If-Range may not carry it.
        let strong = self.etag.clone().filter(|etag| !etag.starts_with("W/"));
        Ask { from: self.have, if_range: strong.filter(|_| self.have > 0) }
    }

    /// What an answer means.
    ///
    /// # Errors
    /// When asking again would not help.
    pub fn answered(&mut self, answer: &Answer) -> Result<Go, SourceError> {
        match answer.status {
            206 if self.have > 0 => {
                let (start, total) = answer.range.as_deref().and_then(content_range).unwrap_or((self.have, None));
                if let Some(found) = total.filter(|total| *total != self.size) {
                    return Err(self.length(found));
                }
                let is_same = match (&self.etag, &answer.etag) {
                    (Some(ours), Some(theirs)) => strong(ours) == strong(theirs),
                    _ => true,
                };
                if start == self.have && is_same {
                    return Ok(Go::Append);
                }
                // Something else than what is there, or than was asked for: from the start, without a range.
                self.forget();
                Ok(Go::Wait(0))
            }
            200 | 206 => {
                let is_start =
                    answer.status == 200 || answer.range.as_deref().and_then(content_range).is_none_or(|it| it.0 == 0);
                if !is_start {
                    return Err(SourceError::Status { what: self.file.clone(), status: answer.status });
                }
                // Of a compressed answer the length is another: then the end tells.
                let is_wrong = |found: &u64| *found > self.size || answer.is_exact && *found != self.size;
                if let Some(found) = answer.length.filter(is_wrong) {
                    return Err(self.length(found));
                }
                self.forget();
                self.etag.clone_from(&answer.etag);
                Ok(Go::Restart)
            }
            // The range begins at or after the end of what the server has now.
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

    /// So many bytes came.
    ///
    /// # Errors
    /// When that is more than there can be.
    pub fn got(&mut self, n_bytes: u64) -> Result<(), SourceError> {
        self.have += n_bytes;
        if self.have > self.most {
            (self.most, self.n_breaks, self.n_waits) = (self.have, 0, 0);
        }
        if self.have > self.size { Err(self.length(self.have)) } else { Ok(()) }
    }

    /// The connection broke off, or never stood: how many milliseconds to wait before asking again.
    ///
    /// # Errors
    /// When it did so too often.
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

    /// The answer ended without a complaint: true when the file is whole; else the rest is to be asked for, after a
    /// [`Transfer::dropped`].
    pub fn ended(&self) -> bool {
        self.is_whole()
    }

    /// Compares the SHA-256 of the whole, lower-case hexadecimal. True: it is the file. False: what was kept from before
    /// had spoilt it, and it is to be asked for anew.
    ///
    /// # Errors
    /// When it has other contents.
    pub fn verified(&mut self, found: &str) -> Result<bool, SourceError> {
        let Some(expected) = self.sha256.clone().filter(|expected| expected != found) else { return Ok(true) };
        if self.is_resumed {
            self.forget();
            return Ok(false);
        }
        Err(SourceError::Digest { file: self.file.clone(), expected, found: found.to_owned() })
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

/// "bytes 5-9/10": where it starts, and the length of the whole where that is known.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    Some((range.split_once('-')?.0.trim().parse().ok()?, total.trim().parse().ok()))
}

#[cfg(test)]
mod tests;

//! Downloads files: keeps bytes as they arrive, resumes interrupted files, and checks complete ones.
//!
//! `sources::Transfer` says what to ask for and what an answer means; this file carries that out.

use sha2::{Digest, Sha256};

use super::fetch_turn::Turn;
use super::{Stop, Worker};
use crate::platform::fetch::{Incoming, is_offline, sleep};
use crate::platform::files::{Parts, StoredFile};
use crate::protocol::{About, FileSource, FromWorker, RequestId, Stage};
use crate::sources::{Answer, Base, Go, Listing, Origin, Repo, SourceError, Transfer, is_page};

/// Bytes of a stored file that are hashed at a time.
const HASH_BYTES: u64 = 1 << 22;
/// Most bytes of a listing, which has some hundred kilobytes.
const MAX_LISTING: usize = 64 << 20;

/// How far the download of all files is, in bytes.
pub(super) struct Progress {
    /// Bytes of the files before the present one.
    complete: u64,
    total: u64,
    /// Mebibytes at the last report: one message per MiB is plenty for a progress bar.
    reported: Option<u64>,
}

impl Progress {
    pub fn new(total: u64) -> Self {
        Self { complete: 0, total, reported: None }
    }

    /// Bytes of all files so far, with so many of the present one, and of how many.
    pub fn with_present(&self, n_bytes: u64) -> (u64, u64) {
        (self.complete + n_bytes, self.total)
    }
}

/// A file of a checkpoint.
pub(super) struct Fetched {
    pub file: StoredFile,
    /// Whether it was in storage before this load.
    pub was_kept: bool,
    /// Why storage did not keep all of it, in the browser's words.
    pub refusal: Option<String>,
}

impl Worker {
    /// Lists a repository of the Hub.
    pub(super) async fn list_hub(&mut self, request: RequestId, base: &str, repo: &str) -> Result<(), Stop> {
        let (base, repo) = (Base::parse(base)?, Repo::parse(repo)?);
        let url = base.listing_url(&repo);
        let origin = origin(&base, &repo);
        let mut waits = Transfer::new(origin, &repo.id(), u64::MAX, None);
        loop {
            self.breathe(request).await?;
            let found = match Incoming::open(&url, 0, true).await {
                Ok(found) => found,
                Err(reason) => {
                    sleep(waits.dropped(&reason, advice(base.as_str()))?).await;
                    continue;
                }
            };
            let answer = head(&found);
            match answer.status {
                200 => match found.text(MAX_LISTING).await {
                    Ok(json) => {
                        let listing = Listing::parse(&base, &json)?;
                        self.outbox.say(&FromWorker::HubListed { request, listing });
                        return Ok(());
                    }
                    Err(reason) => sleep(waits.dropped(&reason, advice(base.as_str()))?).await,
                },
                429 | 500.. => {
                    if let Go::Wait(wait_ms) = waits.answered(&answer)? {
                        sleep(wait_ms).await;
                    }
                }
                status => {
                    let (code, wait_s) = (answer.error_code.as_deref(), answer.retry_after_s);
                    return Err(Listing::refused(&base, &repo, status, code, wait_s).into());
                }
            }
        }
    }

    /// Gives a file from storage, or else fetches it.
    pub(super) async fn stored_or_fetched(
        &mut self,
        request: RequestId,
        source: &FileSource,
        origin: &Origin,
        progress: &mut Progress,
    ) -> Result<Fetched, Stop> {
        let is_stored = |parts: &Parts| parts.is_whole() && parts.len() == source.size;
        let mut parts = Parts::open(kept_name(source)).await;
        // Held to the end: no other tab fetches the file meanwhile.
        let turn = if is_stored(&parts) { None } else { Some(self.fetch_turn(request, source, progress).await?) };
        match turn {
            None => {}
            Some(Turn::Ours { .. }) => parts = Parts::open(kept_name(source)).await,
            Some(Turn::Theirs) => parts = Parts::in_memory(),
        }
        if is_stored(&parts) {
            progress.complete += source.size;
            return Ok(Fetched { file: parts.file().map_err(lost)?, was_kept: true, refusal: None });
        }
        let expected = Some(source.sha256.clone()).filter(|sha256| !sha256.is_empty());
        let mut transfer = Transfer::new(origin.clone(), &source.name, source.size, expected);
        let is_fine = !parts.is_whole() && transfer.resume(parts.len(), parts.etag().map(str::to_owned));
        if !is_fine {
            parts.restart(None).await;
        }
        parts.note_address(&source.url).await;
        let mut digest = self.digest(request, &parts).await?;
        loop {
            while !transfer.is_whole() {
                let fetched = self.fetch_once(request, source, &mut transfer, &mut parts, &mut digest, progress).await;
                // Bytes that arrived are kept, however the request ended.
                parts.flush().await.map_err(lost)?;
                fetched?;
            }
            match transfer.verified(&hexadecimal(&digest.finalize_reset())) {
                Ok(true) => break,
                Ok(false) => parts.restart(None).await,
                Err(error) => {
                    parts.restart(None).await;
                    return Err(error.into());
                }
            }
        }
        progress.complete += source.size;
        let file = parts.finish().await.map_err(lost)?;
        Ok(Fetched { file, was_kept: false, refusal: parts.refusal().map(str::to_owned) })
    }

    /// Makes one request for the rest of the file and reads its answer to the end.
    async fn fetch_once(
        &mut self,
        request: RequestId,
        source: &FileSource,
        transfer: &mut Transfer,
        parts: &mut Parts,
        digest: &mut Sha256,
        progress: &mut Progress,
    ) -> Result<(), Stop> {
        self.breathe(request).await?;
        let mut incoming = match Incoming::open(&source.url, transfer.ask().from, parts.are_kept()).await {
            Ok(incoming) => incoming,
            Err(reason) => {
                sleep(transfer.dropped(&reason, advice(&source.url))?).await;
                return Ok(());
            }
        };
        match transfer.answered(&head(&incoming))? {
            Go::Wait(wait_ms) => {
                incoming.cancel().await;
                sleep(wait_ms).await;
                return Ok(());
            }
            Go::Append => {}
            Go::Restart => {
                parts.restart(transfer.etag()).await;
                *digest = Sha256::new();
            }
        }
        let reason = loop {
            match incoming.next().await {
                Ok(Some(bytes)) => {
                    transfer.got(u64::from(bytes.length()))?;
                    digest.update(bytes.to_vec());
                    parts.push(&bytes).await.map_err(lost)?;
                    let (done, total) = progress.with_present(transfer.have());
                    if progress.reported != Some(done >> 20) {
                        progress.reported = Some(done >> 20);
                        self.outbox.progress(request, Stage::Download, done, total);
                    }
                    if self.is_cancelled(request) {
                        incoming.cancel().await;
                        return Err(Stop::Cancelled);
                    }
                }
                Ok(None) if transfer.is_whole() => return Ok(()),
                Ok(None) => break "it ended early".to_owned(),
                Err(reason) => break reason,
            }
        };
        sleep(transfer.dropped(&reason, advice(&source.url))?).await;
        Ok(())
    }

    /// The SHA-256 of the bytes that are kept so far.
    async fn digest(&mut self, request: RequestId, parts: &Parts) -> Result<Sha256, Stop> {
        let mut digest = Sha256::new();
        if !parts.is_empty() {
            let file = parts.file().map_err(lost)?;
            for offset in (0..file.len()).step_by(HASH_BYTES as usize) {
                digest.update(file.read(offset, HASH_BYTES).await.map_err(lost)?);
                self.breathe(request).await?;
            }
        }
        Ok(digest)
    }

    /// Whether a file has this SHA-256; false where it can no longer be read.
    pub(super) async fn has_digest(
        &mut self,
        request: RequestId,
        file: &StoredFile,
        expected: &str,
    ) -> Result<bool, Stop> {
        let mut digest = Sha256::new();
        for offset in (0..file.len()).step_by(HASH_BYTES as usize) {
            match file.read(offset, HASH_BYTES).await {
                Ok(bytes) => digest.update(bytes),
                Err(_) => return Ok(false),
            }
            self.breathe(request).await?;
        }
        Ok(hexadecimal(&digest.finalize()) == expected)
    }
}

/// Contents have a name of their own; what has none is named by its address, which names a commit.
pub(super) fn kept_name(source: &FileSource) -> &str {
    if source.sha256.is_empty() { &source.url } else { &source.sha256 }
}

/// Drops what storage keeps of a file.
pub(super) async fn drop_kept(source: &FileSource) {
    Parts::open(kept_name(source)).await.restart(None).await;
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where the files of a repository come from, for messages.
pub(super) fn origin(base: &Base, repo: &Repo) -> Origin {
    Origin { host: base.host().to_owned(), repo: Some(repo.path()), page: base.page_url(repo) }
}

fn head(incoming: &Incoming) -> Answer {
    let number = |name: &str| incoming.header(name).and_then(|text| text.trim().parse().ok());
    let is_encoded = incoming.header("content-encoding").is_some();
    Answer {
        status: incoming.status(),
        etag: incoming.header("etag"),
        // Of a compressed answer it is another length.
        length: number("content-length").filter(|_| !is_encoded),
        // Servers of other origins need not let a page see that they compress.
        is_exact: false,
        range: incoming.header("content-range"),
        retry_after_s: number("retry-after"),
        error_code: incoming.header("x-error-code"),
        is_page: incoming.header("content-type").is_some_and(|kind| is_page(&kind)),
    }
}

/// What may be wrong when there is no answer, since a browser does not tell a page the cause.
fn advice(url: &str) -> &'static str {
    if is_offline() {
        "This browser is offline: connect it, or open a model from disk"
    } else if url.starts_with("http://") {
        "The network is down, or the server is, or it does not let other pages read it (CORS); and a page of an https address \
         may not ask http servers other than localhost. Check the address, or download the files and open them from disk"
    } else {
        "The network is down, or the server is, or it does not let other pages read it (CORS). Check the connection and the \
         address, or download the files and open them from disk"
    }
}

/// A fault of the browser's storage.
fn lost(reason: String) -> Stop {
    Stop::failed(
        About::Network,
        format!("this browser cannot keep the download ({reason}): free some room on this device"),
    )
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Self {
        Stop::failed(About::Network, error.to_string())
    }
}

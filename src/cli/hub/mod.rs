//! Models of the Hugging Face Hub, fetched once and kept: `--model owner/name[@revision]`.
//!
//! What to ask for and what an answer means is in `sources`; here are the connection, the files, and the question before a
//! large download. Files are kept by host, repository and commit, so a revision that moved on is fetched anew and an old
//! one stays; what broke off is kept beside them and taken up.

mod http;
mod store;

use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::time::Duration;

use super::CliError;
use super::args::ModelArgs;
use super::source::FetchedFile;
use crate::sources::{
    ASK_BYTES, Base, Choice, Go, HubFile, Listing, Origin, Repo, SourceError, Transfer, choices, size_words,
};
use http::Http;
use store::{Store, StoredFile};

/// What a person can do about a server that does not answer.
const ADVICE: &str = "Check the connection, or the address given with --hub or HF_ENDPOINT";

/// A checkpoint on this disk.
pub(super) struct Fetched {
    pub files: Vec<FetchedFile>,
    pub name: String,
    pub commit: String,
}

/// Whether a file has this SHA-256.
pub(super) fn has_sha256(path: &Path, expected: &str) -> Result<bool, CliError> {
    Ok(store::sha256(path)? == expected)
}

/// Fetches a checkpoint of the Hub or of a mirror.
pub(super) fn fetch(repo: &Repo, args: &ModelArgs) -> Result<Fetched, CliError> {
    let from_environment = || std::env::var("HF_ENDPOINT").unwrap_or_default();
    let base = Base::parse(&args.hub.clone().unwrap_or_else(from_environment))?;
    let token = std::env::var("HF_TOKEN").ok().filter(|token| !token.trim().is_empty());
    // A mirror is whoever the address names, and its connection may be plain http.
    let is_trusted = base == Base::default() || args.send_token;
    let is_withheld = token.is_some() && !is_trusted;
    let host = base.host().to_owned();
    let hub = Hub {
        http: Http::new(token.filter(|_| is_trusted)),
        store: Store::new(&base, repo)?,
        base,
        repo: repo.clone(),
    };
    hub.fetch(args).map_err(|error| match error {
        CliError::Hub(SourceError::NoRepo { .. } | SourceError::Gated { .. }) if is_withheld => {
            CliError::Usage(format!("{error}. HF_TOKEN was not sent to {host}: --send-token sends it"))
        }
        error => error,
    })
}

fn choose<'a>(repo: &Repo, found: &'a [Choice], wanted: Option<&str>) -> Result<&'a Choice, CliError> {
    let list =
        || found.iter().map(|one| format!("{} ({})", one.label, size_words(one.size))).collect::<Vec<_>>().join(", ");
    match (wanted, found) {
        (Some(wanted), _) => found
            .iter()
            .find(|one| one.label.eq_ignore_ascii_case(wanted))
            .ok_or_else(|| CliError::Usage(format!("{} has no --quantisation {wanted}: it has {}", repo.id(), list()))),
        (None, [one]) => Ok(one),
        (None, [first, ..]) if first.label == "safetensors" => Ok(first),
        _ => Err(CliError::Usage(format!("{} has several: choose one with --quantisation: {}", repo.id(), list()))),
    }
}

/// Asks before a large download; where nobody can answer, says how to agree beforehand.
fn ask(repo: &Repo, to_come: u64) -> Result<(), CliError> {
    let words = format!("{}: {} to download", repo.id(), size_words(to_come));
    let (input, mut output) = (std::io::stdin(), std::io::stderr());
    if !(input.is_terminal() && output.is_terminal()) {
        return Err(CliError::Usage(format!("{words}: add --yes to agree")));
    }
    write!(output, "headlight: {words}. Go on? [y/N] ").and_then(|()| output.flush()).map_err(CliError::Output)?;
    let mut line = String::new();
    input.read_line(&mut line).map_err(CliError::Output)?;
    if matches!(line.trim().to_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(CliError::Usage(format!("{words}: not agreed to")))
    }
}

/// One repository.
struct Hub {
    http: Http,
    store: Store,
    base: Base,
    repo: Repo,
}

impl Hub {
    /// Fetches the files that are not on this disk yet.
    fn fetch(&self, args: &ModelArgs) -> Result<Fetched, CliError> {
        let (listing, is_fresh) = self.listing()?;
        let files: Vec<(String, u64)> = listing.files.iter().map(|file| (file.name.clone(), file.size)).collect();
        let found = choices(&files).map_err(|unusable| {
            let lines = unusable.convert.map(|lines| format!(" {}", lines.join("; "))).unwrap_or_default();
            SourceError::Unusable(format!("{}: {}{lines}", self.repo.id(), unusable.message))
        })?;
        let choice = choose(&self.repo, &found, args.quantisation.as_deref())?;
        let wanted: Vec<&HubFile> = choice.files.iter().map(|&index| &listing.files[index]).collect();
        let stored: Vec<StoredFile> = wanted.iter().map(|file| self.store.file(&listing.commit, &file.name)).collect();
        let is_whole = |(file, stored): (&&HubFile, &StoredFile)| stored.is_whole(file.size);
        let was_kept: Vec<bool> = wanted.iter().zip(&stored).map(is_whole).collect();
        let to_come: u64 =
            wanted.iter().zip(&stored).map(|(file, stored)| file.size.saturating_sub(stored.kept(file.size))).sum();
        if to_come > ASK_BYTES && !args.yes {
            ask(&self.repo, to_come)?;
        }
        if was_kept.contains(&false) {
            let lock = self.store.lock(&listing.commit)?;
            let mut progress = Progress { done: 0, total: to_come, said: None };
            for (file, stored) in wanted.iter().zip(&stored) {
                // Another process may have fetched it while this one waited.
                if !stored.is_whole(file.size) {
                    self.download(&listing.commit, file, stored, &mut progress)?;
                }
            }
            progress.end();
            drop(lock);
        }
        if is_fresh {
            // Written when the files are here: a listing of the disk is one that can be used without the Hub.
            self.store.keep_listing(&listing)?;
        }
        let label = if choice.label == "safetensors" { String::new() } else { format!(", {}", choice.label) };
        let files = wanted.iter().zip(stored).zip(was_kept);
        let files = files.map(|((file, stored), was_kept)| FetchedFile {
            path: stored.path,
            was_kept,
            sha256: file.sha256.clone(),
        });
        Ok(Fetched { files: files.collect(), name: format!("{}{label}", self.repo.id()), commit: listing.commit })
    }

    /// What the repository holds, and whether the Hub has just said so. Where it cannot be reached, what it said before.
    fn listing(&self) -> Result<(Listing, bool), CliError> {
        let url = self.base.listing_url(&self.repo);
        let mut waits = Transfer::new(self.origin(), &self.repo.id(), u64::MAX, None);
        loop {
            let (answer, body) = match self.http.get(&url, &waits.ask()) {
                Ok(found) => found,
                Err(reason) => match (waits.dropped(&reason, ADVICE), self.store.listing()) {
                    // A few tries would only keep somebody waiting who has all files here.
                    (_, Some(kept)) => return Ok((kept, false)),
                    (Ok(wait_ms), None) => {
                        sleep(wait_ms);
                        continue;
                    }
                    (Err(error), None) => return Err(error.into()),
                },
            };
            match answer.status {
                200 => {
                    let mut json = String::new();
                    return match body.take(MAX_LISTING).read_to_string(&mut json) {
                        Ok(_) => Ok((Listing::parse(&self.base, &json)?, true)),
                        Err(error) => {
                            sleep(waits.dropped(&error.to_string(), ADVICE)?);
                            continue;
                        }
                    };
                }
                429 | 500.. => match waits.answered(&answer)? {
                    Go::Wait(wait_ms) => sleep(wait_ms),
                    Go::Append | Go::Restart => {}
                },
                status => {
                    let (code, wait_s) = (answer.error_code.as_deref(), answer.retry_after_s);
                    return Err(Listing::refused(&self.base, &self.repo, status, code, wait_s).into());
                }
            }
        }
    }

    fn origin(&self) -> Origin {
        Origin { host: self.base.host().to_owned(), repo: Some(self.repo.path()), page: self.base.page_url(&self.repo) }
    }

    fn download(
        &self,
        commit: &str,
        file: &HubFile,
        stored: &StoredFile,
        progress: &mut Progress,
    ) -> Result<(), CliError> {
        let url = self.base.file_url(&self.repo, commit, &file.name);
        let mut transfer = Transfer::new(self.origin(), &file.name, file.size, file.sha256.clone());
        let mut part = stored.open_part()?;
        if !transfer.resume(part.len(), part.etag()) {
            part.restart(None)?;
        }
        loop {
            while !transfer.is_whole() {
                let (answer, mut body) = match self.http.get(&url, &transfer.ask()) {
                    Ok(found) => found,
                    Err(reason) => {
                        sleep(transfer.dropped(&reason, ADVICE)?);
                        continue;
                    }
                };
                match transfer.answered(&answer)? {
                    Go::Wait(wait_ms) => {
                        sleep(wait_ms);
                        continue;
                    }
                    Go::Append => {}
                    Go::Restart => part.restart(transfer.etag())?,
                }
                let mut buffer = vec![0; 1 << 16];
                let broke = loop {
                    match body.read(&mut buffer) {
                        Ok(0) if transfer.is_whole() => break None,
                        Ok(0) => break Some("it ended early".to_owned()),
                        Ok(n_bytes) => {
                            transfer.got(n_bytes as u64)?;
                            part.write(&buffer[..n_bytes])?;
                            progress.got(n_bytes as u64);
                        }
                        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                        Err(error) => break Some(error.to_string()),
                    }
                };
                if let Some(reason) = broke {
                    sleep(transfer.dropped(&reason, ADVICE)?);
                }
            }
            let verified = match &file.sha256 {
                Some(_) => transfer.verified(&part.sha256()?),
                None => Ok(true),
            };
            match verified {
                Ok(true) => {
                    return match part.keep(file.size)? {
                        None => Ok(()),
                        Some(found) => {
                            Err(SourceError::Disturbed { file: file.name.clone(), expected: file.size, found }.into())
                        }
                    };
                }
                Ok(false) => part.restart(None)?,
                Err(error) => {
                    part.restart(None)?;
                    return Err(error.into());
                }
            }
        }
    }
}

/// A listing is some hundred kilobytes at most.
const MAX_LISTING: u64 = 64 << 20;

fn sleep(wait_ms: u64) {
    std::thread::sleep(Duration::from_millis(wait_ms));
}

/// How far the download is, on a terminal only: a log wants no such lines.
struct Progress {
    done: u64,
    total: u64,
    said: Option<u64>,
}

impl Progress {
    fn got(&mut self, n_bytes: u64) {
        self.done += n_bytes;
        let percent = (100 * self.done).checked_div(self.total).unwrap_or(100).min(100);
        if self.said != Some(percent) && std::io::stderr().is_terminal() {
            self.said = Some(percent);
            // A terminal that is gone sees no progress; the download goes on.
            let _ = write!(std::io::stderr(), "\rdownloading {} of {} ", size_words(self.done), size_words(self.total));
        }
    }

    fn end(&self) {
        if self.said.is_some() {
            let _ = writeln!(std::io::stderr());
        }
    }
}

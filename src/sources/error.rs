//! What can go wrong on the way to a checkpoint, each with what to do.

use super::size_words;

/// Why a checkpoint cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// No name of a repository.
    #[error("“{0}” is not a repository: write owner/name, or owner/name@revision, for example openai-community/gpt2")]
    Name(String),
    /// No address.
    #[error(
        "“{0}” is not an address of a Hub: write one that begins with https://, for example https://huggingface.co"
    )]
    Base(String),
    /// No answer at all.
    #[error("{host} cannot be reached ({reason}). {advice}")]
    Unreachable {
        /// Who was asked.
        host: String,
        /// The system's words.
        reason: String,
        /// What may be wrong, and what to do.
        advice: String,
    },
    /// There is no such repository, as far as a stranger is told.
    #[error(
        "{repo} is not there, or not public: check the spelling at {page}. Of a repository that is yours, download the files \
         and open them from disk, or set HF_TOKEN for the command line"
    )]
    NoRepo {
        /// Which.
        repo: String,
        /// Where a person reads about it.
        page: String,
    },
    /// Its owner asks for something first.
    #[error(
        "{repo} is gated: accept its conditions at {page}, then download the files there and open them from disk, or set \
         HF_TOKEN for the command line"
    )]
    Gated {
        /// Which.
        repo: String,
        /// Where its conditions are.
        page: String,
    },
    /// The repository is there, the revision is not.
    #[error("{repo} has no revision {revision}: its branches and tags are listed at {page}")]
    NoRevision {
        /// Which repository.
        repo: String,
        /// Which revision.
        revision: String,
        /// Where a person reads about it.
        page: String,
    },
    /// A file that was listed is gone.
    #[error("{file} is not there any more: look {repo} up again")]
    NoFile {
        /// Which repository.
        repo: String,
        /// Which file.
        file: String,
    },
    /// Asked too often.
    #[error("{host} is asked too often from here (429): {}", wait_words(*.wait_s))]
    RateLimit {
        /// Who was asked.
        host: String,
        /// How long it says to wait.
        wait_s: Option<u64>,
    },
    /// Any other refusal.
    #[error("{what}: the server answers {status}{}", server_side(*.status))]
    Status {
        /// What was asked for.
        what: String,
        /// HTTP status.
        status: u16,
    },
    /// A connection that breaks off again and again.
    #[error(
        "{file}: the connection broke off {n_times} times ({reason}). {} of {} are kept: try again to go on from there",
        size_words(*.have),
        size_words(*.size)
    )]
    Dropped {
        /// Which file.
        file: String,
        /// In a row, without a byte in between.
        n_times: u32,
        /// The system's words.
        reason: String,
        /// What has come.
        have: u64,
        /// Of how many.
        size: u64,
    },
    /// The file has another length.
    #[error(
        "{file}: expected {expected} bytes, the server has {found}: it is not the file that was listed; look it up again"
    )]
    Length {
        /// Which file.
        file: String,
        /// As listed.
        expected: u64,
        /// As served.
        found: u64,
    },
    /// The file has other contents.
    #[error("{file} is damaged: its SHA-256 is {found}, expected {expected}. It was thrown away; try again")]
    Digest {
        /// Which file.
        file: String,
        /// As listed.
        expected: String,
        /// As received.
        found: String,
    },
    /// The answer is no list of files.
    #[error("{host} answers in another form than the Hub does ({reason}): check its address")]
    Listing {
        /// Who was asked.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The files are no checkpoint.
    #[error("{0}")]
    Unusable(String),
}

fn wait_words(wait_s: Option<u64>) -> String {
    match wait_s {
        None => "wait some minutes, then try again".to_owned(),
        Some(1) => "try again in a second".to_owned(),
        Some(wait_s @ 0..120) => format!("try again in {wait_s} seconds"),
        Some(wait_s) => format!("try again in {} minutes", wait_s.div_ceil(60)),
    }
}

fn server_side(status: u16) -> &'static str {
    if status >= 500 { ", a fault on its side: try again later" } else { "" }
}

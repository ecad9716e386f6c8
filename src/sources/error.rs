//! Errors on the way to a checkpoint. Each message says what to do.

use super::size_words;

/// Why a checkpoint cannot be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The text is not a repository's name.
    #[error("“{0}” is not a repository: write owner/name, or owner/name@revision, for example openai-community/gpt2")]
    Name(String),
    /// The text is not an address of a Hub.
    #[error(
        "“{0}” is not an address of a Hub: write one that begins with https://, for example https://huggingface.co"
    )]
    Base(String),
    /// The server did not answer.
    #[error("{host} cannot be reached ({reason}). {advice}")]
    Unreachable {
        /// Host with its port.
        host: String,
        /// Reason in the system's words.
        reason: String,
        /// Sentence that says what may be wrong and what to do.
        advice: String,
    },
    /// The Hub has no such repository, or hides it from anonymous requests.
    #[error(
        "{repo} is not there, or not public: check the spelling at {page}. Of a repository that is yours, download the files \
         and open them from disk, or set HF_TOKEN for the command line"
    )]
    NoRepo {
        /// `owner/name`.
        repo: String,
        /// Page about the repository.
        page: String,
    },
    /// The repository is gated: its owner asks for an agreement first.
    #[error(
        "{repo} is gated: accept its conditions at {page}, then download the files there and open them from disk, or set \
         HF_TOKEN for the command line"
    )]
    Gated {
        /// `owner/name`.
        repo: String,
        /// Page with the conditions.
        page: String,
    },
    /// The repository exists, the revision does not.
    #[error("{repo} has no revision {revision}: its branches and tags are listed at {page}")]
    NoRevision {
        /// `owner/name`.
        repo: String,
        /// Branch, tag or commit.
        revision: String,
        /// Page about the repository.
        page: String,
    },
    /// A listed file no longer exists.
    #[error("{file} is not there any more: look {repo} up again")]
    NoFile {
        /// `owner/name`.
        repo: String,
        /// Path of the file in the repository.
        file: String,
    },
    /// The server limits the rate of requests.
    #[error("{host} is asked too often from here (429): {}", wait_words(*.wait_s))]
    RateLimit {
        /// Host with its port.
        host: String,
        /// Seconds to wait, if the server says so.
        wait_s: Option<u64>,
    },
    /// The server refused for another reason.
    #[error("{what}: the server answers {status}{}", server_side(*.status))]
    Status {
        /// File or repository that was asked for.
        what: String,
        /// HTTP status.
        status: u16,
    },
    /// A web page came in the place of the file.
    #[error(
        "{file}: {host} answers with a web page in the place of the file: a network that wants you to sign in first does so, \
         and so does a server that does not have the file. Sign in, or check the address, then try again"
    )]
    Page {
        /// Path of the file in the repository.
        file: String,
        /// Host with its port.
        host: String,
    },
    /// The connection broke off too many times.
    #[error(
        "{file}: the connection broke off {n_times} times ({reason}). {} of {} are kept: try again to go on from there",
        size_words(*.have),
        size_words(*.size)
    )]
    Dropped {
        /// Path of the file in the repository.
        file: String,
        /// Breaks in a row without progress in between.
        n_times: u32,
        /// Reason in the system's words.
        reason: String,
        /// Bytes received.
        have: u64,
        /// Length of the file in bytes.
        size: u64,
    },
    /// The served file has another length than the listed file.
    #[error(
        "{file}: expected {expected} bytes, the server has {found}: it is not the file that was listed; look it up again"
    )]
    Length {
        /// Path of the file in the repository.
        file: String,
        /// Value in the listing.
        expected: u64,
        /// Length that the server states, in bytes.
        found: u64,
    },
    /// The file on the disk is not as long as what was written.
    #[error(
        "{file}: {found} bytes are on the disk where {expected} were written: another program writes to the same folder. The \
         file was thrown away; try again"
    )]
    Disturbed {
        /// Path of the file in the repository.
        file: String,
        /// Bytes that were written.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// The served file has other contents than the listed file.
    #[error("{file} is damaged: its SHA-256 is {found}, expected {expected}. It was thrown away; try again")]
    Digest {
        /// Path of the file in the repository.
        file: String,
        /// Value in the listing.
        expected: String,
        /// SHA-256 of the received bytes.
        found: String,
    },
    /// The answer is not a list of files.
    #[error("{host} answers in another form than the Hub does ({reason}): check its address")]
    Listing {
        /// Host with its port.
        host: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// The files do not make a checkpoint.
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

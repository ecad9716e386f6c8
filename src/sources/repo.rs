//! Names of repositories and the addresses of their contents.

use serde::{Deserialize, Serialize};

use super::SourceError;

/// A repository at a revision: `owner/name[@revision]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Repo {
    /// Owner of the repository.
    pub owner: String,
    /// Name below the owner.
    pub name: String,
    /// Branch, tag or commit.
    pub revision: String,
}

/// The revision where the text names none.
const MAIN: &str = "main";

impl Repo {
    /// Reads `owner/name`, `owner/name@revision`, or an address of the Hub as copied from a browser.
    ///
    /// # Errors
    /// When the text has none of these forms.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let refuse = || SourceError::Name(text.trim().chars().take(80).collect());
        let path = match text.trim().split_once("://") {
            Some((_, rest)) => rest.split_once('/').ok_or_else(refuse)?.1.split(['?', '#']).next().unwrap_or_default(),
            None => text.trim(),
        };
        let (path, mut revision) = match path.split_once('@') {
            Some((path, revision)) => (path, revision),
            None => (path, MAIN),
        };
        let mut parts = path.trim_end_matches('/').split('/');
        let (owner, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if let Some(kind) = parts.next() {
            // …/tree/REVISION, …/blob/REVISION/FILE
            revision = parts.next().filter(|_| matches!(kind, "tree" | "blob" | "resolve")).ok_or_else(refuse)?;
        }
        let is_word = |part: &str, more: &[char]| {
            let is_fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c) || more.contains(&c);
            !part.is_empty()
                && part.len() <= 120
                && !part.starts_with('.')
                && !part.contains("..")
                && part.chars().all(is_fine)
        };
        if is_word(owner, &[]) && is_word(name, &[]) && is_word(revision, &['/']) {
            Ok(Self { owner: owner.to_owned(), name: name.to_owned(), revision: revision.to_owned() })
        } else {
            Err(refuse())
        }
    }

    /// Owner and name without the revision: `owner/name`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// `owner/name`, followed by `@revision` unless the revision is the main one.
    pub fn id(&self) -> String {
        if self.revision == MAIN { self.path() } else { format!("{}@{}", self.path(), self.revision) }
    }
}

/// The Hub or a mirror of it, as the beginning of every address, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base(String);

impl Default for Base {
    fn default() -> Self {
        Self("https://huggingface.co".to_owned())
    }
}

impl Base {
    /// Reads an address; an empty text is the Hub itself.
    ///
    /// # Errors
    /// When the text is not an http or https address.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let text = text.trim().trim_end_matches('/');
        if text.is_empty() {
            return Ok(Self::default());
        }
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let is_fine = |host: &str| {
            !host.is_empty()
                && !host.starts_with('/')
                && host.chars().all(|c| c.is_ascii_graphic() && !"?#@\"<>\\".contains(c))
        };
        match host {
            Some(host) if is_fine(host) => Ok(Self(text.to_owned())),
            _ => Err(SourceError::Base(text.chars().take(80).collect())),
        }
    }

    /// The beginning of every address, as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host with its port, for messages and folder names.
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest)
    }

    /// Address of the list of a repository's files, with lengths and hashes.
    pub fn listing_url(&self, repo: &Repo) -> String {
        format!("{}/api/models/{}/revision/{}?blobs=true", self.0, repo.path(), encoded(&repo.revision, false))
    }

    /// Address of one file of a repository.
    pub fn file_url(&self, repo: &Repo, commit: &str, file: &str) -> String {
        format!("{}/{}/resolve/{}/{}", self.0, repo.path(), encoded(commit, false), encoded(file, true))
    }

    /// Address of the page about a repository.
    pub fn page_url(&self, repo: &Repo) -> String {
        format!("{}/{}", self.0, repo.path())
    }
}

/// Encodes a part of a path; slashes stay where `keeps_slashes` is true.
fn encoded(text: &str, keeps_slashes: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || byte == b'/' && keeps_slashes {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_people_write_them() {
        for (text, id) in [
            ("openai-community/gpt2", "openai-community/gpt2"),
            (" a/b@main ", "a/b"),
            ("a/b@refs/pr/3", "a/b@refs/pr/3"),
            ("a/b.c_d@1f2e3d", "a/b.c_d@1f2e3d"),
            ("https://huggingface.co/a/b", "a/b"),
            ("https://huggingface.co/a/b/tree/v1.0", "a/b@v1.0"),
            ("https://huggingface.co/a/b/blob/main/config.json?download=true", "a/b"),
        ] {
            assert_eq!(Repo::parse(text).unwrap().id(), id, "{text}");
        }
        for text in ["", "gpt2", "a/", "/b", "a/b@", "a/b/c", "a/b c", "../b", "a/..", "a/b@../x", "a/<b>", "a/b@x y"] {
            let message = Repo::parse(text).unwrap_err().to_string();
            assert!(message.contains("owner/name"), "{text}: {message}");
        }
    }

    #[test]
    fn addresses() {
        let repo = Repo::parse("a/b@refs/pr/3").unwrap();
        let hub = Base::default();
        assert_eq!(hub.listing_url(&repo), "https://huggingface.co/api/models/a/b/revision/refs%2Fpr%2F3?blobs=true");
        let file = hub.file_url(&repo, "12ab", "sub folder/x#1.gguf");
        assert_eq!(file, "https://huggingface.co/a/b/resolve/12ab/sub%20folder/x%231.gguf");
        let mirror = Base::parse("http://127.0.0.1:8080/hub/").unwrap();
        assert_eq!((mirror.as_str(), mirror.host()), ("http://127.0.0.1:8080/hub", "127.0.0.1:8080"));
        assert_eq!(Base::parse(" ").unwrap(), hub);
        for text in ["huggingface.co", "ftp://a", "https://", "https:///x", "https://a b"] {
            assert!(Base::parse(text).unwrap_err().to_string().contains("https://"), "{text}");
        }
    }
}

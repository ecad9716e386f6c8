//! Contents of a repository, as the Hub lists them.

use serde::{Deserialize, Serialize};

use super::{Base, Repo, SourceError};

/// A repository at one commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Commit that the revision stands for now.
    pub commit: String,
    /// Licence that the repository's page states; empty where it states none.
    pub licence: String,
    /// Every file of the commit.
    pub files: Vec<HubFile>,
}

/// A file of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubFile {
    /// Path in the repository.
    pub name: String,
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 in lower-case hexadecimal; the Hub gives it for large files only.
    pub sha256: Option<String>,
}

/// The fields of the Hub's answer that are used.
#[derive(Deserialize)]
struct Json {
    sha: String,
    #[serde(default)]
    tags: Vec<String>,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    sha256: Option<String>,
    size: Option<u64>,
}

impl Listing {
    /// Reads the answer to [`Base::listing_url`].
    ///
    /// # Errors
    /// When the answer has another form, or a file has no length.
    pub fn parse(base: &Base, json: &str) -> Result<Self, SourceError> {
        let refuse = |reason: String| SourceError::Listing { host: base.host().to_owned(), reason };
        let json: Json = serde_json::from_str(json).map_err(|error| refuse(error.to_string()))?;
        let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if json.sha.is_empty() || json.sha.len() > 64 || !is_hex(&json.sha) {
            return Err(refuse("its sha is no commit".to_owned()));
        }
        let file = |sibling: Sibling| {
            let Sibling { rfilename: name, size, lfs } = sibling;
            let (lfs_size, sha256) = lfs.map_or((None, None), |lfs| (lfs.size, lfs.sha256));
            let sha256 = sha256.map(|sha256| sha256.to_ascii_lowercase());
            if sha256.as_ref().is_some_and(|sha256| sha256.len() != 64 || !is_hex(sha256)) {
                return Err(refuse(format!("the sha256 of {name} is none")));
            }
            let size = lfs_size.or(size).ok_or_else(|| refuse(format!("the length of {name} is missing")))?;
            Ok(HubFile { name, size, sha256 })
        };
        let licence = json.tags.iter().find_map(|tag| tag.strip_prefix("license:")).unwrap_or_default();
        let licence = licence.chars().take(MAX_LICENCE_CHARS).collect();
        // A file whose path leads out of its folder, or is longer than paths are, is left out.
        let named = json.siblings.into_iter().filter(|sibling| is_plain(&sibling.rfilename));
        let files = named.map(file).collect::<Result<_, _>>()?;
        Ok(Self { commit: json.sha, licence, files })
    }

    /// The error that a refusal to list a repository means.
    pub fn refused(
        base: &Base,
        repo: &Repo,
        status: u16,
        error_code: Option<&str>,
        wait_s: Option<u64>,
    ) -> SourceError {
        let (page, path) = (base.page_url(repo), repo.path());
        match (status, error_code) {
            (_, Some("GatedRepo")) => SourceError::Gated { repo: path, page },
            (_, Some("RevisionNotFound")) => {
                SourceError::NoRevision { repo: path, revision: repo.revision.clone(), page }
            }
            (403, _) => SourceError::Gated { repo: path, page },
            // The Hub answers anonymous requests for missing repositories with 401.
            (401 | 404, _) => SourceError::NoRepo { repo: path, page },
            (429, _) => SourceError::RateLimit { host: base.host().to_owned(), wait_s },
            _ => SourceError::Status { what: path, status },
        }
    }
}

/// The longest licence that is shown: they have names of a few letters.
const MAX_LICENCE_CHARS: usize = 60;

/// The longest name of a file or folder, as most file systems have it.
const MAX_NAME_BYTES: usize = 255;

/// Whether a path stays below its folder on every operating system, and can be the name of a file there.
fn is_plain(path: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part != "." && part != ".." && part.len() <= MAX_NAME_BYTES;
    path.split('/').all(is_part) && !path.chars().any(|c| c.is_control() || "\\:*?\"<>|".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"_id":"1","id":"a/b","sha":"0a1b2c","gated":false,"tags":["gguf","license:mit"],"siblings":[
        {"rfilename":"config.json","blobId":"ff","size":665},
        {"rfilename":"model.safetensors","size":548105171,"lfs":{"sha256":"248DFC3911869EC493C76E65BF2FCF1F615828B0254C12B473182F0F81D3A707","size":548105171,"pointerSize":134}}]}"#;

    #[test]
    fn a_listing_with_lengths_and_hashes() {
        let listing = Listing::parse(&Base::default(), JSON).unwrap();
        assert_eq!((listing.commit.as_str(), listing.licence.as_str()), ("0a1b2c", "mit"));
        assert_eq!(listing.files[0], HubFile { name: "config.json".to_owned(), size: 665, sha256: None });
        assert_eq!(listing.files[1].size, 548_105_171);
        assert!(listing.files[1].sha256.as_deref().unwrap().starts_with("248dfc39"));
    }

    #[test]
    fn names_and_licences_of_megabytes_are_cut_or_left_out() {
        let long = "é".repeat(1 << 20);
        let json = format!(
            r#"{{"sha":"0a","tags":["license:{long}"],"siblings":[{{"rfilename":"{long}.gguf","size":1}},{{"rfilename":"a.gguf","size":1}}]}}"#
        );
        let listing = Listing::parse(&Base::default(), &json).unwrap();
        assert_eq!(listing.licence.chars().count(), 60);
        assert_eq!(listing.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["a.gguf"]);
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn damaged_listings_never_panic(changes in proptest::collection::vec((0..JSON.len(), 32..127_u8), 1..8)) {
            let mut bytes = JSON.as_bytes().to_vec();
            changes.into_iter().for_each(|(at, byte)| bytes[at] = byte);
            if let Ok(listing) = Listing::parse(&Base::default(), str::from_utf8(&bytes).unwrap()) {
                let files: Vec<(String, u64)> = listing.files.iter().map(|file| (file.name.clone(), file.size)).collect();
                assert!(files.iter().all(|(name, _)| is_plain(name)));
                let _ = crate::sources::choices(&files);
            }
        }
    }

    #[test]
    fn paths_that_lead_elsewhere_are_left_out() {
        for name in ["../x", "a/../b", "/etc/x", "a//b", "c:x", r"..\\x", "a/.", ""] {
            let json = format!(r#"{{"sha":"0a","siblings":[{{"rfilename":"{name}","size":1}}]}}"#);
            assert!(Listing::parse(&Base::default(), &json).unwrap().files.is_empty(), "{name}");
        }
    }

    #[test]
    fn other_answers_are_refused_with_the_host() {
        for (json, expected) in [
            ("<html>", "expected value"),
            (r#"{"sha":"0a"}"#, "siblings"),
            (r#"{"sha":"../x","siblings":[]}"#, "no commit"),
            (r#"{"sha":"0a","siblings":[{"rfilename":"a"}]}"#, "the length of a is missing"),
            (r#"{"sha":"0a","siblings":[{"rfilename":"a","size":1,"lfs":{"sha256":"zz"}}]}"#, "sha256 of a"),
        ] {
            let message = Listing::parse(&Base::default(), json).unwrap_err().to_string();
            assert!(message.contains(expected) && message.contains("huggingface.co"), "{json}: {message}");
        }
    }

    #[test]
    fn refusals_say_what_to_do() {
        let (base, repo) = (Base::default(), Repo::parse("a/b@v9").unwrap());
        for (status, code, wait_s, expected) in [
            (401, Some("RepoNotFound"), None, "a/b is not there, or not public"),
            (401, Some("GatedRepo"), None, "accept its conditions at https://huggingface.co/a/b"),
            (401, None, None, "check the spelling"),
            (403, None, None, "gated"),
            (404, Some("RevisionNotFound"), None, "no revision v9"),
            (404, None, None, "not there"),
            (429, None, Some(90), "try again in 90 seconds"),
            (429, None, Some(300), "try again in 5 minutes"),
            (429, None, None, "wait some minutes"),
            (503, None, None, "a fault on its side"),
        ] {
            let message = Listing::refused(&base, &repo, status, code, wait_s).to_string();
            assert!(message.contains(expected), "{status}: {message}");
        }
    }
}

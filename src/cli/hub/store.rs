//! Where fetched files are kept: `hub/HOST/OWNER/NAME/COMMIT/FILE` below the cache, and `FILE.part` while one is on its way.
//!
//! One process at a time writes below a commit; the others wait for it (`Store::lock`).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::super::CliError;
use crate::sources::{Base, Listing, Repo};

/// The folder of one repository.
pub(super) struct Store {
    folder: PathBuf,
    revision: String,
}

impl Store {
    /// Below `HEADLIGHT_CACHE`, else the user's cache.
    pub fn new(base: &Base, repo: &Repo) -> Result<Self, CliError> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let user = || {
            let cache = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
            cache.or_else(|| variable("LOCALAPPDATA")).map(|cache| cache.join("headlight"))
        };
        let cache = variable("HEADLIGHT_CACHE")
            .or_else(user)
            .ok_or_else(|| CliError::Usage("there is no folder to keep models in: set HEADLIGHT_CACHE".to_owned()))?;
        let host = base.host().replace([':', '[', ']'], "_");
        let folder = cache.join("hub").join(host).join(&repo.owner).join(&repo.name);
        Ok(Self { folder, revision: repo.revision.clone() })
    }

    /// A file of a commit, whether it is there or not.
    pub fn file(&self, commit: &str, name: &str) -> StoredFile {
        StoredFile { path: self.folder.join(commit).join(name) }
    }

    /// Waits until no other process fetches files of this commit. Held until the file is dropped.
    ///
    /// # Errors
    /// When the folder cannot be written. Where the file system knows no locks, nothing is held.
    pub fn lock(&self, commit: &str) -> Result<File, CliError> {
        let folder = self.folder.join(commit);
        fs::create_dir_all(&folder).map_err(about(&folder))?;
        let path = folder.join(".lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(about(&path))?;
        match file.lock() {
            Err(error) if error.kind() != io::ErrorKind::Unsupported => Err(about(&path)(error)),
            Ok(()) | Err(_) => Ok(file),
        }
    }

    fn listing_path(&self) -> PathBuf {
        self.folder.join("revisions").join(format!("{}.json", self.revision.replace('/', "%2F")))
    }

    /// What the revision was when it was last fetched.
    pub fn listing(&self) -> Option<Listing> {
        serde_json::from_slice(&fs::read(self.listing_path()).ok()?).ok()
    }

    /// Keeps what the revision is.
    pub fn keep_listing(&self, listing: &Listing) -> Result<(), CliError> {
        let path = self.listing_path();
        let json = serde_json::to_vec(listing).map_err(|error| about(&path)(error.into()))?;
        fs::create_dir_all(path.parent().unwrap_or(&self.folder)).map_err(about(&path))?;
        fs::write(&path, json).map_err(about(&path))
    }
}

/// A file that is kept, or will be.
pub(super) struct StoredFile {
    pub path: PathBuf,
}

impl StoredFile {
    fn beside(&self, end: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    }

    /// Whether it is here, as long as it should be. Its contents were checked before it got its name.
    pub fn is_whole(&self, size: u64) -> bool {
        fs::metadata(&self.path).is_ok_and(|found| found.len() == size)
    }

    /// How many of its bytes are here.
    pub fn kept(&self, size: u64) -> u64 {
        if self.is_whole(size) {
            return size;
        }
        fs::metadata(self.beside(".part")).map_or(0, |found| found.len())
    }

    /// What is here of a file that is on its way.
    pub fn open_part(&self) -> Result<Part, CliError> {
        let (path, etag) = (self.beside(".part"), self.beside(".part.etag"));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(about(folder))?;
        }
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(about(&path))?;
        Ok(Part { file, path, etag, whole: self.path.clone() })
    }
}

/// A file on its way.
pub(super) struct Part {
    file: File,
    path: PathBuf,
    etag: PathBuf,
    whole: PathBuf,
}

impl Part {
    pub fn len(&self) -> u64 {
        self.file.metadata().map_or(0, |found| found.len())
    }

    /// What it belongs to.
    pub fn etag(&self) -> Option<String> {
        fs::read_to_string(&self.etag).ok().filter(|etag| !etag.is_empty())
    }

    /// Throws away what is here; what comes belongs to `etag`.
    pub fn restart(&mut self, etag: Option<&str>) -> Result<(), CliError> {
        self.file.set_len(0).map_err(about(&self.path))?;
        fs::write(&self.etag, etag.unwrap_or_default()).map_err(about(&self.etag))
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        self.file.write_all(bytes).map_err(about(&self.path))
    }

    /// Lower-case hexadecimal.
    pub fn sha256(&self) -> Result<String, CliError> {
        sha256(&self.path)
    }

    /// Gives it its name: it is the file. Where its length is not `size`, it is emptied, and its length returned.
    pub fn keep(mut self, size: u64) -> Result<Option<u64>, CliError> {
        let found = fs::metadata(&self.path).map_err(about(&self.path))?.len();
        if found != size {
            self.restart(None)?;
            return Ok(Some(found));
        }
        fs::rename(&self.path, &self.whole).map_err(about(&self.whole))?;
        // A name without a file does no harm.
        let _ = fs::remove_file(&self.etag);
        Ok(None)
    }
}

/// Lower-case hexadecimal SHA-256 of a file.
pub(super) fn sha256(path: &Path) -> Result<String, CliError> {
    let mut file = File::open(path).map_err(about(path))?;
    let (mut digest, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        let n_bytes = file.read(&mut buffer).map_err(about(path))?;
        if n_bytes == 0 {
            return Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        digest.update(&buffer[..n_bytes]);
    }
}

fn about(path: &Path) -> impl Fn(io::Error) -> CliError + use<> {
    let path = path.to_owned();
    move |error| CliError::File { path: path.clone(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file whose length is not that of what was written was written by others too.
    #[test]
    fn a_file_gets_its_name_only_at_its_length() {
        let folder = std::env::temp_dir().join(format!("headlight-store-{}", std::process::id()));
        let stored = StoredFile { path: folder.join("config.json") };
        let mut part = stored.open_part().unwrap();
        part.restart(Some("\"one\"")).unwrap();
        part.write(b"{}").unwrap();
        fs::OpenOptions::new().append(true).open(stored.beside(".part")).unwrap().write_all(b"{}").unwrap();
        assert_eq!(part.keep(2).unwrap(), Some(4));
        assert!(!stored.path.exists() && stored.kept(2) == 0, "what was there is thrown away");
        let mut part = stored.open_part().unwrap();
        part.write(b"{}").unwrap();
        assert_eq!(part.keep(2).unwrap(), None);
        assert!(stored.is_whole(2) && !stored.beside(".part").exists() && !stored.beside(".part.etag").exists());
        fs::remove_dir_all(folder).unwrap();
    }
}

//! The files of a checkpoint, mapped into memory, so that only the bytes that are read are loaded.

use std::fs::File;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use super::CliError;
use super::args::ModelArgs;
#[cfg(feature = "hub")]
use crate::sources::{ReadFile, dropped, spoilt};
use crate::sources::{Repo, choices};

/// The files of a checkpoint.
pub struct Source {
    /// Names and contents; `None` for an empty file, which cannot be mapped.
    files: Vec<(String, Option<Mmap>)>,
    /// Where the files are.
    pub paths: Vec<PathBuf>,
    /// The name of the folder, file or repository, for people.
    pub name: String,
    /// The commit of a model from the Hub.
    pub revision: Option<String>,
    /// The files of a model from the Hub, in the order of `paths`.
    #[cfg_attr(not(feature = "hub"), allow(dead_code, reason = "without the Hub there are none"))]
    fetched: Vec<FetchedFile>,
}

/// A file that is kept of the Hub.
#[cfg_attr(not(feature = "hub"), allow(dead_code, reason = "without the Hub there are none"))]
pub(super) struct FetchedFile {
    pub path: PathBuf,
    /// Whether it was here before this command.
    pub was_kept: bool,
    /// The listed one.
    pub sha256: Option<String>,
}

impl Source {
    /// Opens a folder, one GGUF file, or a repository of the Hub.
    pub fn open(args: &ModelArgs) -> Result<Source, CliError> {
        let path = args.model.as_path();
        if !path.exists()
            && let Some(repo) = path.to_str().and_then(|text| Repo::parse(text).ok())
        {
            return from_hub(&repo, args);
        }
        let about = |error: std::io::Error| CliError::File { path: path.to_owned(), error };
        let is_folder = std::fs::metadata(path).map_err(about)?.is_dir();
        let paths = if is_folder {
            chosen(path, args.quantisation.as_deref())?
        } else if path.extension().is_some_and(|extension| extension == "gguf") {
            vec![path.to_owned()]
        } else {
            return Err(CliError::NoModel { path: path.to_owned() });
        };
        let full = path.canonicalize().map_err(about)?;
        let name = if is_folder { full.file_name() } else { full.file_stem() };
        let name = name.unwrap_or(full.as_os_str()).to_string_lossy().into_owned();
        Self::of_files(&paths, name, None)
    }

    fn of_files(paths: &[PathBuf], name: String, revision: Option<String>) -> Result<Source, CliError> {
        let files = paths.iter().map(|path| map(path)).collect::<Result<_, _>>()?;
        Ok(Source { files, paths: paths.to_vec(), name, revision, fetched: Vec::new() })
    }

    /// Drops the kept files that may be why the checkpoint cannot be read, for this reason. Returns what a person is told
    /// of them; nothing where there are none. The source is of no more use then.
    #[cfg(feature = "hub")]
    pub fn drop_spoilt(&mut self, reason: &str) -> Result<Option<String>, CliError> {
        let mut found = Vec::with_capacity(self.fetched.len());
        for ((name, _), file) in self.files.iter().zip(&self.fetched) {
            let is_intact = match file.sha256.as_deref().filter(|_| file.was_kept) {
                Some(sha256) => Some(super::hub::has_sha256(&file.path, sha256)?),
                None => None,
            };
            found.push(ReadFile { name, was_kept: file.was_kept, is_intact });
        }
        let again = spoilt(reason, &found);
        if again.is_empty() {
            return Ok(None);
        }
        let names: Vec<&str> = again.iter().map(|&index| found[index].name).collect();
        let words = dropped(&names, reason);
        // Some systems remove no file that is mapped.
        self.files.clear();
        for index in again {
            let path = &self.fetched[index].path;
            std::fs::remove_file(path).map_err(|error| CliError::File { path: path.clone(), error })?;
        }
        Ok(Some(words))
    }

    #[cfg(not(feature = "hub"))]
    pub fn drop_spoilt(&mut self, _: &str) -> Result<Option<String>, CliError> {
        Ok(None)
    }

    /// Names and lengths in bytes.
    pub fn list(&self) -> Vec<(String, u64)> {
        self.files.iter().map(|(name, map)| (name.clone(), map.as_ref().map_or(0, |map| map.len() as u64))).collect()
    }

    /// A range of a file, cut at the file's end.
    pub fn bytes(&self, name: &str, offset: u64, len: u64) -> &[u8] {
        let map = self.files.iter().find(|(known, _)| known == name).and_then(|(_, map)| map.as_deref());
        let map = map.unwrap_or_default();
        let at = |byte: u64| usize::try_from(byte).map_or(map.len(), |byte| byte.min(map.len()));
        &map[at(offset)..at(offset.saturating_add(len))]
    }
}

#[cfg(feature = "hub")]
fn from_hub(repo: &Repo, args: &ModelArgs) -> Result<Source, CliError> {
    let fetched = super::hub::fetch(repo, args)?;
    let paths: Vec<PathBuf> = fetched.files.iter().map(|file| file.path.clone()).collect();
    let source = Source::of_files(&paths, fetched.name, Some(fetched.commit))?;
    Ok(Source { fetched: fetched.files, ..source })
}

#[cfg(not(feature = "hub"))]
fn from_hub(_: &Repo, args: &ModelArgs) -> Result<Source, CliError> {
    Err(CliError::NoModel { path: args.model.clone() })
}

/// The files of a folder that make a checkpoint.
fn chosen(folder: &Path, quantisation: Option<&str>) -> Result<Vec<PathBuf>, CliError> {
    let about = |error: std::io::Error| CliError::File { path: folder.to_owned(), error };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(about)? {
        let entry = entry.map_err(about)?;
        // Links are followed, since the Hub's own tools store files behind links.
        let Some(metadata) = std::fs::metadata(entry.path()).ok().filter(std::fs::Metadata::is_file) else { continue };
        files.push((entry.file_name().to_string_lossy().into_owned(), metadata.len()));
    }
    files.sort();
    let refuse = |message: String| CliError::Folder { path: folder.to_owned(), message };
    let found = choices(&files).map_err(|unusable| {
        let lines = unusable.convert.map(|lines| format!(" {}", lines.join("; "))).unwrap_or_default();
        refuse(format!("{}{lines}", unusable.message))
    })?;
    let labels = || found.iter().map(|one| one.label.as_str()).collect::<Vec<_>>().join(", ");
    let choice = match (quantisation, found.as_slice()) {
        (Some(wanted), found) => found
            .iter()
            .find(|one| one.label.eq_ignore_ascii_case(wanted))
            .ok_or_else(|| refuse(format!("there is no --quantisation {wanted}: there is {}", labels())))?,
        (None, [one]) => one,
        (None, [first, ..]) if first.label == "safetensors" => first,
        _ => return Err(refuse(format!("there are several models: choose one with --quantisation: {}", labels()))),
    };
    Ok(choice.files.iter().map(|&index| folder.join(&files[index].0)).collect())
}

fn map(path: &Path) -> Result<(String, Option<Mmap>), CliError> {
    let about = |error: std::io::Error| CliError::File { path: path.to_owned(), error };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file = File::open(path).map_err(about)?;
    if file.metadata().map_err(about)?.len() == 0 {
        return Ok((name, None));
    }
    // SAFETY: the map is only read. If another process cuts the file meanwhile, reading ends this process; if it writes
    // into it, numbers change, which is all that bytes from a file are used for.
    let map = unsafe { Mmap::map(&file) }.map_err(about)?;
    Ok((name, Some(map)))
}

//! The files of a checkpoint, mapped into memory: only what is read is ever loaded.

use std::fs::File;
use std::path::Path;

use memmap2::Mmap;

use super::CliError;

/// The files of a checkpoint.
pub struct Source {
    /// Name and contents; none for an empty file, which cannot be mapped.
    files: Vec<(String, Option<Mmap>)>,
    /// A name for people: that of the folder or file.
    pub name: String,
}

/// What a checkpoint's folder may hold that is of use here.
const EXTENSIONS: [&str; 2] = ["json", "safetensors"];

impl Source {
    /// A folder's JSON and safetensors files, or one GGUF file.
    pub fn open(path: &Path) -> Result<Source, CliError> {
        let about = |error: std::io::Error| CliError::File { path: path.to_owned(), error };
        let has_extension = |path: &Path, extension: &str| path.extension().is_some_and(|found| found == extension);
        let metadata = std::fs::metadata(path).map_err(about)?;
        let mut files = Vec::new();
        if metadata.is_dir() {
            for entry in std::fs::read_dir(path).map_err(about)? {
                let file = entry.map_err(about)?.path();
                if EXTENSIONS.iter().any(|extension| has_extension(&file, extension)) && file.is_file() {
                    files.push(map(&file)?);
                }
            }
            files.sort_by(|(a, _), (b, _)| a.cmp(b));
        } else if has_extension(path, "gguf") {
            files.push(map(path)?);
        } else {
            return Err(CliError::NoModel { path: path.to_owned() });
        }
        if files.is_empty() {
            return Err(CliError::NoModel { path: path.to_owned() });
        }
        let full = path.canonicalize().map_err(about)?;
        let name = if metadata.is_dir() { full.file_name() } else { full.file_stem() };
        let name = name.unwrap_or(full.as_os_str()).to_string_lossy().into_owned();
        Ok(Source { files, name })
    }

    /// Names and lengths in bytes.
    pub fn list(&self) -> Vec<(String, u64)> {
        self.files.iter().map(|(name, map)| (name.clone(), map.as_ref().map_or(0, |map| map.len() as u64))).collect()
    }

    /// A range of a file; shorter where the file ends.
    pub fn bytes(&self, name: &str, offset: u64, len: u64) -> &[u8] {
        let map = self.files.iter().find(|(known, _)| known == name).and_then(|(_, map)| map.as_deref());
        let map = map.unwrap_or_default();
        let at = |byte: u64| usize::try_from(byte).map_or(map.len(), |byte| byte.min(map.len()));
        &map[at(offset)..at(offset.saturating_add(len))]
    }
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

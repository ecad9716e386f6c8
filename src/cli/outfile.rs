//! An output file that is there whole or not at all.
//!
//! Written beside its place and moved there at the end, so that a failure leaves what was there before. Something that is
//! no regular file (a pipe, /dev/null) is written as it is.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use super::CliError;

/// An output file under way; removed again unless kept.
pub(super) struct OutFile {
    path: PathBuf,
    /// Where it is until it is whole.
    partial: Option<PathBuf>,
    file: File,
}

impl OutFile {
    /// Starts the file.
    pub fn create(path: &Path) -> Result<Self, CliError> {
        let about = |error| CliError::File { path: path.to_owned(), error };
        let metadata = std::fs::metadata(path).ok();
        if metadata.as_ref().is_some_and(std::fs::Metadata::is_dir) {
            return Err(about(std::io::ErrorKind::IsADirectory.into()));
        }
        if metadata.is_some_and(|metadata| !metadata.is_file()) {
            let file = File::options().write(true).open(path).map_err(about)?;
            return Ok(OutFile { path: path.to_owned(), partial: None, file });
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.partial", std::process::id()));
        let partial = path.with_file_name(name);
        let file = File::create(&partial).map_err(about)?;
        Ok(OutFile { path: path.to_owned(), partial: Some(partial), file })
    }

    /// Where to write.
    pub fn writer(&self) -> Result<BufWriter<File>, CliError> {
        let file = self.file.try_clone().map_err(|error| CliError::File { path: self.path.clone(), error })?;
        Ok(BufWriter::new(file))
    }

    /// Puts the file in its place.
    pub fn keep(mut self) -> Result<(), CliError> {
        let Some(partial) = self.partial.take() else { return Ok(()) };
        std::fs::rename(&partial, &self.path).map_err(|error| {
            let _ = std::fs::remove_file(&partial);
            CliError::File { path: self.path.clone(), error }
        })
    }
}

impl Drop for OutFile {
    fn drop(&mut self) {
        if let Some(partial) = &self.partial {
            let _ = std::fs::remove_file(partial);
        }
    }
}

//! An output file that is there whole or not at all, and never in place of something that the command reads.
//!
//! The file is written beside its place and moved there at the end, so that a failure leaves what was there before; an interrupted
//! process removes what it has begun. Links are followed and permissions kept, as if the old file were written anew. Something that
//! is not a regular file (a pipe, /dev/null) is written as it is.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::CliError;

/// The number of links that Linux follows in a row.
const MAX_LINKS: usize = 40;

/// What a shell reports of a process that was interrupted.
const INTERRUPTED: i32 = 130;

/// An output file under way; removed again unless kept.
pub(super) struct OutFile {
    /// The path as the user names it.
    path: PathBuf,
    /// Where the file goes, links followed.
    target: PathBuf,
    /// Where the file is until it is whole; shared with the handler of interruptions.
    partial: Arc<Mutex<Option<PathBuf>>>,
    file: File,
}

impl OutFile {
    /// Starts the file.
    ///
    /// # Errors
    /// When `path` is one of `inputs`, which the command reads, or cannot be written.
    pub fn create(path: &Path, inputs: &[PathBuf]) -> Result<Self, CliError> {
        let about = |error| CliError::File { path: path.to_owned(), error };
        let target = followed(path).map_err(about)?;
        if let Some(input) = inputs.iter().find(|input| is_same(&target, input)) {
            let message =
                format!("--out {} is read by this command ({}): choose another name", path.display(), input.display());
            return Err(CliError::Usage(message));
        }
        let metadata = std::fs::metadata(&target).ok();
        if metadata.as_ref().is_some_and(std::fs::Metadata::is_dir) {
            return Err(about(std::io::ErrorKind::IsADirectory.into()));
        }
        let partial = Arc::new(Mutex::new(None));
        if metadata.as_ref().is_some_and(|metadata| !metadata.is_file()) {
            let file = File::options().write(true).open(&target).map_err(about)?;
            return Ok(OutFile { path: path.to_owned(), target, partial, file });
        }
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.partial", std::process::id()));
        let beside = target.with_file_name(name);
        remove_when_interrupted(&partial);
        let file = {
            // An interruption between creating the file and noting its name would leave it behind.
            let mut noted = locked(&partial);
            let file = File::create(&beside).map_err(about)?;
            *noted = Some(beside);
            file
        };
        let out = OutFile { path: path.to_owned(), target, partial, file };
        if let Some(metadata) = metadata {
            out.file.set_permissions(metadata.permissions()).map_err(about)?;
        }
        Ok(out)
    }

    /// Where to write.
    pub fn writer(&self) -> Result<BufWriter<File>, CliError> {
        let file = self.file.try_clone().map_err(|error| CliError::File { path: self.path.clone(), error })?;
        Ok(BufWriter::new(file))
    }

    /// Puts the file in its place.
    pub fn keep(self) -> Result<(), CliError> {
        let mut noted = locked(&self.partial);
        let Some(partial) = noted.take() else { return Ok(()) };
        std::fs::rename(&partial, &self.target).map_err(|error| {
            let _ = std::fs::remove_file(&partial);
            CliError::File { path: self.path.clone(), error }
        })
    }
}

impl Drop for OutFile {
    fn drop(&mut self) {
        if let Some(partial) = locked(&self.partial).take() {
            let _ = std::fs::remove_file(partial);
        }
    }
}

/// The path of a file that is there, links followed, or of one that a link names and that is to be made.
fn followed(path: &Path) -> std::io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match std::fs::read_link(&path) {
            Ok(to) => path = path.parent().unwrap_or(Path::new("")).join(to),
            // No link: a file, or nothing yet.
            Err(_) => return Ok(path),
        }
    }
    Err(std::io::Error::other("too many levels of symbolic links"))
}

/// Whether two paths name one file: links followed, and on Unix a file of several names counts as one.
fn is_same(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    if let (Ok(one), Ok(other)) = (std::fs::metadata(one), std::fs::metadata(other)) {
        use std::os::unix::fs::MetadataExt;
        return (one.dev(), one.ino()) == (other.dev(), other.ino());
    }
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

fn locked(partial: &Mutex<Option<PathBuf>>) -> std::sync::MutexGuard<'_, Option<PathBuf>> {
    partial.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Lets an interruption remove the file before the process ends.
fn remove_when_interrupted(partial: &Arc<Mutex<Option<PathBuf>>>) {
    let partial = Arc::clone(partial);
    // Without a handler an interruption leaves the file behind, but the output is written all the same.
    let _ = ctrlc::set_handler(move || {
        if let Some(partial) = locked(&partial).take() {
            let _ = std::fs::remove_file(partial);
        }
        std::process::exit(INTERRUPTED);
    });
}

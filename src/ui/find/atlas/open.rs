//! Reads a file that may be an atlas.

use web_sys::File;

use super::send;
use crate::analysis::atlas::{AtlasError, AtlasFile};
use crate::platform::page::file_bytes;
use crate::state::find::AtlasEvent;
use crate::ui::parts::reader::Awaited;
use crate::ui::share::trace::reading::file_under;
use crate::ui::shell::page::Page;

/// Largest file that is held in memory.
const MAX_MB: f64 = 1_000.0;

/// A header begins with what the file says about itself.
const FIRST_BYTES: u64 = 4_096;

/// A file that is not a trace.
pub enum AtlasAt {
    /// It was chosen or dropped.
    Device(File),
    /// At a URL, or of the host of this frame.
    Url(String),
}

/// Opens a file that is not a trace, and says whether it is an atlas. Another file is left to whoever else reads it.
pub fn open_atlas(page: Page, at: AtlasAt) -> Awaited<bool> {
    Box::pin(async move {
        let read = match at {
            AtlasAt::Device(file) => read(&file).await.map(|read| (file.name(), read)),
            AtlasAt::Url(url) => read_under(&url).await,
        };
        let Ok((name, read)) = read else { return false };
        let is_other = matches!(read, Err(AtlasError::Other(_) | AtlasError::Header(_)));
        if !is_other {
            came(page, name, read.map_err(|error| error.to_string()), false);
        }
        !is_other
    })
}

/// The file at a URL. Of a file that does not call itself an atlas no more than its beginning is fetched.
async fn read_under(url: &str) -> Result<(String, Result<AtlasFile, AtlasError>), String> {
    let file = file_under(url).await?;
    let name = file.name.clone();
    let first = file.read(0..FIRST_BYTES).await?;
    let says = "headlight_atlas".as_bytes();
    let is_other = !first.windows(says.len()).any(|part| part == says);
    if is_other || file.len() as f64 / 1e6 > MAX_MB {
        return Ok((name.clone(), Err(AtlasError::Other(name))));
    }
    let read = AtlasFile::read(&name, file.read(0..file.len()).await?);
    Ok((name, read))
}

/// Opens a file that was picked as an atlas.
pub(super) async fn open_picked(page: Page, file: File, is_beside: bool) {
    let read = read(&file).await;
    let read = read.and_then(|read| read.map_err(|error| error.to_string()));
    came(page, file.name(), read, is_beside);
}

/// The file, or why its bytes cannot be had.
async fn read(file: &File) -> Result<Result<AtlasFile, AtlasError>, String> {
    let (name, n_mb) = (file.name(), file.size() / 1e6);
    if n_mb > MAX_MB {
        return Err(format!("{name} has {n_mb:.0} MB: at most {MAX_MB:.0} MB are opened here"));
    }
    Ok(AtlasFile::read(&name, file_bytes(file).await?))
}

fn came(page: Page, name: String, read: Result<AtlasFile, String>, is_beside: bool) {
    send(page, AtlasEvent::Came(name, read.map(Box::new), is_beside));
}

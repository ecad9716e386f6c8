//! Reads a file that may be an atlas.

use web_sys::File;

use super::send;
use crate::analysis::atlas::{AtlasError, AtlasFile};
use crate::platform::page::file_bytes;
use crate::state::find::AtlasEvent;
use crate::ui::parts::reader::Awaited;
use crate::ui::shell::page::Page;

/// Largest file that is held in memory.
const MAX_MB: f64 = 1_000.0;

/// Opens a file that was dropped, and says whether it is an atlas. Another file is left to whoever else reads it.
pub fn open_dropped(page: Page, file: File) -> Awaited<bool> {
    Box::pin(async move {
        let Ok(read) = read(&file).await else { return false };
        let is_other = matches!(read, Err(AtlasError::Other(_) | AtlasError::Header(_)));
        if !is_other {
            came(page, &file, read.map_err(|error| error.to_string()), false);
        }
        !is_other
    })
}

/// Opens a file that was picked as an atlas.
pub(super) async fn open_picked(page: Page, file: File, is_beside: bool) {
    let read = read(&file).await;
    let read = read.and_then(|read| read.map_err(|error| error.to_string()));
    came(page, &file, read, is_beside);
}

/// The file, or why its bytes cannot be had.
async fn read(file: &File) -> Result<Result<AtlasFile, AtlasError>, String> {
    let (name, n_mb) = (file.name(), file.size() / 1e6);
    if n_mb > MAX_MB {
        return Err(format!("{name} has {n_mb:.0} MB: at most {MAX_MB:.0} MB are opened here"));
    }
    Ok(AtlasFile::read(&name, file_bytes(file).await?))
}

fn came(page: Page, file: &File, read: Result<AtlasFile, String>, is_beside: bool) {
    send(page, AtlasEvent::Came(file.name(), read.map(Box::new), is_beside));
}

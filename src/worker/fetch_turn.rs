//! One tab at a time fetches a file: the others wait, and read what it kept.
//!
//! Two that write the parts of one file would leave a mixture of both. Where the browser has no locks, each fetches the file, as
//! before there were any; the sizes of parts are compared before a file is marked as whole (`platform/files.rs`).

use super::download::{Progress, kept_name};
use super::{Stop, Worker};
use crate::platform::clock::now_ms;
use crate::platform::fetch::sleep;
use crate::platform::files::Parts;
use crate::platform::locks::{Held, Lock, try_lock};
use crate::protocol::{FileSource, RequestId, Stage};
use crate::sources::OtherTab;

/// Wait between two looks at what another tab does, in milliseconds.
const LOOK_MS: u64 = 250;

/// Whose turn it is to fetch a file.
pub(super) enum Turn {
    /// This worker's, until the lock is dropped.
    Ours { _lock: Option<Held> },
    /// Still that of another tab, which seems to be suspended: what is fetched here is not kept.
    Theirs,
}

impl Worker {
    /// Waits while another tab fetches the file.
    pub(super) async fn fetch_turn(
        &mut self,
        request: RequestId,
        source: &FileSource,
        progress: &Progress,
    ) -> Result<Turn, Stop> {
        let name = kept_name(source);
        let lock_name = format!("headlight-fetch {name}");
        let mut other = OtherTab::new(now_ms());
        loop {
            match try_lock(&lock_name).await {
                Lock::Held(lock) => return Ok(Turn::Ours { _lock: Some(lock) }),
                Lock::Missing => return Ok(Turn::Ours { _lock: None }),
                Lock::Taken => {}
            }
            let n_kept = Parts::open(name).await.len();
            if !other.is_worth_waiting(n_kept, now_ms()) {
                return Ok(Turn::Theirs);
            }
            let (done, total) = progress.with_present(n_kept);
            self.outbox.progress(request, Stage::OtherTab, done, total);
            sleep(LOOK_MS).await;
            self.breathe(request).await?;
        }
    }
}

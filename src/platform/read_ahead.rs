//! Reading a file from its start to its end, the next parts being fetched while the present one is made use of.
//!
//! A read of a browser's storage takes a millisecond or more before its first byte, whatever its length, and a model has hundreds of
//! small tensors. So the file comes in windows, which stay outside WebAssembly memory; what is asked for is copied from them.

use std::collections::VecDeque;

use js_sys::{Promise, Uint8Array};
use wasm_bindgen_futures::JsFuture;

use super::files::StoredFile;
use super::words::words;

/// Bytes of a window.
const WINDOW: u64 = 4 << 20;

/// Windows on their way at a time: one alone leaves the browser idle between its last byte and the next one's first.
const MAX_COMING: u64 = 3;

/// A file with the window that was read last and those that are on their way, each following the one before it.
pub struct ReadAhead<'a> {
    file: &'a StoredFile,
    window: Option<(u64, Uint8Array)>,
    coming: VecDeque<(u64, Promise)>,
}

impl<'a> ReadAhead<'a> {
    /// Nothing is read yet.
    pub fn new(file: &'a StoredFile) -> Self {
        Self { file, window: None, coming: VecDeque::new() }
    }

    /// Bytes `offset .. offset + len`; fewer at the end of the file.
    ///
    /// # Errors
    /// In the browser's words, when it cannot be read any more: changed or moved on disk, or gone from storage.
    pub async fn read(&mut self, offset: u64, len: u64) -> Result<Vec<u8>, String> {
        let end = (offset + len).min(self.file.len());
        let mut bytes = vec![0; end.saturating_sub(offset) as usize];
        let mut done = 0;
        while done < bytes.len() {
            let at = offset + done as u64;
            let index = at / WINDOW;
            let inside = (at - index * WINDOW) as u32;
            let window = self.window(index).await?;
            if window.length() <= inside {
                bytes.truncate(done);
                break;
            }
            let rest = &mut bytes[done..];
            let n_bytes = (window.length() - inside).min(rest.len() as u32);
            window.subarray(inside, inside + n_bytes).copy_to(&mut rest[..n_bytes as usize]);
            done += n_bytes as usize;
        }
        Ok(bytes)
    }

    /// A window, while those after it set out.
    async fn window(&mut self, index: u64) -> Result<Uint8Array, String> {
        if let Some((_, window)) = self.window.as_ref().filter(|(known, _)| *known == index) {
            return Ok(window.clone());
        }
        while self.coming.front().is_some_and(|(known, _)| *known != index) {
            self.coming.pop_front();
        }
        let promise = match self.coming.pop_front() {
            Some((_, promise)) => promise,
            None => self.start(index)?,
        };
        let next = self.coming.back().map_or(index, |(known, _)| *known) + 1;
        for next in next..=index + MAX_COMING {
            // One that cannot be read is told when it is wanted.
            let Some(Ok(promise)) = (next * WINDOW < self.file.len()).then(|| self.start(next)) else { break };
            self.coming.push_back((next, promise));
        }
        let window = Uint8Array::new(&JsFuture::from(promise).await.map_err(|error| words(&error))?);
        self.window = Some((index, window.clone()));
        Ok(window)
    }

    fn start(&self, index: u64) -> Result<Promise, String> {
        self.file.start_reading(index * WINDOW, WINDOW)
    }
}

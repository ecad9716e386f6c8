//! An output that becomes a file of the browser: written bytes leave WebAssembly memory in parts of some megabytes.

use std::io::{self, Write};

use js_sys::{Array, Uint8Array};
use web_sys::{Blob, Url};

use super::words::words;

/// Bytes gathered before they leave WebAssembly memory.
const PART_BYTES: usize = 4 << 20;

/// Number of parts that are joined to one, so that the browser can put them on disk.
const MAX_PARTS: u32 = 16;

/// A file that is being written.
#[derive(Default)]
pub struct BlobSink {
    gathered: Vec<u8>,
    parts: Array,
    n_bytes: u64,
}

impl BlobSink {
    /// Starts an empty file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the file. Returns its URL and its length in bytes.
    ///
    /// # Errors
    /// The browser's words, when it has no room for the file.
    pub fn into_url(mut self) -> Result<(String, u64), String> {
        self.put_out().map_err(|error| error.to_string())?;
        let blob = self.blob().map_err(|error| error.to_string())?;
        // A file is shorter than written where the browser could not keep all of it.
        if blob.size() as u64 != self.n_bytes {
            return Err("This browser has no room for the file.".to_owned());
        }
        let url = Url::create_object_url_with_blob(&blob).map_err(|error| words(&error))?;
        Ok((url, self.n_bytes))
    }

    fn blob(&self) -> io::Result<Blob> {
        Blob::new_with_u8_array_sequence(&self.parts).map_err(|error| io::Error::other(words(&error)))
    }

    fn put_out(&mut self) -> io::Result<()> {
        if !self.gathered.is_empty() {
            self.parts.push(&Uint8Array::from(self.gathered.as_slice()));
            self.gathered.clear();
        }
        if self.parts.length() >= MAX_PARTS {
            let joined = self.blob()?;
            self.parts = Array::of1(&joined);
        }
        Ok(())
    }
}

impl Write for BlobSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        self.n_bytes += bytes.len() as u64;
        if self.gathered.len() >= PART_BYTES {
            self.put_out()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

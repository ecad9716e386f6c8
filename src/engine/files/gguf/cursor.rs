//! Reads numbers and strings off the front of a file of which only a prefix is there.
//!
//! Invariant: nothing is allocated for a length before the bytes for it are there.

use super::MAX_HEADER_BYTES;
use crate::engine::files::FileError;

/// Why reading stopped.
pub(super) enum Stop {
    /// The prefix is too short, the file is not.
    Short {
        /// How many bytes of the file's beginning are certainly needed.
        at_least: u64,
    },
    /// The file is wrong.
    Refused(FileError),
}

/// A place in the prefix of a file.
pub(super) struct Cursor<'a> {
    /// Name for messages.
    pub(super) file: &'a str,
    /// Length of the whole file.
    pub(super) file_len: u64,
    /// What is being read, for messages.
    pub(super) reading: String,
    prefix: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(file: &'a str, file_len: u64, prefix: &'a [u8]) -> Self {
        Cursor { file, file_len, reading: "the header".to_owned(), prefix, position: 0 }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.position as u64
    }

    /// The next `n_bytes` bytes.
    pub(super) fn bytes(&mut self, n_bytes: u64) -> Result<&'a [u8], Stop> {
        let end = self.position().saturating_add(n_bytes);
        if end > self.file_len {
            let (what, expected) = (self.reading.clone(), end);
            let error = FileError::Truncated { file: self.file.to_owned(), what, expected, found: self.file_len };
            return Err(Stop::Refused(error));
        }
        if end > MAX_HEADER_BYTES {
            let found = format!("{end} bytes or more");
            return Err(self.refuse("the header", &format!("at most {MAX_HEADER_BYTES} bytes"), found));
        }
        let rest = self.prefix.get(self.position..).unwrap_or_default();
        match usize::try_from(n_bytes).ok().and_then(|n_bytes| rest.get(..n_bytes)) {
            Some(bytes) => {
                self.position += bytes.len();
                Ok(bytes)
            }
            None => Err(Stop::Short { at_least: end }),
        }
    }

    /// The next `N` bytes.
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let bytes = self.bytes(N as u64)?;
        bytes.first_chunk().copied().ok_or(Stop::Short { at_least: self.position() })
    }

    pub(super) fn u32(&mut self) -> Result<u32, Stop> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, Stop> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    /// A length and that many bytes of text. Some files have descriptions outside UTF-8: their bytes become �.
    pub(super) fn string(&mut self) -> Result<String, Stop> {
        let n_bytes = self.u64()?;
        Ok(String::from_utf8_lossy(self.bytes(n_bytes)?).into_owned())
    }

    /// Refuses a count of things of at least `min_bytes` each for which the rest of the file is too short.
    pub(super) fn expect_room(&self, what: &str, count: u64, min_bytes: u64) -> Result<(), Stop> {
        let most = (self.file_len - self.position().min(self.file_len)) / min_bytes;
        if count > most {
            return Err(self.refuse(what, &format!("at most {most} in a file of {} bytes", self.file_len), count));
        }
        Ok(())
    }

    pub(super) fn refuse(&self, what: &str, expected: &str, found: impl ToString) -> Stop {
        let (file, what) = (self.file.to_owned(), what.to_owned());
        Stop::Refused(FileError::Gguf { file, what, expected: expected.to_owned(), found: found.to_string() })
    }

    pub(super) fn refuse_duplicate(&self) -> Stop {
        Stop::Refused(FileError::Duplicate { file: self.file.to_owned(), what: self.reading.clone() })
    }
}

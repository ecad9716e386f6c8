//! Reading a file from its start to its end.
//!
//! A read of a browser's storage takes a millisecond or more before its first byte, whatever its length, and a model
//! has hundreds of small tensors. So the file is read as one stream, which the browser fills while a part is used,
//! through a buffer that is passed back and forth (in Chromium 1.5 times as fast as ranges of the same blob). A jump
//! back, or far ahead, opens a new stream.

use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamByobReader, ReadableStreamDefaultReader};

use super::files::StoredFile;
use super::words::words;

/// Length of the buffer, in bytes.
const BUFFER: u32 = 2 << 20;

/// Most bytes that are skipped by reading on rather than by opening a new stream.
const FAR: u64 = 4 << 20;

/// A file with the part of it that was read last.
pub struct ReadAhead<'a> {
    file: &'a StoredFile,
    reader: Option<Reader>,
    /// Offset of `part` in the file.
    at: u64,
    part: Uint8Array,
}

enum Reader {
    /// A reader that fills buffers it is given.
    Into(ReadableStreamByobReader),
    /// A reader that brings its own buffers, where streams of blobs have no other.
    Own(ReadableStreamDefaultReader),
}

impl<'a> ReadAhead<'a> {
    /// A file of which no byte was read yet.
    pub fn new(file: &'a StoredFile) -> Self {
        Self { file, reader: None, at: 0, part: Uint8Array::new_with_length(0) }
    }

    /// Reads bytes `offset .. offset + len` into `bytes`, fewer at the end of the file.
    ///
    /// # Errors
    /// The browser's words, when the file can no longer be read: changed or moved on disk, or gone from storage.
    pub async fn read(&mut self, offset: u64, len: u64, bytes: &mut Vec<u8>) -> Result<(), String> {
        // The buffer is overwritten: most reads are as long as the one before.
        bytes.resize(len.min(self.file.len().saturating_sub(offset)) as usize, 0);
        let mut done = 0;
        while done < bytes.len() {
            let Some(part) = self.part_at(offset + done as u64).await? else { break };
            let rest = &mut bytes[done..];
            let n_bytes = part.length().min(rest.len() as u32);
            part.subarray(0, n_bytes).copy_to(&mut rest[..n_bytes as usize]);
            done += n_bytes as usize;
        }
        bytes.truncate(done);
        Ok(())
    }

    /// Bytes of the file from `offset` on, at least one; `None` after its end.
    async fn part_at(&mut self, offset: u64) -> Result<Option<Uint8Array>, String> {
        loop {
            let end = self.at + u64::from(self.part.length());
            let reader = match &mut self.reader {
                Some(reader) if (self.at..end + FAR).contains(&offset) => reader,
                reader => {
                    (self.at, self.part) = (offset, Uint8Array::new_with_length(0));
                    *reader = Some(Reader::open(self.file, offset)?);
                    continue;
                }
            };
            if offset < end {
                return Ok(Some(self.part.subarray((offset - self.at) as u32, self.part.length())));
            }
            match reader.next(&self.part).await? {
                Some(part) => (self.at, self.part) = (end, part),
                None => return Ok(None),
            }
        }
    }
}

impl Reader {
    fn open(file: &StoredFile, offset: u64) -> Result<Self, String> {
        let stream = file.stream_from(offset)?;
        Ok(match ReadableStreamByobReader::new(&stream) {
            Ok(reader) => Self::Into(reader),
            Err(_) => Self::Own(stream.get_reader().unchecked_into()),
        })
    }

    /// The next bytes, possibly in the memory of `used`, which is not read again; `None` at the end.
    async fn next(&mut self, used: &Uint8Array) -> Result<Option<Uint8Array>, String> {
        let promise = match self {
            Self::Into(reader) => {
                let buffer = Some(used.buffer()).filter(|buffer| buffer.byte_length() == BUFFER);
                let buffer = buffer.unwrap_or_else(|| ArrayBuffer::new(BUFFER));
                reader.read_with_array_buffer_view(&Uint8Array::new(&buffer))
            }
            Self::Own(reader) => reader.read(),
        };
        let came = JsFuture::from(promise).await.map_err(|error| words(&error))?;
        // Gap: `fetch` reads the answers of a stream as well, in code of its own.
        let part = Reflect::get(&came, &JsValue::from_str("value")).map_err(|error| words(&error))?;
        // At the end some browsers bring an empty part, others none.
        Ok(part.dyn_into::<Uint8Array>().ok().filter(|part| part.length() > 0))
    }
}

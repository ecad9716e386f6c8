//! Reading a file from its start to its end.
//!
//! A read of a browser's storage takes a millisecond or more before its first byte, whatever its length, and a model has hundreds of
//! small tensors. So the file comes as one stream, which the browser goes on filling while a part is made use of, through a buffer
//! that goes back and forth (in Chromium half as fast again as ranges of the same blob). A jump back, or far ahead, opens it anew.

use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamByobReader, ReadableStreamDefaultReader};

use super::files::StoredFile;
use super::words::words;

/// Bytes of the buffer.
const BUFFER: u32 = 2 << 20;

/// Bytes that are read and dropped rather than the stream opened anew: what aligns tensors, or one that is not wanted.
const FAR: u64 = 4 << 20;

/// A file and what came of it last.
pub struct ReadAhead<'a> {
    file: &'a StoredFile,
    reader: Option<Reader>,
    /// Where `part` starts in the file.
    at: u64,
    part: Uint8Array,
}

enum Reader {
    /// Fills buffers that it is given.
    Into(ReadableStreamByobReader),
    /// Brings its own, where blobs' streams know no other way.
    Own(ReadableStreamDefaultReader),
}

impl<'a> ReadAhead<'a> {
    /// Nothing is read yet.
    pub fn new(file: &'a StoredFile) -> Self {
        Self { file, reader: None, at: 0, part: Uint8Array::new_with_length(0) }
    }

    /// Makes `bytes` bytes `offset .. offset + len`; fewer at the end of the file.
    ///
    /// # Errors
    /// In the browser's words, when it cannot be read any more: changed or moved on disk, or gone from storage.
    pub async fn read(&mut self, offset: u64, len: u64, bytes: &mut Vec<u8>) -> Result<(), String> {
        // What is there is written over: mostly as many bytes are asked for as the last time.
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

    /// What has come of the file from `offset` on, at least a byte; none after its end.
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

    /// What comes next, maybe in the memory of `used`, which is read no more; none at the end.
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
        let part = Reflect::get(&came, &JsValue::from_str("value")).map_err(|error| words(&error))?;
        // At the end some bring an empty part, others none.
        Ok(part.dyn_into::<Uint8Array>().ok().filter(|part| part.length() > 0))
    }
}

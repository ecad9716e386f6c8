//! GGUF files, versions 2 and 3, little-endian: metadata, then where each tensor is.
//!
//! Definition: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>. Written anew rather than taken from candle,
//! whose reader divides by an alignment of zero, cuts dimensions to 32 bits in the browser, and needs the whole file
//! behind a seekable reader. Our own rules beyond the definition: a header of at most [`MAX_HEADER_BYTES`], no name
//! twice, no two tensors over the same bytes.

mod cursor;
mod tensors;
mod value;

use std::collections::BTreeMap;

use super::{FileError, Parsed, TensorIndex};
use cursor::{Cursor, Stop};
pub use value::{Array, Scalar, Value};

/// Headers above this are refused; the largest vocabularies take about 10 MB.
pub const MAX_HEADER_BYTES: u64 = 1 << 28;

/// What to ask for at first, and the least to ask for at a time: few round trips, little too much.
const STEP_BYTES: u64 = 1 << 20;

/// Shortest metadata entry: key length, type, one byte.
const MIN_FIELD_BYTES: u64 = 8 + 4 + 1;

/// What a GGUF file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gguf {
    /// The file's tensors.
    pub index: TensorIndex,
    /// What it says about model and tokenizer.
    pub metadata: BTreeMap<String, Value>,
}

/// Reads the header from a file's first bytes.
///
/// `file` is the name for messages, `file_len` the length of the whole file. How long the header is, is known only at its
/// end, so this may ask for more several times; each time for at least twice as much, so that the work stays linear.
pub fn parse_header(file: &str, file_len: u64, prefix: &[u8]) -> Result<Parsed<Gguf>, FileError> {
    let mut cursor = Cursor::new(file, file_len, prefix);
    match read(&mut cursor) {
        Ok(gguf) => Ok(Parsed::Complete(gguf)),
        Err(Stop::Refused(error)) => Err(error),
        Err(Stop::Short { at_least }) => {
            let comfortable = (2 * prefix.len() as u64).clamp(STEP_BYTES, MAX_HEADER_BYTES);
            Ok(Parsed::Needs(at_least.max(comfortable).min(file_len)))
        }
    }
}

fn read(cursor: &mut Cursor<'_>) -> Result<Gguf, Stop> {
    let magic = cursor.take::<4>()?;
    if &magic != b"GGUF" {
        let found = format!("{:?}", magic.escape_ascii().to_string());
        return Err(cursor.refuse("the start of the file", "\"GGUF\"", found));
    }
    let version = u32::from_le_bytes(cursor.take()?);
    if !matches!(version, 2 | 3) {
        let is_big_endian = matches!(version.swap_bytes(), 1..=3);
        let found = if is_big_endian { "big-endian".to_owned() } else { version.to_string() };
        return Err(cursor.refuse("the GGUF version", "2 or 3, little-endian", found));
    }
    let n_tensors = cursor.u64()?;
    let n_fields = cursor.u64()?;
    cursor.expect_room("the number of tensors", n_tensors, tensors::MIN_TENSOR_BYTES)?;
    cursor.expect_room("the number of metadata fields", n_fields, MIN_FIELD_BYTES)?;
    let mut metadata = BTreeMap::new();
    for number in 0..n_fields {
        cursor.reading = format!("metadata field {number}");
        let key = cursor.string()?;
        cursor.reading = format!("metadata {key}");
        let value = Value::read(cursor)?;
        if metadata.insert(key, value).is_some() {
            return Err(cursor.refuse_duplicate());
        }
    }
    let tensors = tensors::read(cursor, n_tensors, &metadata)?;
    let index = TensorIndex { file: cursor.file.to_owned(), tensors };
    Ok(Gguf { index, metadata })
}

impl Gguf {
    /// Whether there is such a field.
    pub fn has(&self, key: &str) -> bool {
        self.metadata.contains_key(key)
    }

    /// A text.
    pub fn string(&self, key: &str) -> Result<&str, FileError> {
        self.get(key, "a string", Value::as_str)
    }

    /// A number of any integer type that is not negative and fits 32 bits.
    pub fn u32(&self, key: &str) -> Result<u32, FileError> {
        self.get(key, "an integer from 0 to 4294967295", Value::as_u32)
    }

    /// A number with a fraction.
    pub fn f32(&self, key: &str) -> Result<f32, FileError> {
        self.get(key, "a floating point number", Value::as_f32)
    }

    /// A truth value.
    pub fn bool(&self, key: &str) -> Result<bool, FileError> {
        self.get(key, "true or false", Value::as_bool)
    }

    /// A list of texts.
    pub fn strings(&self, key: &str) -> Result<&[String], FileError> {
        self.get(key, "an array of strings", Value::as_strings)
    }

    /// A list of whole numbers, of any integer type.
    pub fn integers(&self, key: &str) -> Result<Vec<i64>, FileError> {
        self.get(key, "an array of integers", Value::as_integers)
    }

    /// A list of numbers with a fraction.
    pub fn floats(&self, key: &str) -> Result<Vec<f32>, FileError> {
        self.get(key, "an array of floating point numbers", Value::as_floats)
    }

    /// A field that may be absent: `gguf.optional(key, Gguf::u32)`.
    pub fn optional<'a, T>(
        &'a self,
        key: &str,
        get: impl Fn(&'a Gguf, &str) -> Result<T, FileError>,
    ) -> Result<Option<T>, FileError> {
        if self.has(key) { get(self, key).map(Some) } else { Ok(None) }
    }

    fn get<'a, T>(
        &'a self,
        key: &str,
        expected: &str,
        convert: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<T, FileError> {
        let (file, key_name) = (self.index.file.clone(), key.to_owned());
        let Some(value) = self.metadata.get(key) else {
            return Err(FileError::MissingField { file, key: key_name });
        };
        convert(value).ok_or_else(|| {
            let (expected, found) = (expected.to_owned(), value.describe());
            FileError::FieldType { file, key: key_name, expected, found }
        })
    }
}

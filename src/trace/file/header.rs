//! The header of a safetensors file, from the file's first bytes.
//!
//! The `safetensors` crate reads the same header, but its errors name neither tensor nor number, it refuses the whole
//! file for one unknown number format, and its offsets are `usize`, 32 bits in the browser. Checked here as there: the
//! tensors follow one another without gap or overlap and end where the file ends. Nothing is allocated that is not
//! in the bytes given. The engine reads checkpoints with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

use super::foreign::{FOREIGN_BYTES, ForeignFile};
use crate::fields::{Field, Fields, expected};
use crate::trace::shorten::dims;

/// Headers above this are refused, as by the `safetensors` crate.
pub const MAX_HEADER_BYTES: u64 = 100_000_000;

/// Bytes in front of the header: its length.
const PREFIX_BYTES: u64 = 8;

/// What a reader of a file's beginning says.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed<T> {
    /// The header is complete, and this is what it holds.
    Complete(T),
    /// Ask again with at least this many bytes of the file's beginning; never more than the file has.
    Needs(u64),
}

/// What a safetensors file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// The tensors by name.
    pub tensors: BTreeMap<String, Entry>,
    /// The texts under `__metadata__`.
    pub metadata: BTreeMap<String, String>,
}

/// One tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// "F32", "F16", "BF16", "I64", …
    pub dtype: String,
    /// Row-major.
    pub shape: Vec<usize>,
    /// First byte in the file.
    pub offset: u64,
    /// Length in bytes.
    pub len: u64,
}

/// Why a header was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HeaderError {
    /// Not even the length of the header is there.
    #[error("{file}: a safetensors file has at least 10 bytes, this one {file_len}")]
    TooShort {
        /// The file.
        file: String,
        /// The file's length in bytes.
        file_len: u64,
    },
    /// Something else under the file's name.
    #[error(transparent)]
    Foreign(#[from] ForeignFile),
    /// The header's length is not plausible.
    #[error(
        "{file}: the header claims {found} bytes, expected 2 to {expected} (is this a safetensors file, and whole?)"
    )]
    HeaderLength {
        /// The file.
        file: String,
        /// The most that is possible.
        expected: u64,
        /// What the file says.
        found: u64,
    },
    /// The header is not JSON, or not of the right form.
    #[error("{file}: the header cannot be read: {reason}")]
    Json {
        /// The file.
        file: String,
        /// What the JSON reader says.
        reason: String,
    },
    /// Two tensors of one name.
    #[error("{file}: tensor {tensor} is there twice")]
    Duplicate {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
    },
    /// A shape that no file can hold.
    #[error("{file}: tensor {tensor}: shape {} of {dtype} is too large", dims(.shape))]
    Shape {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// The tensor's number format.
        dtype: String,
        /// The tensor's shape.
        shape: Vec<u64>,
    },
    /// Shape and offsets disagree.
    #[error("{file}: tensor {tensor}: {dtype} {} takes {expected} bytes, its data_offsets span {found}", dims(.shape))]
    Length {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// The tensor's number format.
        dtype: String,
        /// The tensor's shape.
        shape: Vec<u64>,
        /// What the shape takes.
        expected: u64,
        /// What the offsets span.
        found: u64,
    },
    /// A tensor ends after the file.
    #[error("{file}: tensor {tensor} ends at byte {expected}, the file at byte {found} (the file is not whole)")]
    Truncated {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// Where the tensor ends.
        expected: u64,
        /// Length of the file.
        found: u64,
    },
    /// A tensor does not start where the one before it ends.
    #[error(
        "{file}: tensor {tensor}: data_offsets start at {found}, expected {expected}, where the tensor before it ends"
    )]
    Gap {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// Where the tensor before it ends.
        expected: u64,
        /// Where this one starts.
        found: u64,
    },
    /// Bytes after the last tensor.
    #[error("{file}: the tensors end at byte {expected}, the file at byte {found}")]
    Trailing {
        /// The file.
        file: String,
        /// Where the last tensor ends.
        expected: u64,
        /// Length of the file.
        found: u64,
    },
}

/// Reads the header from a file's first bytes.
///
/// `file` is the name for messages, `file_len` the length of the whole file.
pub fn parse(file: &str, file_len: u64, prefix: &[u8]) -> Result<Parsed<Header>, HeaderError> {
    let file = file.to_owned();
    if file_len < PREFIX_BYTES + 2 {
        return Err(HeaderError::TooShort { file, file_len });
    }
    let Some(length_bytes) = prefix.first_chunk::<8>() else {
        return Ok(Parsed::Needs(PREFIX_BYTES));
    };
    let found = u64::from_le_bytes(*length_bytes);
    let expected = MAX_HEADER_BYTES.min(file_len - PREFIX_BYTES);
    if found < 2 || found > expected {
        let enough = FOREIGN_BYTES.min(file_len);
        if (prefix.len() as u64) < enough {
            return Ok(Parsed::Needs(enough));
        }
        return Err(match ForeignFile::of(&file, prefix) {
            Some(foreign) => foreign.into(),
            None => HeaderError::HeaderLength { file, expected, found },
        });
    }
    let data_start = PREFIX_BYTES + found;
    let Some(json) = prefix.get(PREFIX_BYTES as usize..data_start as usize) else {
        return Ok(Parsed::Needs(data_start));
    };
    let raw: RawHeader = match serde_json::from_slice(json) {
        Ok(raw) => raw,
        Err(error) => return Err(HeaderError::Json { file, reason: error.to_string() }),
    };
    let mut names = BTreeSet::new();
    if let Some((tensor, _)) = raw.tensors.iter().find(|(name, _)| !names.insert(name)) {
        return Err(HeaderError::Duplicate { file, tensor: tensor.clone() });
    }
    let mut header = Header { metadata: raw.metadata, ..Header::default() };
    let mut in_order = raw.tensors;
    in_order.sort_unstable_by_key(|(_, entry)| entry.data_offsets);
    let mut end_so_far = 0;
    for (tensor, raw) in in_order {
        let entry = check(&file, file_len, data_start, end_so_far, &tensor, raw)?;
        end_so_far += entry.len;
        header.tensors.insert(tensor, entry);
    }
    if data_start + end_so_far != file_len {
        return Err(HeaderError::Trailing { file, expected: data_start + end_so_far, found: file_len });
    }
    Ok(Parsed::Complete(header))
}

/// Checks one tensor against its predecessor's end (in bytes after `data_start`) and the file's length.
fn check(
    file: &str,
    file_len: u64,
    data_start: u64,
    end_so_far: u64,
    tensor: &str,
    raw: RawEntry,
) -> Result<Entry, HeaderError> {
    let (file, tensor) = (file.to_owned(), tensor.to_owned());
    let RawEntry { dtype, shape, data_offsets: (begin, end) } = raw;
    let sizes: Option<Vec<usize>> = shape.iter().map(|&size| usize::try_from(size).ok()).collect();
    let n_elements = shape.iter().try_fold(1u64, |product, &size| product.checked_mul(size));
    let (Some(sizes), Some(n_elements)) = (sizes, n_elements) else {
        return Err(HeaderError::Shape { file, tensor, dtype, shape });
    };
    if begin != end_so_far {
        return Err(HeaderError::Gap { file, tensor, expected: end_so_far, found: begin });
    }
    let span = end.saturating_sub(begin);
    if let Some(bits) = bits_of(&dtype) {
        let Some(n_bits) = n_elements.checked_mul(bits) else {
            return Err(HeaderError::Shape { file, tensor, dtype, shape });
        };
        if end < begin || n_bits.div_ceil(8) != span {
            return Err(HeaderError::Length { file, tensor, dtype, shape, expected: n_bits.div_ceil(8), found: span });
        }
    }
    let last = data_start.saturating_add(begin.max(end));
    if last > file_len {
        return Err(HeaderError::Truncated { file, tensor, expected: last, found: file_len });
    }
    Ok(Entry { dtype, shape: sizes, offset: data_start + begin, len: span })
}

/// Bits per number of the formats that safetensors knows; others pass unchecked and are refused by whoever needs them.
fn bits_of(dtype: &str) -> Option<u64> {
    match dtype {
        "F64" | "I64" | "U64" | "C64" => Some(64),
        "F32" | "I32" | "U32" => Some(32),
        "F16" | "BF16" | "I16" | "U16" => Some(16),
        "BOOL" | "I8" | "U8" => Some(8),
        "F6_E2M3" | "F6_E3M2" => Some(6),
        "F4" => Some(4),
        _ if dtype.starts_with("F8_") => Some(8),
        _ => None,
    }
}

/// The header as it stands in the file; a map, but one that must not lose a tensor that is there twice.
struct RawHeader {
    metadata: BTreeMap<String, String>,
    tensors: Vec<(String, RawEntry)>,
}

struct RawEntry {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

impl Field for RawEntry {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        let (dtype, shape) = (fields.required("dtype")?, fields.required("shape")?);
        let offsets = fields.required::<Vec<u64>>("data_offsets")?;
        let [begin, end] = offsets[..] else {
            return Err(format!("data_offsets has {} numbers, expected 2", offsets.len()));
        };
        Ok(Self { dtype, shape, data_offsets: (begin, end) })
    }
}

/// The texts under `__metadata__`.
fn texts(value: Value) -> Result<BTreeMap<String, String>, String> {
    let text = |(name, value): (String, Value)| match String::read(value) {
        Ok(text) => Ok((name, text)),
        Err(error) => Err(format!("{name}: {error}")),
    };
    match value {
        Value::Object(map) => map.into_iter().map(text).collect(),
        Value::Null => Ok(BTreeMap::new()),
        other => Err(expected("an object", &other)),
    }
}

impl<'de> Deserialize<'de> for RawHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeaderVisitor;

        impl<'de> Visitor<'de> for HeaderVisitor {
            type Value = RawHeader;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from tensor names to dtype, shape and data_offsets")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawHeader, A::Error> {
                let mut header = RawHeader { metadata: BTreeMap::new(), tensors: Vec::new() };
                while let Some(name) = map.next_key::<String>()? {
                    let value = map.next_value().map_err(|error| A::Error::custom(format!("{name}: {error}")))?;
                    let wrong = |error: String| A::Error::custom(format!("{name}: {error}"));
                    if name == "__metadata__" {
                        header.metadata = texts(value).map_err(wrong)?;
                    } else {
                        let entry = RawEntry::read(value).map_err(wrong)?;
                        header.tensors.push((name, entry));
                    }
                }
                Ok(header)
            }
        }

        deserializer.deserialize_map(HeaderVisitor)
    }
}

//! Safetensors checkpoints: the header as `trace::file` reads it, with the number formats that weights come in.

use super::{DType, FileError, Parsed, TensorEntry, TensorIndex};
use crate::trace::file::header;

/// Reads the header from a file's first bytes.
///
/// `file` is the name for messages, `file_len` the length of the whole file.
pub fn parse_header(file: &str, file_len: u64, prefix: &[u8]) -> Result<Parsed<TensorIndex>, FileError> {
    let header = match header::parse(file, file_len, prefix)? {
        Parsed::Needs(n_bytes) => return Ok(Parsed::Needs(n_bytes)),
        Parsed::Complete(header) => header,
    };
    let tensors = header.tensors.into_iter().map(|(name, entry)| {
        let dtype = match entry.dtype.as_str() {
            "F64" => DType::F64,
            "F32" => DType::F32,
            "F16" => DType::F16,
            "BF16" => DType::BF16,
            _ => DType::Other(entry.dtype),
        };
        (name, TensorEntry { dtype, shape: entry.shape, offset: entry.offset, len: entry.len })
    });
    Ok(Parsed::Complete(TensorIndex { file: file.to_owned(), tensors: tensors.collect() }))
}

//! Checkpoint files: which tensors a file holds and which of its bytes they are.
//!
//! Nothing here reads by itself: a parser gets the first bytes of a file and says [`Parsed::Needs`] until it has enough;
//! the caller then fetches each tensor by its range. So a file is never in memory as a whole, and the same code serves a
//! mapped file, browser storage and a download. Every count, length and offset is checked against the length of the file
//! before anything is allocated for it.

pub mod gguf;
pub mod safetensors;

use std::collections::BTreeMap;
use std::fmt;

use crate::trace::file::ForeignFile;
pub use crate::trace::file::Parsed;
use crate::trace::file::header::HeaderError;

/// How the numbers of a tensor are stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(non_camel_case_types, reason = "the names of the formats")]
pub enum DType {
    /// Four bytes.
    F32,
    /// Eight bytes; narrowed to four when read.
    F64,
    /// Two bytes, IEEE 754.
    F16,
    /// Two bytes, the upper half of an F32.
    BF16,
    /// Blocks of 32: an F16 scale, 32 signed bytes.
    Q8_0,
    /// Blocks of 32: an F16 scale, 32 numbers of 4 bits less 8.
    Q4_0,
    /// Blocks of 32: an F16 scale, an F16 minimum, 32 numbers of 4 bits.
    Q4_1,
    /// Blocks like Q4_0 with 5 bits a weight.
    Q5_0,
    /// Blocks like Q4_1 with 5 bits a weight.
    Q5_1,
    /// Blocks of 256 in groups with scales of their own: 2 to 6 bits a number.
    Q2_K,
    /// Superblocks of 256 weights, 3 bits each.
    Q3_K,
    /// Superblocks of 256 weights, 4 bits each.
    Q4_K,
    /// Superblocks of 256 weights, 5 bits each.
    Q5_K,
    /// Superblocks of 256 weights, 6 bits each.
    Q6_K,
    /// Blocks of 32: an F16 scale, 32 indices of 4 bits into a table of 16 numbers.
    IQ4_NL,
    /// Blocks of 256 in groups with scales of their own: the same table.
    IQ4_XS,
    /// Blocks of 32: a power of two, 32 numbers of 4 bits with an exponent.
    MXFP4,
    /// Blocks of 256: −1, 0 or 1 times an F16 scale, five in a byte.
    TQ1_0,
    /// Ternary weights, four in a byte.
    TQ2_0,
    /// A format that is not read; named in the error once such a tensor is needed.
    Other(String),
}

impl DType {
    /// The formats that are read.
    pub const READ: [DType; 19] = {
        use DType::*;
        [
            F64, F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4,
            TQ1_0, TQ2_0,
        ]
    };

    /// The format of a name, as it stands in GGUF's definition.
    pub fn of_name(name: &str) -> DType {
        let known = Self::READ.into_iter().find(|dtype| dtype.to_string() == name);
        known.unwrap_or_else(|| DType::Other(name.to_owned()))
    }
}

/// Where one tensor is in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorEntry {
    /// How its numbers are stored.
    pub dtype: DType,
    /// Row-major; matrices as [out, in], as in Hugging Face checkpoints.
    pub shape: Vec<usize>,
    /// First byte in the file.
    pub offset: u64,
    /// How many bytes; 0 for formats of unknown size.
    pub len: u64,
}

/// The tensors of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TensorIndex {
    /// The file's name.
    pub file: String,
    /// The tensors by name.
    pub tensors: BTreeMap<String, TensorEntry>,
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DType::F32 => "F32",
            DType::F64 => "F64",
            DType::F16 => "F16",
            DType::BF16 => "BF16",
            DType::Q8_0 => "Q8_0",
            DType::Q4_0 => "Q4_0",
            DType::Q4_1 => "Q4_1",
            DType::Q5_0 => "Q5_0",
            DType::Q5_1 => "Q5_1",
            DType::Q2_K => "Q2_K",
            DType::Q3_K => "Q3_K",
            DType::Q4_K => "Q4_K",
            DType::Q5_K => "Q5_K",
            DType::Q6_K => "Q6_K",
            DType::IQ4_NL => "IQ4_NL",
            DType::IQ4_XS => "IQ4_XS",
            DType::MXFP4 => "MXFP4",
            DType::TQ1_0 => "TQ1_0",
            DType::TQ2_0 => "TQ2_0",
            DType::Other(name) => name,
        })
    }
}

/// Why a checkpoint file was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FileError {
    /// A safetensors header that cannot be.
    #[error(transparent)]
    Safetensors(#[from] HeaderError),
    /// Something else under the file's name.
    #[error(transparent)]
    Foreign(#[from] ForeignFile),
    /// No GGUF file, or one of a version that is not read.
    #[error("{file}: {what} is {found}, expected {expected}")]
    Gguf {
        /// The file.
        file: String,
        /// The part of the file.
        what: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A part of the header ends after the file.
    #[error("{file}: {what} ends at byte {expected} or later, the file at byte {found} (the file is not whole)")]
    Truncated {
        /// The file.
        file: String,
        /// The part of the file.
        what: String,
        /// Where the part ends, at least.
        expected: u64,
        /// Length of the file.
        found: u64,
    },
    /// Two tensors or fields of one name.
    #[error("{file}: {what} is there twice")]
    Duplicate {
        /// The file.
        file: String,
        /// The name.
        what: String,
    },
    /// Two tensors share bytes.
    #[error("{file}: tensor {tensor} starts at byte {found}, before tensor {other} ends (byte {expected})")]
    Overlap {
        /// The file.
        file: String,
        /// The later one.
        tensor: String,
        /// The earlier one.
        other: String,
        /// Where the earlier one ends.
        expected: u64,
        /// Where the later one starts.
        found: u64,
    },
    /// A metadata field that is needed and absent.
    #[error("{file}: metadata {key} is missing")]
    MissingField {
        /// The file.
        file: String,
        /// The field.
        key: String,
    },
    /// A metadata field of another type.
    #[error("{file}: metadata {key}: expected {expected}, found {found}")]
    FieldType {
        /// The file.
        file: String,
        /// The field.
        key: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
}

//! The trace file: activations of one run as safetensors, hook names as keys, and what they mean as JSON beside them.
//!
//! Nothing here reads or writes by itself: [`parse_header`] takes the first bytes of a file, [`Trace`] says which bytes
//! a tensor is and turns them into numbers, and [`TraceWriter`] writes to whatever it is given, tensor by tensor. A file
//! is never in memory as a whole. It is compiled into the viewer of exported figures.
//!
//! Invariant: what [`parse_header`] accepts, every view can draw: the shapes agree with each other and with the tokens.
//! What depends on the numbers (no NaN, rows that sum to one) is checked when they are decoded.
//!
//! Writing a trace of one pattern, and reading it again:
//!
//! ```
//! use headlight::trace::TokenForm;
//! use headlight::trace::file::{Element, Parsed, TensorPlan, TraceError, TraceMetadata, TraceWriter, parse_header};
//!
//! # fn main() -> Result<(), TraceError> {
//! let name = "blocks.0.attn.hook_pattern"; // [head, query_pos, key_pos]
//! let tokens = vec!["The".to_owned(), "Ġcat".to_owned()];
//! let metadata = TraceMetadata::of_tokens(tokens, TokenForm::ByteLevel);
//! let tensors = vec![TensorPlan { name: name.to_owned(), element: Element::F32, shape: vec![1, 2, 2] }];
//! let mut writer = TraceWriter::new(Vec::new(), &metadata, tensors)?;
//! writer.write_floats(name, &[1.0, 0.0, 0.25, 0.75])?;
//! let file: Vec<u8> = writer.finish()?;
//!
//! // A reader that has only the file's beginning is told how much of it the header takes.
//! let Parsed::Needs(n_bytes) = parse_header("cat.safetensors", file.len() as u64, &file[..8])? else {
//!     panic!("eight bytes are not a header")
//! };
//! let beginning = &file[..n_bytes as usize];
//! let Parsed::Complete(trace) = parse_header("cat.safetensors", file.len() as u64, beginning)? else {
//!     panic!("these bytes are the whole header")
//! };
//! assert_eq!(trace.metadata.tokens, ["The", "Ġcat"]);
//!
//! // Any rows of the first axis can be read alone: here the one head.
//! let bytes = trace.bytes_of(name, 0..1)?;
//! let pattern = trace.decode(name, &file[bytes.start as usize..bytes.end as usize])?;
//! assert_eq!(pattern, [1.0, 0.0, 0.25, 0.75]);
//! # Ok(())
//! # }
//! ```

mod check;
mod float16;
mod foreign;
pub mod header;
pub mod lens;
mod metadata;
mod plan;
mod read;
mod rows;
mod saved;
mod shapes;
mod slot;
mod write;

pub use check::TracePiece;
pub use float16::{bf16_to_f32, f16_to_f32, f32_to_f16};
pub use foreign::ForeignFile;
pub use header::Parsed;
pub use metadata::{ModelName, TraceMetadata};
pub use plan::{SavePlan, file_len};
pub use read::{Trace, TraceTensor, parse_header};
pub use rows::RowSums;
pub use saved::{Saved, makes_patterns, patterns_need_more};
pub use slot::{EMPTY_SLOT, SLOT_ID, base64, fill_slot, read_slot};
pub use write::{TensorPlan, TraceWriter};

use header::{Header, HeaderError};

/// Version of the metadata.
pub const FORMAT: u32 = 1;

/// The longest input a file may hold, in tokens.
pub const MAX_TOKENS: usize = 1 << 20;

/// The key of the metadata in the file's `__metadata__`.
pub const METADATA_KEY: &str = "headlight";

/// How a number is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// Four bytes.
    F32,
    /// Two bytes, 11 bits of precision, up to 65,504.
    F16,
    /// Two bytes, 8 bits of precision, the range of F32.
    Bf16,
    /// Eight bytes, for ids and positions.
    I64,
    /// Four bytes, for ids and positions.
    I32,
    /// Four bytes, for ids and positions.
    U32,
}

impl Element {
    const ALL: [(Element, &str, usize); 6] = [
        (Element::F32, "F32", 4),
        (Element::F16, "F16", 2),
        (Element::Bf16, "BF16", 2),
        (Element::I64, "I64", 8),
        (Element::I32, "I32", 4),
        (Element::U32, "U32", 4),
    ];

    /// The name of the number format in a safetensors header.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Bytes per number.
    pub fn size(self) -> usize {
        Self::ALL[self as usize].2
    }

    /// Whether it holds activations rather than ids.
    pub fn is_float(self) -> bool {
        matches!(self, Element::F32 | Element::F16 | Element::Bf16)
    }

    fn from_name(name: &str) -> Option<Element> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(element, _, _)| *element)
    }
}

/// Why a trace could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file is not a safetensors file, or a damaged one.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The metadata are not a JSON object of this format.
    #[error("{file}: the metadata \"headlight\" cannot be read: {reason}")]
    Metadata {
        /// The file.
        file: String,
        /// What the JSON reader says.
        reason: String,
    },
    /// Written by a newer version.
    #[error("{file}: trace format {found}, expected {FORMAT}")]
    Format {
        /// The file.
        file: String,
        /// What it says.
        found: u32,
    },
    /// No tensor has the name of a hook.
    #[error("{file}: no tensor has the name of a hook, e.g. blocks.0.attn.hook_pattern{}", first_of(.names))]
    NoHooks {
        /// The file.
        file: String,
        /// The names it has.
        names: Vec<String>,
    },
    /// Longer than anything that can be shown.
    #[error("{file}: {tensor} has {found} tokens, at most {MAX_TOKENS} can be read")]
    TooManyTokens {
        /// The file.
        file: String,
        /// The tensor that says so.
        tensor: String,
        /// The number of tokens.
        found: u64,
    },
    /// A tensor or field does not fit what the rest of the file says.
    #[error("{file}: {name}: expected {expected}, found {found}")]
    Mismatch {
        /// The file.
        file: String,
        /// Tensor or field.
        name: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// Asked for a tensor that is not there.
    #[error("{file}: there is no {name}")]
    Missing {
        /// The file.
        file: String,
        /// The tensor.
        name: String,
    },
    /// A number that cannot be.
    #[error("{file}: {name}: value {index} is {found}, expected {expected}")]
    Value {
        /// The file.
        file: String,
        /// The tensor.
        name: String,
        /// The value's index among those that were read, from zero.
        index: usize,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A pattern row that does not sum to 1.
    #[error("{file}: {name}: the weights of head {head}, query {query} sum to {sum:.4}, expected {}", expected_sum(*.sum, *.tolerance, *.has_sinks))]
    RowSum {
        /// The file.
        file: String,
        /// The pattern.
        name: String,
        /// The head.
        head: usize,
        /// The row of the pattern.
        query: usize,
        /// What its weights sum to.
        sum: f64,
        /// How far from 1 they may be.
        tolerance: f64,
        /// Whether the file says that a sink takes the rest.
        has_sinks: bool,
    },
    /// A weight below 0.
    #[error(
        "{file}: {name}: the weight of head {head}, query {query}, key {key} is {weight}; a pattern is a distribution, without negative weights"
    )]
    NegativeWeight {
        /// The file.
        file: String,
        /// The pattern.
        name: String,
        /// The head.
        head: usize,
        /// The row of the pattern.
        query: usize,
        /// The weight's place in the row.
        key: usize,
        /// The weight.
        weight: f32,
    },
    /// Tensors are written in the order in which they were announced, each in its announced length.
    #[error("the trace writer expected {expected}, was given {found}")]
    Order {
        /// What comes next.
        expected: String,
        /// What came.
        found: String,
    },
    /// The output refused.
    #[error("cannot write the trace: {0}")]
    Io(#[from] std::io::Error),
}

/// What the weights of a row should sum to, and how a file with attention sinks says so.
fn expected_sum(sum: f64, tolerance: f64, has_sinks: bool) -> String {
    match (has_sinks, sum < 1.0) {
        (true, _) => format!("at most 1 + {tolerance}, since sinks take the rest"),
        (false, true) => format!(
            "1 ± {tolerance}; if attention sinks take the rest, write \"row_sums\":\"sinks\" into the metadata \"{METADATA_KEY}\""
        ),
        (false, false) => format!("1 ± {tolerance}"),
    }
}

fn first_of(names: &[String]) -> String {
    names.first().map(|name| format!("; the first one is {name}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (element, name, _) in Element::ALL {
            assert_eq!(element.name(), name);
            assert_eq!(Element::from_name(name), Some(element));
        }
    }
}

//! Reads a trace: the header from the file's first bytes, then the bytes of chosen tensors as numbers.

use std::collections::BTreeMap;
use std::ops::Range;

use super::float16::{bf16_to_f32, f16_to_f32};
use super::header::{self, Header, Parsed};
use super::shapes::Shapes;
use super::{Element, TraceError, TraceMetadata, lens};
use crate::trace::spec::MAX_DEPTH;
use crate::trace::{Attn, BlockSite, Hook, Stack, StackHook, TokenForm};

/// Names of the tensors of a trace other than hooks.
const INPUT_IDS: &str = "input_ids";
const DECODER_INPUT_IDS: &str = "decoder_input_ids";
const LOGITS: &str = "logits";
const LOGIT_POSITIONS: &str = "logit_positions";

/// What a trace file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Name for messages.
    pub file: String,
    /// What the numbers mean.
    pub metadata: TraceMetadata,
    /// Hooks, ids and logits, by name.
    pub tensors: BTreeMap<String, TraceTensor>,
    /// Tensors whose names mean nothing here.
    pub other: Vec<String>,
}

/// One tensor of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceTensor {
    /// How its numbers are stored.
    pub element: Element,
    /// Row-major, without a leading batch axis of 1.
    pub shape: Vec<usize>,
    /// First byte in the file.
    pub offset: u64,
    /// Length in bytes.
    pub len: u64,
}

/// Reads the header from a file's first bytes and checks the shapes against each other.
pub fn parse_header(file: &str, file_len: u64, prefix: &[u8]) -> Result<Parsed<Trace>, TraceError> {
    match header::parse(file, file_len, prefix)? {
        Parsed::Needs(n_bytes) => Ok(Parsed::Needs(n_bytes)),
        Parsed::Complete(header) => Trace::from_header(file, &header).map(Parsed::Complete),
    }
}

/// Whether an activation is of whole numbers.
fn is_counted(hook: Hook) -> bool {
    matches!(hook, Hook::Block(_, BlockSite::ExpertIndices))
}

/// Tokens by number, for files that do not name them.
fn numbered(n_tokens: usize) -> Vec<String> {
    (0..n_tokens).map(|position| position.to_string()).collect()
}

impl Trace {
    fn from_header(file: &str, header: &Header) -> Result<Trace, TraceError> {
        let metadata = TraceMetadata::of_header(file, header)?;
        let mut tensors = BTreeMap::new();
        let mut other = Vec::new();
        let mut shapes = Shapes::new(file, metadata.as_ref())?;
        let mut n_hooks = 0;
        for (name, entry) in &header.tensors {
            let hook = name.parse::<StackHook>().ok();
            let (rank, is_float) = match (hook, name.as_str()) {
                (Some(hook), _) => (hook.hook.axes().len(), !is_counted(hook.hook) || entry.dtype.contains('F')),
                (None, LOGITS) => (2, true),
                (None, INPUT_IDS | DECODER_INPUT_IDS | LOGIT_POSITIONS) => (1, false),
                (None, name) => match lens::kind_of(name) {
                    Some(kind) => kind,
                    None => {
                        other.push(name.to_owned());
                        continue;
                    }
                },
            };
            let element = shapes.element(name, &entry.dtype, is_float)?;
            let shape = shapes.without_batch(name, &entry.shape, rank)?;
            if let Some(hook) = hook {
                shapes.agree(name, hook, &shape)?;
                n_hooks += 1;
            }
            tensors.insert(name.clone(), TraceTensor { element, shape, offset: entry.offset, len: entry.len });
        }
        if n_hooks == 0 {
            return Err(TraceError::NoHooks { file: file.to_owned(), names: other });
        }
        shapes.agree_together()?;
        let n_tokens = shapes.n_tokens(Stack::Encoder).unwrap_or(0);
        let n_decoder_tokens = shapes.n_tokens(Stack::Decoder);
        shapes.agree_logits(&tensors, n_tokens, n_decoder_tokens)?;
        shapes.agree_lens(&tensors, n_decoder_tokens.unwrap_or(n_tokens))?;
        let mut metadata = metadata.unwrap_or_else(|| TraceMetadata::of_tokens(numbered(n_tokens), TokenForm::Plain));
        metadata.decoder_tokens = metadata.decoder_tokens.or_else(|| n_decoder_tokens.map(numbered));
        Ok(Trace { file: file.to_owned(), metadata, tensors, other })
    }

    /// How many positions its encoder or only stack has.
    pub fn n_tokens(&self) -> usize {
        self.metadata.tokens.len()
    }

    /// How many positions logits are for: those of the decoder, where there is one.
    pub fn n_written(&self) -> usize {
        self.metadata.decoder_tokens.as_ref().map_or(self.n_tokens(), Vec::len)
    }

    /// Which bytes of the file are rows `rows` along the first axis of a tensor (heads, for patterns).
    pub fn bytes_of(&self, name: &str, rows: Range<usize>) -> Result<Range<u64>, TraceError> {
        let tensor = self.tensor(name)?;
        let n_rows = tensor.shape.first().copied().unwrap_or(1);
        if rows.start > rows.end || rows.end > n_rows {
            return Err(self.mismatch(name, format!("rows within 0..{n_rows}"), format!("{rows:?}")));
        }
        let row_bytes = tensor.len.checked_div(n_rows as u64).unwrap_or(0);
        Ok(tensor.offset + rows.start as u64 * row_bytes..tensor.offset + rows.end as u64 * row_bytes)
    }

    /// Turns bytes of a tensor, whole rows of its last axis, into numbers and checks them: no NaN, −inf only in scores,
    /// pattern rows are distributions (sums 1 ± 4e-3, of two-byte numbers ± 1e-2) unless the file says why not.
    pub fn decode(&self, name: &str, bytes: &[u8]) -> Result<Vec<f32>, TraceError> {
        self.decode_from(name, 0, bytes)
    }

    /// The same for bytes that start at a row along the first axis, so that messages name the right place.
    pub fn decode_from(&self, name: &str, first_row: usize, bytes: &[u8]) -> Result<Vec<f32>, TraceError> {
        let tensor = self.tensor(name)?;
        self.whole_rows(name, tensor, bytes)?;
        let pairs = || bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        let values: Vec<f32> = match tensor.element {
            Element::F32 => {
                bytes.chunks_exact(4).map(|quad| f32::from_le_bytes([quad[0], quad[1], quad[2], quad[3]])).collect()
            }
            Element::F16 => pairs().map(f16_to_f32).collect(),
            Element::Bf16 => pairs().map(bf16_to_f32).collect(),
            _ if name.parse().is_ok_and(|StackHook { hook, .. }| is_counted(hook)) => {
                return Ok(self.decode_ids(name, bytes)?.into_iter().map(|index| index as f32).collect());
            }
            _ => return Err(self.mismatch(name, "activations".to_owned(), tensor.element.name().to_owned())),
        };
        let site = match name.parse() {
            Ok(StackHook { hook: Hook::Block(_, site), .. }) => Some(site.in_attn(Attn::Own)),
            _ => None,
        };
        let may_be_masked = matches!(site, Some(BlockSite::AttnScores | BlockSite::RouterScores));
        let limit = if site == Some(BlockSite::ExpertIndices) { Some(self.limit(name) as f32) } else { None };
        let is_legal = |value: f32| match limit {
            Some(limit) => value.fract() == 0.0 && (0.0..limit).contains(&value),
            None => value.is_finite() || (may_be_masked && value == f32::NEG_INFINITY),
        };
        if let Some(index) = values.iter().position(|&value| !is_legal(value)) {
            let index_in_tensor = first_row * tensor.shape.iter().skip(1).product::<usize>() + index;
            let found = values[index].to_string();
            let expected = limit.map(|limit| format!("a whole number below {limit}"));
            return Err(self.value(name, index_in_tensor, expected.unwrap_or("a finite number".to_owned()), found));
        }
        if site == Some(BlockSite::Pattern) {
            self.check_rows(name, tensor, first_row, &values)?;
        }
        Ok(values)
    }

    /// Turns all bytes of `input_ids` or `logit_positions` into numbers.
    pub fn decode_ids(&self, name: &str, bytes: &[u8]) -> Result<Vec<u32>, TraceError> {
        let tensor = self.tensor(name)?;
        self.whole_rows(name, tensor, bytes)?;
        if tensor.element.is_float() {
            return Err(self.mismatch(name, "integers".to_owned(), tensor.element.name().to_owned()));
        }
        let is_signed = tensor.element == Element::I32;
        let numbers = bytes.chunks_exact(tensor.element.size()).map(|number| match *number {
            [a, b, c, d] if is_signed => i64::from(i32::from_le_bytes([a, b, c, d])),
            [a, b, c, d] => i64::from(u32::from_le_bytes([a, b, c, d])),
            _ => number.first_chunk().map_or(-1, |eight| i64::from_le_bytes(*eight)),
        });
        let limit = self.limit(name);
        let in_range = |(index, number): (usize, i64)| match u32::try_from(number) {
            Ok(id) if u64::from(id) < limit => Ok(id),
            _ => Err(self.value(name, index, format!("a number from 0 to {}", limit - 1), number.to_string())),
        };
        numbers.enumerate().map(in_range).collect()
    }

    /// The number that those of a tensor of whole numbers stay below.
    fn limit(&self, name: &str) -> u64 {
        let experts = self.metadata.spec.as_ref().and_then(|spec| spec.experts.as_ref());
        match name {
            LOGIT_POSITIONS => self.n_written() as u64,
            _ if name.parse().is_ok_and(|StackHook { hook, .. }| is_counted(hook)) => {
                experts.map_or(MAX_DEPTH, |experts| experts.n_experts) as u64
            }
            _ => 1 << 32,
        }
    }

    fn tensor(&self, name: &str) -> Result<&TraceTensor, TraceError> {
        let missing = || TraceError::Missing { file: self.file.clone(), name: name.to_owned() };
        self.tensors.get(name).ok_or_else(missing)
    }

    fn whole_rows(&self, name: &str, tensor: &TraceTensor, bytes: &[u8]) -> Result<(), TraceError> {
        let row_bytes = tensor.shape.last().copied().unwrap_or(1) * tensor.element.size();
        if bytes.len() as u64 <= tensor.len && bytes.len().is_multiple_of(row_bytes.max(1)) {
            return Ok(());
        }
        let expected = format!("a multiple of {row_bytes} bytes, at most {}", tensor.len);
        Err(self.mismatch(name, expected, format!("{} bytes", bytes.len())))
    }

    fn mismatch(&self, name: &str, expected: String, found: String) -> TraceError {
        TraceError::Mismatch { file: self.file.clone(), name: name.to_owned(), expected, found }
    }

    fn value(&self, name: &str, index: usize, expected: String, found: String) -> TraceError {
        TraceError::Value { file: self.file.clone(), name: name.to_owned(), index, expected, found }
    }
}

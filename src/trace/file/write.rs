//! Writes a trace, tensor by tensor: the header first, from announced shapes, then the numbers as they are made.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;

use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use super::float16::f32_to_f16;
use super::{Element, METADATA_KEY, TraceError, TraceMetadata};

/// One tensor to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorPlan {
    /// A hook's name, `input_ids`, `logits` or `logit_positions`.
    pub name: String,
    /// How its numbers are stored.
    pub element: Element,
    /// Row-major.
    pub shape: Vec<usize>,
}

impl TensorPlan {
    fn n_values(&self) -> usize {
        self.shape.iter().product()
    }

    /// Bytes of its numbers.
    pub fn n_bytes(&self) -> u64 {
        self.shape.iter().map(|&length| length as u64).product::<u64>() * self.element.size() as u64
    }
}

/// Writes one trace.
///
/// The numbers follow in the order of [`TraceWriter::order`]; a tensor may come in pieces. Refuses what a reader would:
/// no NaN, infinity only as −inf in scores.
pub struct TraceWriter<W: Write> {
    out: W,
    /// In the order of the file.
    tensors: Vec<TensorPlan>,
    current: usize,
    n_written_of_current: usize,
}

impl<W: Write> TraceWriter<W> {
    /// Writes the header.
    ///
    /// Eight-byte numbers come first, then four, then two, so that every tensor is aligned in a mapped file.
    pub fn new(mut out: W, metadata: &TraceMetadata, mut tensors: Vec<TensorPlan>) -> Result<Self, TraceError> {
        tensors.sort_by_key(|tensor| std::cmp::Reverse(tensor.element.size()));
        let mut names = BTreeSet::new();
        if let Some(twice) = tensors.iter().find(|tensor| !names.insert(&tensor.name)) {
            let found = format!("{} twice", twice.name);
            return Err(TraceError::Order { expected: "each tensor once".to_owned(), found });
        }
        let header = header_bytes(metadata, &tensors)?;
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        let mut writer = TraceWriter { out, tensors, current: 0, n_written_of_current: 0 };
        writer.pass_complete_tensors();
        Ok(writer)
    }

    /// The tensors in the order in which they must be written.
    pub fn order(&self) -> &[TensorPlan] {
        &self.tensors
    }

    /// Whether the next tensor is of floating point numbers.
    pub fn is_next_float(&self) -> bool {
        self.tensors.get(self.current).is_some_and(|tensor| tensor.element.is_float())
    }

    /// Writes the next values of an F32 or F16 tensor.
    pub fn write_floats(&mut self, name: &str, values: &[f32]) -> Result<(), TraceError> {
        let is_right = |element| matches!(element, Element::F32 | Element::F16);
        let element = self.accept(name, values.len(), is_right)?;
        let may_be_masked = name.ends_with("attn.hook_attn_scores") || name.ends_with("mlp.hook_router_scores");
        for (index, &value) in values.iter().enumerate() {
            let legal = value.is_finite() || (may_be_masked && value == f32::NEG_INFINITY);
            let fits = element != Element::F16 || !value.is_finite() || f32_to_f16(value) & 0x7fff < 0x7c00;
            if !legal || !fits {
                let expected = if legal { "at most 65504, the largest F16" } else { "a finite number" }.to_owned();
                let (file, name) = ("trace".to_owned(), name.to_owned());
                return Err(TraceError::Value { file, name, index, expected, found: value.to_string() });
            }
        }
        match element {
            Element::F16 => self.write_each(values, |value| f32_to_f16(value).to_le_bytes())?,
            _ => self.write_each(values, f32::to_le_bytes)?,
        }
        self.advance(values.len());
        Ok(())
    }

    /// Writes the next values of an I64 or I32 tensor.
    pub fn write_ids(&mut self, name: &str, values: &[u32]) -> Result<(), TraceError> {
        match self.accept(name, values.len(), |element| matches!(element, Element::I64 | Element::I32))? {
            Element::I32 => self.write_each(values, |value| value.to_le_bytes())?,
            _ => self.write_each(values, |value| i64::from(value).to_le_bytes())?,
        }
        self.advance(values.len());
        Ok(())
    }

    /// Ends the file; every announced value must be there.
    pub fn finish(mut self) -> Result<W, TraceError> {
        if let Some(missing) = self.tensors.get(self.current) {
            let found = "the end".to_owned();
            return Err(TraceError::Order { expected: missing.name.clone(), found });
        }
        self.out.flush()?;
        Ok(self.out)
    }

    /// Whether `n_values` of `name` may come now.
    fn accept(
        &self,
        name: &str,
        n_values: usize,
        is_right_kind: impl Fn(Element) -> bool,
    ) -> Result<Element, TraceError> {
        let next = self.tensors.get(self.current);
        let n_left = next.map_or(0, |tensor| tensor.n_values() - self.n_written_of_current);
        match next {
            Some(tensor) if tensor.name == name && n_values <= n_left && is_right_kind(tensor.element) => {
                Ok(tensor.element)
            }
            _ => {
                let expected = next.map_or("the end".to_owned(), |tensor| {
                    format!("{n_left} values of {} as {}", tensor.name, tensor.element.name())
                });
                Err(TraceError::Order { expected, found: format!("{n_values} values of {name}") })
            }
        }
    }

    /// Through a buffer of 64 KiB, so that the output sees few writes and no second copy of the tensor is made.
    fn write_each<T: Copy, const N: usize>(
        &mut self,
        values: &[T],
        bytes: impl Fn(T) -> [u8; N],
    ) -> std::io::Result<()> {
        let mut buffer = Vec::with_capacity(1 << 16);
        for chunk in values.chunks((1 << 16) / N) {
            buffer.clear();
            buffer.extend(chunk.iter().flat_map(|&value| bytes(value)));
            self.out.write_all(&buffer)?;
        }
        Ok(())
    }

    fn advance(&mut self, n_values: usize) {
        self.n_written_of_current += n_values;
        self.pass_complete_tensors();
    }

    /// Tensors without values need no call.
    fn pass_complete_tensors(&mut self) {
        while self.tensors.get(self.current).is_some_and(|tensor| tensor.n_values() == self.n_written_of_current) {
            self.current += 1;
            self.n_written_of_current = 0;
        }
    }
}

/// The header as it stands in the file, filled up so that the numbers after it are aligned.
pub(super) fn header_bytes(metadata: &TraceMetadata, tensors: &[TensorPlan]) -> Result<Vec<u8>, TraceError> {
    let mut header = header_json(metadata, tensors).map_err(std::io::Error::other)?;
    header.resize(header.len().next_multiple_of(8), b' ');
    Ok(header)
}

/// The header, as the `safetensors` crate writes it.
fn header_json(metadata: &TraceMetadata, tensors: &[TensorPlan]) -> Result<Vec<u8>, String> {
    let texts = HashMap::from([(METADATA_KEY.to_owned(), serde_json::to_string(metadata).map_err(|e| e.to_string())?)]);
    let too_large = || "the trace is larger than this program can write".to_owned();
    let n_bytes: u64 = tensors.iter().map(TensorPlan::n_bytes).sum();
    usize::try_from(n_bytes).map_err(|_| too_large())?;
    let mut end = 0usize;
    let infos = tensors.iter().map(|tensor| {
        let dtype = match tensor.element {
            Element::F32 => Dtype::F32,
            Element::F16 => Dtype::F16,
            Element::Bf16 => Dtype::BF16,
            Element::I64 => Dtype::I64,
            Element::I32 => Dtype::I32,
            Element::U32 => Dtype::U32,
        };
        let begin = end;
        end += tensor.n_values() * tensor.element.size();
        (tensor.name.clone(), TensorInfo { dtype, shape: tensor.shape.clone(), data_offsets: (begin, end) })
    });
    let header = Metadata::new(Some(texts), infos.collect()).map_err(|error| error.to_string())?;
    serde_json::to_vec(&header).map_err(|error| error.to_string())
}

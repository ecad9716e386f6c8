//! Which tensors to read into which places, and how one tensor is filled range by range.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::checkpoint::{Architecture, BlockSlot, Layout, Part, Slot, Source};
use super::super::error::EngineError;
use super::super::files::{DType, TensorEntry, TensorIndex};
use super::super::model::{Filled, StackSlot};
use super::super::weights::{Weight, widen};
use super::Want;
use crate::kernels::Panels;
use crate::trace::Stack;

/// About how many bytes are wanted at a time.
const RANGE_BYTES: usize = 2 << 20;

/// What is to be read.
pub(super) struct Plan {
    pub architecture: Architecture,
    /// In reverse: the next one is popped.
    pub tensors: Vec<Planned>,
    pub total_bytes: u64,
    /// What the tensors will take in memory.
    pub held_bytes: u64,
    pub quantisation: String,
}

/// A tensor and its places: several where layers or stacks share it.
pub(super) struct Planned {
    places: Vec<StackSlot>,
    file: usize,
    file_name: String,
    tensor: String,
    entry: TensorEntry,
    layout: Layout,
    /// [out, in] or [out]
    shape: Vec<usize>,
    d_head: usize,
}

impl Plan {
    /// Finds every tensor and checks its shape before anything is read.
    pub fn new(mut architecture: Architecture, indices: &[(usize, TensorIndex)]) -> Result<Self, EngineError> {
        architecture.check_label_head(indices);
        let mut tensors: Vec<Planned> = Vec::new();
        let mut known: HashMap<(Source, Vec<usize>), usize> = HashMap::new();
        let encoder = architecture.encoder.as_deref().map(|encoder| (Stack::Encoder, encoder));
        for (stack, architecture) in encoder.into_iter().chain([(Stack::Decoder, &architecture)]) {
            for slot in architecture.slots() {
                let Some(source) = architecture.source(slot) else { continue };
                let shape = architecture.shape(slot);
                match known.get(&(source.clone(), shape.clone())) {
                    Some(&index) => tensors[index].places.push((stack, slot)),
                    None => {
                        known.insert((source.clone(), shape.clone()), tensors.len());
                        let d_head = architecture.spec.d_head;
                        tensors.push(Planned::find((stack, slot), source, shape, d_head, indices)?);
                    }
                }
            }
        }
        let total_bytes = tensors.iter().map(Planned::read_bytes).sum();
        let held_bytes = tensors.iter().map(Planned::held_bytes).sum::<u64>() + architecture.position_bytes();
        let quantisation = most_common(&tensors);
        // In the order of the files, from which they are read ahead; reversed, since the next one is popped.
        tensors.sort_unstable_by_key(|tensor| std::cmp::Reverse((tensor.file, tensor.entry.offset)));
        Ok(Self { architecture, tensors, total_bytes, held_bytes, quantisation })
    }
}

impl Planned {
    fn find(
        place: StackSlot,
        source: Source,
        shape: Vec<usize>,
        d_head: usize,
        indices: &[(usize, TensorIndex)],
    ) -> Result<Self, EngineError> {
        let named =
            |name: &str| indices.iter().find_map(|(file, index)| Some((*file, index, index.tensors.get(name)?)));
        let found = named(&source.tensor).or_else(|| named(&older_name(&source.tensor)?));
        let Some((file, index, entry)) = found else {
            return Err(EngineError::MissingTensor {
                tensor: source.tensor,
                n_found: indices.iter().map(|(_, index)| index.tensors.len()).sum(),
                files: indices.iter().map(|(_, index)| index.file.as_str()).collect::<Vec<_>>().join(", "),
            });
        };
        let expected = match (source.layout, shape.as_slice()) {
            (Layout::Transposed { n_parts, .. }, [n_out, n_in]) => vec![*n_in, n_parts * n_out],
            (Layout::Transposed { n_parts, .. }, [n_out]) => vec![n_parts * n_out],
            (Layout::Grouped { count, n_parts, .. }, [n_out, rest @ ..]) => {
                [&[n_out / count.max(1) * n_parts][..], rest].concat()
            }
            (Layout::OfExpert { n_experts, n_parts, .. }, [n_out, n_in]) => vec![n_experts * n_in, n_parts * n_out],
            (Layout::OfExpert { n_experts, n_parts, .. }, [n_out]) => vec![n_experts * n_parts * n_out],
            (Layout::RowRange { n_rows, .. }, [_, n_in]) => vec![n_rows, *n_in],
            (Layout::RowRange { n_rows, .. }, _) => vec![n_rows],
            (Layout::HeadColumns, [n_out, n_in]) => vec![n_out / d_head.max(1), *n_in, d_head],
            (Layout::HeadColumns, [n_out]) => vec![n_out / d_head.max(1), d_head],
            (Layout::HeadInputs, [n_out, n_in]) => vec![n_in / d_head.max(1), d_head, *n_out],
            _ => shape.clone(),
        };
        let mut entry = entry.clone();
        if let (Slot::Block(_, BlockSlot::Conv, Part::Weight), [n_out, n_in, kernel]) =
            (place.1, entry.shape.as_slice())
        {
            // Each output's weights by channel, then by position.
            entry.shape = vec![*n_out, n_in.saturating_mul(*kernel)];
        }
        if let (Slot::Expert(..), [experts, n_out, rest @ ..]) = (place.1, entry.shape.as_slice())
            && entry.shape.len() == expected.len() + 1
        {
            // One expert after another.
            entry.shape = [&[experts.saturating_mul(*n_out)][..], rest].concat();
        }
        if let ([n], [1, _]) = (entry.shape.as_slice(), expected.as_slice()) {
            // GGUF keeps a matrix of one row as a vector.
            entry.shape = vec![1, *n];
        }
        if let ([1, n], [_]) = (entry.shape.as_slice(), expected.as_slice()) {
            // A vector with a batch axis: BART's bias.
            entry.shape = vec![*n];
        }
        if entry.shape != expected {
            let (file, tensor) = (index.file.clone(), source.tensor);
            return Err(EngineError::Shape { file, tensor, expected, found: entry.shape });
        }
        if let ([n_heads, n, last], Layout::HeadColumns | Layout::HeadInputs) = (entry.shape.as_slice(), source.layout)
        {
            // Read row by row, whichever head they are of.
            entry.shape = vec![n_heads * n, *last];
        }
        let (layout, tensor, file_name) = (source.layout, source.tensor, index.file.clone());
        Ok(Planned { places: vec![place], file, file_name, tensor, entry, layout, shape, d_head })
    }

    /// Bytes that are read of the file.
    fn read_bytes(&self) -> u64 {
        match self.layout {
            Layout::RowRange { .. } | Layout::Grouped { .. } if self.is_matrix() => self.share(self.entry.len),
            Layout::RowRange { .. } => self.share(self.entry.len),
            Layout::OfExpert { n_experts, .. } => self.entry.len / n_experts.max(1) as u64,
            _ => self.entry.len,
        }
    }

    /// This part's share of so many bytes of the tensor.
    fn share(&self, bytes: u64) -> u64 {
        let count = |shape: &[usize]| shape.iter().map(|&n| n as u128).product::<u128>();
        (u128::from(bytes) * count(&self.shape) / count(&self.entry.shape).max(1)) as u64
    }

    /// Bytes in memory, by what [`Filling`] makes of it.
    fn held_bytes(&self) -> u64 {
        let n_values = self.shape.iter().map(|&n| n as u64).product::<u64>();
        match (&self.entry.dtype, self.layout) {
            _ if !self.is_matrix() => 4 * n_values,
            (DType::F32 | DType::F64, _) => 4 * n_values,
            (_, Layout::Transposed { .. } | Layout::OfExpert { .. } | Layout::HeadColumns | Layout::HeadInputs) => {
                4 * n_values
            }
            (DType::F16 | DType::BF16, _) => 2 * n_values,
            // Blocks stay as they are: this part's share of the tensor.
            _ => self.share(self.entry.len),
        }
    }

    /// Whether it is a matrix that products are made with.
    fn is_matrix(&self) -> bool {
        self.shape.len() == 2 && !self.places.iter().any(|(_, slot)| slot.is_table())
    }
}

/// What norms were called in TensorFlow, and still are in some files (bert-base-uncased).
fn older_name(tensor: &str) -> Option<String> {
    let norm = |part: &str| tensor.strip_suffix(part).filter(|norm| norm.ends_with("LayerNorm"));
    norm(".weight").map(|norm| format!("{norm}.gamma")).or_else(|| norm(".bias").map(|norm| format!("{norm}.beta")))
}

/// The format of most block matrices.
fn most_common(tensors: &[Planned]) -> String {
    let in_block = |tensor: &Planned| tensor.places.iter().any(|(_, slot)| matches!(slot, Slot::Block(..)));
    let blocks = tensors.iter().filter(|tensor| in_block(tensor) && tensor.is_matrix());
    let mut counts: Vec<(String, u64)> = Vec::new();
    for tensor in blocks {
        let name = tensor.entry.dtype.to_string();
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, bytes)) => *bytes += tensor.entry.len,
            None => counts.push((name, tensor.entry.len)),
        }
    }
    counts.into_iter().max_by_key(|(_, bytes)| *bytes).map_or_else(String::new, |(name, _)| name)
}

/// One tensor on its way in.
pub(super) struct Filling {
    planned: Planned,
    goal: Goal,
    /// Rows done: of the weight, or along the first axis as stored where the file has it transposed.
    row: usize,
    n_rows: usize,
    row_bytes: usize,
    rows_at_a_time: usize,
}

enum Goal {
    Rows(Weight),
    Transposed(Panels),
    Vector(Vec<f32>),
}

impl Filling {
    pub fn new(planned: Planned) -> Result<Self, EngineError> {
        let refuse = |found: DType| EngineError::Format {
            file: planned.file_name.clone(),
            tensor: planned.tensor.clone(),
            found,
        };
        let dtype = &planned.entry.dtype;
        let goal = match (planned.shape.as_slice(), planned.layout) {
            (
                [n_out, n_in],
                Layout::Transposed { .. } | Layout::OfExpert { .. } | Layout::HeadColumns | Layout::HeadInputs,
            ) => {
                widen(&[], dtype).map_err(refuse)?;
                Goal::Transposed(Panels::zeros(*n_out, *n_in))
            }
            ([n_out, n_in], _) if planned.is_matrix() => {
                Goal::Rows(Weight::empty(*n_out, *n_in, dtype).map_err(refuse)?)
            }
            _ => {
                widen(&[], dtype).map_err(refuse)?;
                Goal::Vector(Vec::new())
            }
        };
        let n_rows = match goal {
            Goal::Vector(_) => 1,
            Goal::Transposed(_) => match planned.layout {
                Layout::OfExpert { .. } => planned.shape[1],
                _ => planned.entry.shape[0],
            },
            Goal::Rows(_) => planned.shape[0],
        };
        let row_bytes = match goal {
            Goal::Vector(_) => planned.read_bytes(),
            _ => planned.entry.len / planned.entry.shape[0].max(1) as u64,
        };
        let row_bytes = usize::try_from(row_bytes).unwrap_or(usize::MAX);
        let unit = match planned.layout {
            Layout::Rows | Layout::RowRange { .. } => Weight::ROW_UNIT,
            Layout::PairedRows => planned.d_head * Weight::ROW_UNIT,
            Layout::Transposed { .. } | Layout::OfExpert { .. } | Layout::HeadColumns | Layout::HeadInputs => 1,
            Layout::Grouped { count, unit, .. } => count * unit,
        };
        let mut rows_at_a_time = (RANGE_BYTES / row_bytes.max(1) / unit).max(1) * unit;
        if let Layout::Grouped { count, unit, .. } = planned.layout {
            // Other parts stand between one group's rows and the next one's.
            rows_at_a_time = count * unit;
        }
        if let Goal::Vector(_) = goal {
            rows_at_a_time = 1;
        }
        Ok(Self { planned, goal, row: 0, n_rows, row_bytes, rows_at_a_time })
    }

    /// The next range.
    pub fn wants(&self) -> Want {
        let n_rows = self.rows_at_a_time.min(self.n_rows - self.row);
        let first = match (&self.goal, self.planned.layout) {
            (Goal::Rows(_), Layout::RowRange { first, .. }) => first + self.row,
            (Goal::Rows(_), Layout::Grouped { index, count, n_parts, unit }) => {
                (self.row / (count * unit).max(1) * n_parts + index) * unit
            }
            (Goal::Transposed(_), Layout::OfExpert { expert, .. }) => expert * self.n_rows + self.row,
            (Goal::Vector(_), Layout::OfExpert { expert, .. }) => expert,
            _ => self.row,
        };
        let before = match (&self.goal, self.planned.layout) {
            (Goal::Vector(_), Layout::RowRange { first, .. }) => {
                first as u64 * (self.row_bytes / self.planned.shape[0].max(1)) as u64
            }
            _ => first as u64 * self.row_bytes as u64,
        };
        let offset = self.planned.entry.offset + before;
        Want { file: self.planned.file, offset, len: (n_rows * self.row_bytes) as u64 }
    }

    /// Takes the range; true when the tensor is complete.
    pub fn supply(&mut self, given: &[u8]) -> Result<bool, EngineError> {
        let refuse = |found| EngineError::Format {
            file: self.planned.file_name.clone(),
            tensor: self.planned.tensor.clone(),
            found,
        };
        // Numbers of eight bytes are narrowed to four before anything else.
        let stored = &self.planned.entry.dtype;
        let narrowed: Vec<u8> = match stored {
            DType::F64 => widen(given, stored).map_err(refuse)?.iter().flat_map(|value| value.to_le_bytes()).collect(),
            _ => Vec::new(),
        };
        let (bytes, dtype, row_bytes) = match stored {
            DType::F64 => (narrowed.as_slice(), &DType::F32, self.row_bytes / 2),
            _ => (given, stored, self.row_bytes),
        };
        match (&mut self.goal, self.planned.layout) {
            (Goal::Rows(weight), Layout::PairedRows) => {
                weight.push_rows(self.row, &unpair(bytes, row_bytes, self.planned.d_head));
            }
            (Goal::Rows(weight), _) => weight.push_rows(self.row, bytes),
            (Goal::Transposed(panels), layout) => {
                let wide = widen(bytes, dtype).map_err(refuse)?;
                let (n_out, n_in) = (panels.n_out(), panels.n_in());
                let rows = wide.chunks_exact(self.planned.entry.shape[1].max(1)).enumerate();
                for (row, values) in rows.map(|(index, values)| (self.row + index, values)) {
                    match layout {
                        Layout::HeadColumns => {
                            panels.set_column_from(row / n_in * self.planned.d_head, row % n_in, values);
                        }
                        Layout::OfExpert { index, n_parts, .. } => {
                            let outputs: Vec<f32> = values.iter().skip(index).step_by(n_parts).copied().collect();
                            panels.set_column(row, &outputs);
                        }
                        Layout::Transposed { index, .. } => {
                            panels.set_column(row, &values[index * n_out..(index + 1) * n_out]);
                        }
                        _ => panels.set_column(row, values),
                    }
                }
            }
            (Goal::Vector(vector), layout) => {
                let wide = widen(bytes, dtype).map_err(refuse)?;
                *vector = match layout {
                    Layout::Rows | Layout::HeadColumns | Layout::HeadInputs => wide,
                    Layout::Transposed { index, n_parts } => {
                        wide.chunks(wide.len() / n_parts).nth(index).unwrap_or(&[]).to_vec()
                    }
                    Layout::RowRange { .. } => wide,
                    Layout::OfExpert { index, n_parts, .. } => wide.into_iter().skip(index).step_by(n_parts).collect(),
                    Layout::Grouped { index, count, n_parts, unit } => {
                        let groups = wide.chunks_exact((n_parts * unit).max(1));
                        groups.flat_map(|group| &group[index * unit..(index + count) * unit]).copied().collect()
                    }
                    Layout::PairedRows => {
                        let bytes: Vec<u8> = wide.iter().flat_map(|value| value.to_le_bytes()).collect();
                        super::super::weights::f32s(&unpair(&bytes, 4, self.planned.d_head))
                    }
                };
            }
        }
        self.row += self.rows_at_a_time.min(self.n_rows - self.row);
        Ok(self.row == self.n_rows)
    }

    /// The tensor and its places, once complete.
    pub fn finish(self) -> (Vec<StackSlot>, Filled) {
        let filled = match self.goal {
            Goal::Rows(weight) => Filled::Matrix(Arc::new(weight)),
            Goal::Transposed(panels) => Filled::Matrix(Arc::new(Weight::from_panels(panels))),
            Goal::Vector(vector) => Filled::Vector(vector),
        };
        (self.planned.places, filled)
    }
}

/// Puts the rows of each head from GGUF's order (2i + s) into Hugging Face's (i + s · d_head / 2).
fn unpair(rows: &[u8], row_bytes: usize, d_head: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len());
    for head in rows.chunks_exact((row_bytes * d_head).max(1)) {
        for row in 0..d_head {
            let (half, index) = (row / (d_head / 2), row % (d_head / 2));
            out.extend_from_slice(&head[(2 * index + half) * row_bytes..][..row_bytes]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_apart() {
        let rows: Vec<u8> = (0..8).collect();
        assert_eq!(unpair(&rows, 1, 4), [0, 2, 1, 3, 4, 6, 5, 7]);
        assert_eq!(unpair(&rows, 2, 4), [0, 1, 4, 5, 2, 3, 6, 7]);
    }
}

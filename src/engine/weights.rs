//! One weight matrix, however its numbers are held: packed f32, half precision, or quantised blocks.
//!
//! Half precision and the formats that models come in most are the kernels' own; the rarer quantised ones are widened by candle, a
//! few rows at a time ([`super::candle_blocks`]).

use std::ops::Range;

use super::candle_blocks::CandleBlocks;
use super::files::DType;
use crate::kernels::{Blocks, Format, PackedRows, Panels};

/// Rows that are widened at a time: two panels.
const CHUNK: usize = 16;

/// A matrix [n_out, n_in]; a product is y = x · Wᵀ.
#[derive(Debug)]
pub struct Weight {
    n_out: usize,
    n_in: usize,
    store: Store,
    /// What every number is multiplied by when it is read.
    scale: f32,
}

#[derive(Debug)]
enum Store {
    F32(Panels),
    Blocks(Blocks),
    Candle(CandleBlocks),
}

impl Weight {
    /// An empty matrix to be filled by [`Weight::push_rows`], in a given format.
    ///
    /// # Errors
    /// The name of a format that is not read.
    pub fn empty(n_out: usize, n_in: usize, dtype: &DType) -> Result<Self, DType> {
        let store = if matches!(dtype, DType::F32 | DType::F64) {
            Store::F32(Panels::zeros(n_out, n_in))
        } else if let Some(blocks) = format_of(dtype).and_then(|format| Blocks::empty(format, n_out, n_in)) {
            Store::Blocks(blocks)
        } else {
            Store::Candle(CandleBlocks::empty(dtype, n_out, n_in).ok_or_else(|| dtype.clone())?)
        };
        Ok(Self { n_out, n_in, store, scale: 1.0 })
    }

    /// Makes weights from f32 panels.
    pub fn from_panels(panels: Panels) -> Self {
        Self { n_out: panels.n_out(), n_in: panels.n_in(), store: Store::F32(panels), scale: 1.0 }
    }

    /// Returns the matrix times a factor; what is held stays as it is.
    pub fn scaled(self, factor: f32) -> Self {
        Self { scale: self.scale * factor, ..self }
    }

    /// Multiplies what was made of the numbers as they are held.
    fn times_scale(&self, values: &mut [f32]) {
        if self.scale != 1.0 {
            values.iter_mut().for_each(|value| *value *= self.scale);
        }
    }

    /// Appends whole rows as they stand in a file; `first` counts the rows already there and is a multiple of
    /// [`Weight::ROW_UNIT`].
    pub fn push_rows(&mut self, first: usize, bytes: &[u8]) {
        match &mut self.store {
            Store::F32(panels) => panels.set_rows(first, &f32s(bytes)),
            Store::Blocks(blocks) => blocks.push_rows(bytes),
            Store::Candle(blocks) => blocks.push_rows(bytes),
        }
    }

    /// How many rows a part of a matrix must be a multiple of.
    pub const ROW_UNIT: usize = CHUNK;

    /// Outputs.
    pub fn n_out(&self) -> usize {
        self.n_out
    }

    /// Inputs.
    pub fn n_in(&self) -> usize {
        self.n_in
    }

    /// Bytes held.
    pub fn byte_len(&self) -> usize {
        match &self.store {
            Store::F32(panels) => panels.byte_len(),
            Store::Blocks(blocks) => blocks.byte_len(),
            Store::Candle(blocks) => blocks.byte_len(),
        }
    }

    /// x · Wᵀ, [n_rows, n_out], over inputs `inputs` of W only.
    pub fn matmul(&self, x: &PackedRows, inputs: Range<usize>) -> Vec<f32> {
        let mut y = vec![0.0; x.n_rows() * self.n_out];
        match &self.store {
            Store::F32(panels) => panels.matmul(x, inputs, &mut y, self.n_out, 0),
            Store::Blocks(blocks) => blocks.matmul(x, inputs, &mut y),
            Store::Candle(blocks) => {
                for first in (0..self.n_out).step_by(CHUNK) {
                    let panels = Panels::pack(&self.chunk(blocks, first), self.n_in);
                    panels.matmul(x, inputs.clone(), &mut y, self.n_out, first);
                }
            }
        }
        self.times_scale(&mut y);
        y
    }

    /// x · Wᵀ for outputs `outputs` alone, [n_rows, outputs.len()]; the first is a multiple of [`Weight::ROW_UNIT`].
    pub fn matmul_outputs(&self, x: &PackedRows, outputs: Range<usize>) -> Vec<f32> {
        let mut y = vec![0.0; x.n_rows() * outputs.len()];
        match &self.store {
            Store::F32(panels) => panels.matmul_outputs(x, outputs, &mut y),
            Store::Blocks(blocks) => blocks.matmul_outputs(x, outputs, &mut y),
            Store::Candle(blocks) => {
                for first in (outputs.start..outputs.end).step_by(CHUNK) {
                    let panels = Panels::pack(&self.chunk(blocks, first), self.n_in);
                    panels.matmul(x, 0..self.n_in, &mut y, outputs.len(), first - outputs.start);
                }
            }
        }
        self.times_scale(&mut y);
        y
    }

    /// x · W [n_rows, n_in] for x [n_rows, n_out]: the reverse of [`Weight::matmul`].
    pub fn matmul_transposed(&self, x: &PackedRows) -> Vec<f32> {
        let mut y = vec![0.0; x.n_rows() * self.n_in];
        match &self.store {
            Store::F32(panels) => panels.matmul_transposed(x, &mut y),
            Store::Blocks(blocks) => blocks.matmul_transposed(x, &mut y),
            Store::Candle(blocks) => {
                for first in (0..self.n_out).step_by(CHUNK) {
                    let outputs = first..(first + CHUNK).min(self.n_out);
                    x.times_rows(outputs, &self.chunk(blocks, first), &mut y);
                }
            }
        }
        self.times_scale(&mut y);
        y
    }

    /// Wᵀ · v [n_in] for a vector v [n_out], with sums in f64: how much each input counts in a direction of the outputs.
    pub fn times_transposed(&self, vector: &[f64]) -> Vec<f64> {
        let (mut row, mut sums) = (vec![0.0; self.n_in], vec![0.0; self.n_in]);
        for (index, &factor) in vector.iter().enumerate().take(self.n_out) {
            self.copy_row(index, &mut row);
            sums.iter_mut().zip(&row).for_each(|(sum, value)| *sum += factor * f64::from(*value));
        }
        sums
    }

    /// Copies row `index` into `row` [n_in].
    pub fn copy_row(&self, index: usize, row: &mut [f32]) {
        self.copy_held_row(index, row);
        self.times_scale(row);
    }

    fn copy_held_row(&self, index: usize, row: &mut [f32]) {
        match &self.store {
            Store::F32(panels) => panels.copy_row(index, row),
            Store::Blocks(blocks) => blocks.copy_row(index, row),
            Store::Candle(blocks) => blocks.widen(index, row),
        }
    }

    /// Whether two matrices are the same numbers, whatever their formats.
    pub fn is_equal(&self, other: &Self) -> bool {
        if (self.n_out, self.n_in) != (other.n_out, other.n_in) {
            return false;
        }
        let (mut one, mut two) = (vec![0.0; self.n_in], vec![0.0; self.n_in]);
        (0..self.n_out).all(|row| {
            self.copy_row(row, &mut one);
            other.copy_row(row, &mut two);
            one == two
        })
    }

    /// Returns the same matrix in f32; `None` where it is f32 already.
    pub(super) fn widened(&self) -> Option<Self> {
        if matches!(self.store, Store::F32(_)) {
            return None;
        }
        let mut panels = Panels::zeros(self.n_out, self.n_in);
        let mut row = vec![0.0; self.n_in];
        for out in 0..self.n_out {
            self.copy_held_row(out, &mut row);
            panels.set_rows(out, &row);
        }
        Some(Self::from_panels(panels).scaled(self.scale))
    }

    /// The rows that candle widens together, from row `first` on.
    fn chunk(&self, blocks: &CandleBlocks, first: usize) -> Vec<f32> {
        let mut rows = vec![0.0; (self.n_out - first).min(CHUNK) * self.n_in];
        blocks.widen(first, &mut rows);
        rows
    }
}

/// The formats that the kernels read.
fn format_of(dtype: &DType) -> Option<Format> {
    Some(match dtype {
        DType::F16 => Format::F16,
        DType::BF16 => Format::Bf16,
        DType::Q8_0 => Format::Q8_0,
        DType::Q4_0 => Format::Q4_0,
        DType::Q4_1 => Format::Q4_1,
        DType::Q4_K => Format::Q4K,
        DType::Q6_K => Format::Q6K,
        DType::IQ4_NL => Format::Iq4Nl,
        DType::IQ4_XS => Format::Iq4Xs,
        DType::MXFP4 => Format::Mxfp4,
        DType::TQ1_0 => Format::Tq1_0,
        DType::TQ2_0 => Format::Tq2_0,
        _ => return None,
    })
}

/// Little-endian f32s.
pub(super) fn f32s(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}

/// Little-endian numbers of an unquantised format, as f32.
pub(super) fn widen(bytes: &[u8], dtype: &DType) -> Result<Vec<f32>, DType> {
    let pairs = || bytes.as_chunks::<2>().0.iter();
    match dtype {
        DType::F32 => Ok(f32s(bytes)),
        DType::F64 => Ok(bytes.as_chunks().0.iter().map(|eight| f64::from_le_bytes(*eight) as f32).collect()),
        DType::F16 => Ok(pairs().map(|pair| half::f16::from_le_bytes(*pair).to_f32()).collect()),
        DType::BF16 => Ok(pairs().map(|pair| half::bf16::from_le_bytes(*pair).to_f32()).collect()),
        other => Err(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::quantized::{GgmlDType, QTensor};
    use candle_core::{Device, Tensor};

    /// Every format against the same rows widened by candle as a whole.
    #[test]
    #[allow(clippy::type_complexity, reason = "a table of cases")]
    fn every_format_multiplies_as_its_widened_self() {
        let (n_out, n_in, n_rows) = (37, 256, 7);
        let value = |i: usize| ((i * 7919 % 1013) as f32 / 1013.0 - 0.5) * 0.3;
        let rows: Vec<f32> = (0..n_out * n_in).map(value).collect();
        let x: Vec<f32> = (0..n_rows * n_in).map(|i| value(i * 31 + 5)).collect();
        let tensor = Tensor::from_vec(rows.clone(), (n_out, n_in), &Device::Cpu).unwrap();
        let blocks = |dtype| {
            let q = QTensor::quantize(&tensor, dtype).unwrap();
            (q.data().unwrap().to_vec(), q.dequantize(&Device::Cpu).unwrap().flatten_all().unwrap().to_vec1().unwrap())
        };
        let f16: Vec<half::f16> = rows.iter().map(|&v| half::f16::from_f32(v)).collect();
        let bf16: Vec<half::bf16> = rows.iter().map(|&v| half::bf16::from_f32(v)).collect();
        let cases: [(DType, (Vec<u8>, Vec<f32>)); 13] = [
            (DType::F32, (rows.iter().flat_map(|v| v.to_le_bytes()).collect(), rows.clone())),
            (
                DType::F16,
                (f16.iter().flat_map(|v| v.to_le_bytes()).collect(), f16.iter().map(|v| v.to_f32()).collect()),
            ),
            (
                DType::BF16,
                (bf16.iter().flat_map(|v| v.to_le_bytes()).collect(), bf16.iter().map(|v| v.to_f32()).collect()),
            ),
            (DType::Q8_0, blocks(GgmlDType::Q8_0)),
            (DType::Q4_0, blocks(GgmlDType::Q4_0)),
            (DType::Q4_1, blocks(GgmlDType::Q4_1)),
            (DType::Q5_0, blocks(GgmlDType::Q5_0)),
            (DType::Q5_1, blocks(GgmlDType::Q5_1)),
            (DType::Q2_K, blocks(GgmlDType::Q2K)),
            (DType::Q3_K, blocks(GgmlDType::Q3K)),
            (DType::Q4_K, blocks(GgmlDType::Q4K)),
            (DType::Q5_K, blocks(GgmlDType::Q5K)),
            (DType::Q6_K, blocks(GgmlDType::Q6K)),
        ];
        let packed = PackedRows::pack(&x, n_in, 0..n_in);
        for (dtype, (bytes, wide)) in cases {
            let mut weight = Weight::empty(n_out, n_in, &dtype).unwrap();
            let half = 2 * Weight::ROW_UNIT * (bytes.len() / n_out);
            weight.push_rows(0, &bytes[..half]);
            weight.push_rows(2 * Weight::ROW_UNIT, &bytes[half..]);
            let y = weight.matmul(&packed, 0..n_in);
            // One row takes a way of its own.
            let alone = weight.matmul(&PackedRows::pack(&x[..n_in], n_in, 0..n_in), 0..n_in);
            for row in 0..n_rows {
                for out in 0..n_out {
                    let exact: f32 = (0..n_in).map(|i| x[row * n_in + i] * wide[out * n_in + i]).sum();
                    assert!((y[row * n_out + out] - exact).abs() < 1e-5, "{dtype} row {row} output {out}");
                    assert!(row > 0 || (alone[out] - exact).abs() < 1e-5, "{dtype} one row, output {out}");
                }
            }
            let outputs = Weight::ROW_UNIT..n_out;
            let some = weight.matmul_outputs(&packed, outputs.clone());
            for (some, all) in some.chunks_exact(outputs.len()).zip(y.chunks_exact(n_out)) {
                assert_eq!(some, &all[outputs.clone()], "{dtype}");
            }
            let up: Vec<f32> = (0..n_rows * n_out).map(|i| value(i * 17 + 3)).collect();
            let back = weight.matmul_transposed(&PackedRows::pack(&up, n_out, 0..n_out));
            for (index, found) in back.iter().enumerate() {
                let term = |out: usize| up[index / n_in * n_out + out] * wide[out * n_in + index % n_in];
                let exact: f32 = (0..n_out).map(term).sum();
                assert!((found - exact).abs() < 1e-5, "{dtype}, reverse: {found} {exact}");
            }
            let transposed = weight.times_transposed(&vec![1.0; n_out]);
            let column: f64 = (0..n_out).map(|out| f64::from(wide[out * n_in + 7])).sum();
            assert!((transposed[7] - column).abs() < 1e-9, "{dtype}");
            let mut row = vec![0.0; n_in];
            weight.copy_row(33, &mut row);
            assert_eq!(row, wide[33 * n_in..34 * n_in], "{dtype}");
            let half = weight.scaled(0.5);
            let halves = |all: &[f32]| all.iter().map(|value| value * 0.5).collect::<Vec<f32>>();
            assert_eq!(half.matmul(&packed, 0..n_in), halves(&y), "{dtype}, scaled");
            assert_eq!(half.matmul_outputs(&packed, outputs), halves(&some), "{dtype}, scaled");
            assert_eq!(
                half.matmul_transposed(&PackedRows::pack(&up, n_out, 0..n_out)),
                halves(&back),
                "{dtype}, scaled"
            );
            assert!((half.times_transposed(&vec![1.0; n_out])[7] - 0.5 * column).abs() < 1e-9, "{dtype}, scaled");
            assert!(half.widened().is_none_or(|wide| wide.is_equal(&half)), "{dtype}, scaled");
        }
    }
}

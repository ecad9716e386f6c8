//! Quantised rows of the formats that candle widens.
//!
//! candle's `QTensor` would hold them too, but it links the products and the quantisation of all fifteen formats of candle. Here
//! only the widening of five is called.

use std::fmt;

use candle_core::quantized::GgmlType;
use candle_core::quantized::k_quants::{BlockQ2K, BlockQ3K, BlockQ5_0, BlockQ5_1, BlockQ5K};

use super::files::DType;

/// The rows of a matrix.
pub struct CandleBlocks {
    /// Blocks per row.
    row_blocks: usize,
    blocks: Box<dyn Blocks>,
}

impl fmt::Debug for CandleBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CandleBlocks").field("row_blocks", &self.row_blocks).finish_non_exhaustive()
    }
}

impl CandleBlocks {
    /// Makes room for `n_out` rows; `None` for other formats, and where a row has a part of a block.
    pub fn empty(dtype: &DType, n_out: usize, n_in: usize) -> Option<Self> {
        match dtype {
            DType::Q5_0 => Self::of::<BlockQ5_0>(n_out, n_in),
            DType::Q5_1 => Self::of::<BlockQ5_1>(n_out, n_in),
            DType::Q2_K => Self::of::<BlockQ2K>(n_out, n_in),
            DType::Q3_K => Self::of::<BlockQ3K>(n_out, n_in),
            DType::Q5_K => Self::of::<BlockQ5K>(n_out, n_in),
            _ => None,
        }
    }

    fn of<B: Plain + 'static>(n_out: usize, n_in: usize) -> Option<Self> {
        let row_blocks = n_in / B::BLCK_SIZE;
        (n_in.is_multiple_of(B::BLCK_SIZE) && n_in > 0)
            .then(|| Self { row_blocks, blocks: Box::new(Vec::<B>::with_capacity(n_out * row_blocks)) })
    }

    /// Appends whole rows as they stand in a file.
    pub fn push_rows(&mut self, bytes: &[u8]) {
        self.blocks.push(bytes);
    }

    /// Bytes held.
    pub fn byte_len(&self) -> usize {
        self.blocks.byte_len()
    }

    /// Widens as many rows as `out` [n_rows, n_in] has room for, from row `first` on.
    pub fn widen(&self, first: usize, out: &mut [f32]) {
        self.blocks.widen(first * self.row_blocks, out);
    }
}

/// A block of nothing but numbers.
///
/// # Safety
/// Any bytes are a value, and none are padding.
unsafe trait Plain: GgmlType {}

// SAFETY: candle declares each with the layout of C, from bytes and half-precision numbers, and checks that no padding is added.
unsafe impl Plain for BlockQ5_0 {}
// SAFETY: as above.
unsafe impl Plain for BlockQ5_1 {}
// SAFETY: as above.
unsafe impl Plain for BlockQ2K {}
// SAFETY: as above.
unsafe impl Plain for BlockQ3K {}
// SAFETY: as above.
unsafe impl Plain for BlockQ5K {}

/// Blocks of one format, one after the other.
trait Blocks: Send + Sync {
    /// Appends whole blocks.
    fn push(&mut self, bytes: &[u8]);
    /// Fills `out` from block `first` on.
    fn widen(&self, first: usize, out: &mut [f32]);
    fn byte_len(&self) -> usize;
}

impl<B: Plain> Blocks for Vec<B> {
    fn push(&mut self, bytes: &[u8]) {
        let n_new = bytes.len() / size_of::<B>();
        self.reserve_exact(n_new);
        // SAFETY: there is room for `n_new` more blocks, `bytes` has as many, and any bytes are blocks.
        unsafe {
            let end = self.as_mut_ptr().add(self.len()).cast::<u8>();
            end.copy_from_nonoverlapping(bytes.as_ptr(), n_new * size_of::<B>());
            self.set_len(self.len() + n_new);
        }
    }

    fn widen(&self, first: usize, out: &mut [f32]) {
        B::to_float(&self[first..first + out.len() / B::BLCK_SIZE], out);
    }

    fn byte_len(&self) -> usize {
        size_of_val(self.as_slice())
    }
}

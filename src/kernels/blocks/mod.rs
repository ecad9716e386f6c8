//! Matrices kept in blocks of a few bits, as GGUF files have them, and in half precision.
//!
//! With many rows of x, blocks are widened, eight outputs at a time, into a panel that stays in cache, and the f32
//! kernel does the rest. One row (generation, token by token) would not repay that, so its dot products read the blocks
//! directly.
//!
//! A dot product reads 16 bytes as four u32 lanes. Byte b of a lane is masked in place and converted, which makes it
//! 2^(8b) too large. So x is prepared once: multiplied by the reciprocal powers, in the order of lanes and bytes. Four
//! weights then take one `and` and one conversion; unpacking in order takes three times as many.

mod coded;
mod halves;
mod k;
mod legacy;
mod transposed;

use std::ops::Range;

use super::matmul::{Columns, PANEL, PackedRows, ROWS, SomeRows, interleave_eight};
use super::simd::{F32x4, U32x4, transposed};
use super::threads;

/// Number format of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// IEEE half precision.
    F16,
    /// The upper half of an f32.
    Bf16,
    /// 32 weights: a scale, signed bytes.
    Q8_0,
    /// 32 weights: a scale, four bits each less 8.
    Q4_0,
    /// 32 weights: a scale, a least value, four bits each.
    Q4_1,
    /// 256 weights: eight scales and least values of six bits, four bits each.
    Q4K,
    /// 256 weights: sixteen scales, six bits each less 32.
    Q6K,
    /// 32 weights: a scale, indices of four bits into a table.
    Iq4Nl,
    /// 256 weights: eight scales of six bits, the same indices.
    Iq4Xs,
    /// 32 weights: a power of two, four bits each with an exponent.
    Mxfp4,
    /// 256 weights: a scale, −1, 0 or 1, five in a byte.
    Tq1_0,
    /// 256 weights: a scale, −1, 0 or 1, four in a byte.
    Tq2_0,
}

/// x, prepared for dot products with rows of one format.
struct Prepared {
    /// x in the order of the format's weights.
    lanes: Vec<[f32; 4]>,
    /// Sums of x over groups of weights that share an offset.
    sums: Vec<[f32; 4]>,
}

impl Format {
    /// Weights per block.
    pub fn block_len(self) -> usize {
        match self {
            Format::F16 | Format::Bf16 => 1,
            Format::Q8_0 | Format::Q4_0 | Format::Q4_1 | Format::Iq4Nl | Format::Mxfp4 => 32,
            Format::Q4K | Format::Q6K | Format::Iq4Xs | Format::Tq1_0 | Format::Tq2_0 => 256,
        }
    }

    /// Bytes per block.
    pub fn block_bytes(self) -> usize {
        match self {
            Format::F16 | Format::Bf16 => 2,
            Format::Q8_0 => 34,
            Format::Q4_0 => 18,
            Format::Q4_1 => 20,
            Format::Q4K => 144,
            Format::Q6K => 210,
            Format::Iq4Nl => 18,
            Format::Iq4Xs => 136,
            Format::Mxfp4 => 17,
            Format::Tq1_0 => 54,
            Format::Tq2_0 => 66,
        }
    }

    /// Whole blocks to f32.
    fn widen(self, bytes: &[u8], out: &mut [f32]) {
        match self {
            Format::F16 => halves::widen_f16(bytes, out),
            Format::Bf16 => halves::widen_bf16(bytes, out),
            Format::Q8_0 => legacy::widen_q8_0(bytes, out),
            Format::Q4_0 => legacy::widen_q4_0(bytes, out),
            Format::Q4_1 => legacy::widen_q4_1(bytes, out),
            Format::Q4K => k::widen_q4k(bytes, out),
            Format::Q6K => k::widen_q6k(bytes, out),
            Format::Iq4Nl => coded::widen_iq4_nl(bytes, out),
            Format::Iq4Xs => coded::widen_iq4_xs(bytes, out),
            Format::Mxfp4 => coded::widen_mxfp4(bytes, out),
            Format::Tq1_0 => coded::widen_tq1_0(bytes, out),
            Format::Tq2_0 => coded::widen_tq2_0(bytes, out),
        }
    }

    fn prepare(self, x: &[f32]) -> Prepared {
        match self {
            Format::F16 | Format::Bf16 => halves::prepare(x),
            Format::Q8_0 => legacy::prepare_q8_0(x),
            Format::Q4_0 => legacy::prepare_q4(x, -8.0),
            Format::Q4_1 => legacy::prepare_q4(x, 1.0),
            Format::Q4K => k::prepare_q4k(x),
            Format::Q6K => k::prepare_q6k(x),
            // Their rows are widened.
            Format::Iq4Nl | Format::Iq4Xs | Format::Mxfp4 | Format::Tq1_0 | Format::Tq2_0 => {
                Prepared { lanes: Vec::new(), sums: Vec::new() }
            }
        }
    }

    /// Rows of `bytes` times x, one sum each.
    fn dots(self, bytes: &[u8], row_bytes: usize, x: &[f32], prepared: &Prepared, y: &mut [f32]) {
        let each = |dot: &dyn Fn(&[u8]) -> f32, y: &mut [f32]| {
            for (sum, row) in y.iter_mut().zip(bytes.chunks_exact(row_bytes)) {
                *sum = dot(row);
            }
        };
        match self {
            Format::F16 => each(&|row| halves::dot_f16(row, x, prepared), y),
            Format::Bf16 => each(&|row| halves::dot_bf16(row, x, prepared), y),
            Format::Q8_0 => each(&|row| legacy::dot_q8_0(row, prepared), y),
            Format::Q4_0 => each(&|row| legacy::dot_q4_0(row, prepared), y),
            Format::Q4_1 => each(&|row| legacy::dot_q4_1(row, prepared), y),
            Format::Q4K => each(&|row| k::dot_q4k(row, prepared), y),
            Format::Q6K => each(&|row| k::dot_q6k(row, prepared), y),
            Format::Iq4Nl | Format::Iq4Xs | Format::Mxfp4 | Format::Tq1_0 | Format::Tq2_0 => {
                let mut wide = vec![0.0; x.len()];
                for (sum, row) in y.iter_mut().zip(bytes.chunks_exact(row_bytes)) {
                    self.widen(row, &mut wide);
                    *sum = coded::dot_widened(&wide, x);
                }
            }
        }
    }
}

/// A matrix [n_out, n_in] in one of the formats, row after row.
#[derive(Clone, Debug)]
pub struct Blocks {
    format: Format,
    n_out: usize,
    n_in: usize,
    bytes: Vec<u8>,
}

impl Blocks {
    /// A matrix without rows, to be filled; `None` where n_in is not a whole number of blocks.
    pub fn empty(format: Format, n_out: usize, n_in: usize) -> Option<Self> {
        let row_bytes = n_in / format.block_len() * format.block_bytes();
        let is_whole = n_in.is_multiple_of(format.block_len()) && n_in > 0;
        is_whole.then(|| Self { format, n_out, n_in, bytes: Vec::with_capacity(n_out * row_bytes) })
    }

    /// Appends rows in the form in which files store them.
    pub fn push_rows(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Bytes held.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Copies row `index` into `row` [n_in].
    pub fn copy_row(&self, index: usize, row: &mut [f32]) {
        self.format.widen(self.row_part(index, &(0..self.n_in)), row);
    }

    /// Writes x · Wᵀ into `y` [n_rows, n_out], over inputs `inputs` of W only (x has `inputs.len()` columns).
    pub fn matmul(&self, x: &PackedRows, inputs: Range<usize>, y: &mut [f32]) {
        match x.only_row() {
            Some(row) if inputs == (0..self.n_in) => {
                let prepared = self.format.prepare(row);
                let row_bytes = self.row_bytes();
                threads::share(&mut y[..self.n_out], 1, 2 * self.n_out * self.n_in, |first, y| {
                    let rows = &self.bytes[first * row_bytes..(first + y.len()) * row_bytes];
                    self.format.dots(rows, row_bytes, row, &prepared, y);
                });
            }
            _ => {
                let work = 2 * x.n_rows() * self.n_out * inputs.len();
                threads::share(y, ROWS * self.n_out, work, |first, y| {
                    let rows = x.panels(first, y.len().div_ceil(ROWS * self.n_out));
                    // Gap: each thread widens every block for itself, so threads speed up quantised weights less than
                    // f32.
                    self.matmul_widened(rows, inputs.clone(), 0..self.n_out, y);
                });
            }
        }
    }

    /// Writes x · Wᵀ for outputs `outputs` alone into `y` [n_rows, outputs.len()].
    pub fn matmul_outputs(&self, x: &PackedRows, outputs: Range<usize>, y: &mut [f32]) {
        let unit = ROWS * outputs.len();
        threads::share(y, unit, 2 * x.n_rows() * outputs.len() * self.n_in, |first, y| {
            let rows = x.panels(first, y.len().div_ceil(unit.max(1)));
            self.matmul_widened(rows, 0..self.n_in, outputs.clone(), y);
        });
    }

    /// Writes columns `outputs` of the product of some rows into `y` [_, outputs.len()].
    fn matmul_widened(&self, x: SomeRows<'_>, inputs: Range<usize>, outputs: Range<usize>, y: &mut [f32]) {
        let unit = self.format.block_len();
        let (mut wide, mut panel) = (Vec::new(), Vec::new());
        for part in x.parts(unit.max(4)) {
            let columns = inputs.start + part.start..inputs.start + part.end;
            let blocks = columns.start / unit * unit..columns.end.next_multiple_of(unit);
            wide.resize(PANEL * blocks.len(), 0.0f32);
            panel.resize(PANEL * part.len(), 0.0f32);
            for first_out in (0..outputs.len()).step_by(PANEL) {
                let width = PANEL.min(outputs.len() - first_out);
                for (row, wide) in wide.chunks_exact_mut(blocks.len()).enumerate().take(width) {
                    self.format.widen(self.row_part(outputs.start + first_out + row, &blocks), wide);
                }
                let inside = columns.start - blocks.start..columns.end - blocks.start;
                interleave_eight(&wide, blocks.len(), inside, &mut panel);
                x.times_panel(part.clone(), &panel, y, Columns { y_width: outputs.len(), first_out, width });
            }
        }
    }

    fn row_bytes(&self) -> usize {
        self.n_in / self.format.block_len() * self.format.block_bytes()
    }

    /// The blocks of some inputs of a row.
    fn row_part(&self, row: usize, inputs: &Range<usize>) -> &[u8] {
        let bytes = |input: usize| input / self.format.block_len() * self.format.block_bytes();
        &self.bytes[row * self.row_bytes() + bytes(inputs.start)..row * self.row_bytes() + bytes(inputs.end)]
    }
}

/// A half-precision number.
#[inline(always)]
fn f16(bytes: [u8; 2]) -> f32 {
    let bits = u32::from(u16::from_le_bytes(bytes));
    let (sign, rest) = ((bits & 0x8000) << 16, (bits & 0x7fff) << 13);
    match bits & 0x7c00 {
        // Below the smallest exponent the digits count in units of 2^-24.
        0 => f32::from_bits(sign | (((bits & 0x3ff) as f32) * (1.0 / 16_777_216.0)).to_bits()),
        0x7c00 => f32::from_bits(sign | rest | 0x7f80_0000),
        _ => f32::from_bits(sign | (rest + (112 << 23))),
    }
}

/// 2^-power.
const fn below(power: u32) -> f32 {
    1.0 / (1u64 << power) as f32
}

/// What masking makes of the low four bits of each byte, and of the high four, where the last is shifted down instead.
const LOW: [f32; 4] = [1.0, below(8), below(16), below(24)];
const HIGH: [f32; 4] = [below(4), below(12), below(20), 1.0];
/// Reciprocal powers for whole bytes.
const WHOLE: [f32; 4] = [1.0, below(8), below(16), 1.0];
/// Reciprocal powers for signed bytes, which are moved to the top of their lane.
const SIGNED: [f32; 4] = [below(24); 4];

/// 16 numbers of x in the order of lanes and bytes, scaled.
fn spread(x: &[f32], scales: [f32; 4]) -> [[f32; 4]; 4] {
    let (fours, _) = x.as_chunks::<4>();
    let columns = transposed([0, 1, 2, 3].map(|index| F32x4::load(&fours[index])));
    let mut spread = [[0.0; 4]; 4];
    for ((column, scale), spread) in columns.into_iter().zip(scales).zip(&mut spread) {
        (column * F32x4::splat(scale)).store(spread);
    }
    spread
}

/// The sums of `spread`'s numbers lane by lane, unscaled: 16 numbers of x as four.
fn lane_sums(x: &[f32]) -> F32x4 {
    let [a, b, c, d] = spread(x, [1.0; 4]);
    (F32x4::load(&a) + F32x4::load(&b)) + (F32x4::load(&c) + F32x4::load(&d))
}

/// Four weights of each of four bytes, times x: the low four bits.
#[inline(always)]
fn times_low(sum: F32x4, w: U32x4, x: &[[f32; 4]; 4]) -> F32x4 {
    let part = |mask: u32, x: &[f32; 4]| (w & U32x4::splat(mask)).to_f32() * F32x4::load(x);
    sum + part(0x0f, &x[0]) + part(0x0f00, &x[1]) + part(0x0f_0000, &x[2]) + part(0x0f00_0000, &x[3])
}

/// The high four bits.
#[inline(always)]
fn times_high(sum: F32x4, w: U32x4, x: &[[f32; 4]; 4]) -> F32x4 {
    let part = |mask: u32, x: &[f32; 4]| (w & U32x4::splat(mask)).to_f32() * F32x4::load(x);
    let last = w.shift_down::<28>().to_f32() * F32x4::load(&x[3]);
    sum + part(0xf0, &x[0]) + part(0xf000, &x[1]) + part(0xf0_0000, &x[2]) + last
}

/// Whole bytes, unsigned.
#[inline(always)]
fn times_bytes(sum: F32x4, w: U32x4, x: &[[f32; 4]; 4]) -> F32x4 {
    let part = |mask: u32, x: &[f32; 4]| (w & U32x4::splat(mask)).to_f32() * F32x4::load(x);
    let last = w.shift_down::<24>().to_f32() * F32x4::load(&x[3]);
    sum + part(0xff, &x[0]) + part(0xff00, &x[1]) + part(0xff_0000, &x[2]) + last
}

/// Whole bytes, signed.
#[inline(always)]
fn times_signed(sum: F32x4, w: U32x4, x: &[[f32; 4]; 4]) -> F32x4 {
    let top = U32x4::splat(0xff00_0000);
    let part = |w: U32x4, x: &[f32; 4]| w.to_f32() * F32x4::load(x);
    let (first, second) = (part(w.shift_up::<24>(), &x[0]), part(w.shift_up::<16>() & top, &x[1]));
    sum + first + second + part(w.shift_up::<8>() & top, &x[2]) + part(w & top, &x[3])
}

/// 16 unsigned bytes, in order.
#[inline(always)]
fn bytes(w: U32x4) -> [F32x4; 4] {
    let low = U32x4::splat(0xff);
    transposed([
        (w & low).to_f32(),
        (w.shift_down::<8>() & low).to_f32(),
        (w.shift_down::<16>() & low).to_f32(),
        w.shift_down::<24>().to_f32(),
    ])
}

/// Writes four vectors.
#[inline(always)]
fn store(vectors: [F32x4; 4], out: &mut [f32]) {
    for (four, vector) in out.as_chunks_mut::<4>().0.iter_mut().zip(vectors) {
        vector.store(four);
    }
}

#[inline(always)]
fn word(bytes: &[u8]) -> U32x4 {
    let mut sixteen = [0; 16];
    sixteen.copy_from_slice(&bytes[..16]);
    U32x4::load(&sixteen)
}

#[cfg(test)]
mod tests;

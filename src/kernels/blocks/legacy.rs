//! Blocks of 32 weights with one scale: Q8_0, Q4_0, Q4_1 (ggml).

use super::{
    HIGH, LOW, Prepared, SIGNED, bytes, f16, lane_sums, spread, store, times_high, times_low, times_signed, word,
};
use crate::simd::{F32x4, U32x4};

const Q8_0: usize = 34;
const Q4_0: usize = 18;
const Q4_1: usize = 20;

pub fn widen_q8_0(blocks: &[u8], out: &mut [f32]) {
    for (block, out) in blocks.as_chunks::<Q8_0>().0.iter().zip(out.as_chunks_mut::<32>().0) {
        let (scale, offset) = (F32x4::splat(f16([block[0], block[1]])), F32x4::splat(128.0));
        for (half, out) in out.chunks_exact_mut(16).enumerate() {
            // Signed bytes plus 128 are unsigned ones.
            let values = bytes(word(&block[2 + 16 * half..]) ^ U32x4::splat(0x8080_8080));
            store(values.map(|value| (value - offset) * scale), out);
        }
    }
}

pub fn widen_q4_0(blocks: &[u8], out: &mut [f32]) {
    for (block, out) in blocks.as_chunks::<Q4_0>().0.iter().zip(out.as_chunks_mut::<32>().0) {
        let (scale, offset) = (F32x4::splat(f16([block[0], block[1]])), F32x4::splat(8.0));
        widen_nibbles(&block[2..], out, |value| (value - offset) * scale);
    }
}

pub fn widen_q4_1(blocks: &[u8], out: &mut [f32]) {
    for (block, out) in blocks.as_chunks::<Q4_1>().0.iter().zip(out.as_chunks_mut::<32>().0) {
        let (scale, least) = (f16([block[0], block[1]]), f16([block[2], block[3]]));
        let (scale, least) = (F32x4::splat(scale), F32x4::splat(least));
        widen_nibbles(&block[4..], out, |value| value * scale + least);
    }
}

#[inline(always)]
fn widen_nibbles(nibbles: &[u8], out: &mut [f32], value: impl Fn(F32x4) -> F32x4) {
    let (word, mask) = (word(nibbles), U32x4::splat(0x0f0f_0f0f));
    store(bytes(word & mask).map(&value), &mut out[..16]);
    store(bytes(word.shift_down::<4>() & mask).map(&value), &mut out[16..]);
}

/// Lanes [block, half, byte]; no sums.
pub fn prepare_q8_0(x: &[f32]) -> Prepared {
    let lanes = x.chunks_exact(16).flat_map(|sixteen| spread(sixteen, SIGNED)).collect();
    Prepared { lanes, sums: Vec::new() }
}

/// Lanes [block, low and high, byte]; sums: of each block, times `factor`.
pub fn prepare_q4(x: &[f32], factor: f32) -> Prepared {
    let halves = |block: &[f32]| [spread(&block[..16], LOW), spread(&block[16..], HIGH)];
    let sum = |block: &[f32]| ((lane_sums(&block[..16]) + lane_sums(&block[16..])) * F32x4::splat(factor)).lanes();
    Prepared {
        lanes: x.chunks_exact(32).flat_map(halves).flatten().collect(),
        sums: x.chunks_exact(32).map(sum).collect(),
    }
}

#[inline(always)]
pub fn dot_q8_0(row: &[u8], x: &Prepared) -> f32 {
    let (lanes, _) = x.lanes.as_chunks::<4>().0.as_chunks::<2>();
    let mut sum = F32x4::ZERO;
    for (block, [low, high]) in row.as_chunks::<Q8_0>().0.iter().zip(lanes) {
        let first = times_signed(F32x4::ZERO, word(&block[2..]), low);
        let second = times_signed(F32x4::ZERO, word(&block[18..]), high);
        sum = sum + (first + second) * F32x4::splat(f16([block[0], block[1]]));
    }
    sum.sum()
}

#[inline(always)]
pub fn dot_q4_0(row: &[u8], x: &Prepared) -> f32 {
    let (lanes, _) = x.lanes.as_chunks::<4>().0.as_chunks::<2>();
    let mut sum = F32x4::ZERO;
    for ((block, [low, high]), offset) in row.as_chunks::<Q4_0>().0.iter().zip(lanes).zip(&x.sums) {
        let word = word(&block[2..]);
        let values = times_low(F32x4::load(offset), word, low) + times_high(F32x4::ZERO, word, high);
        sum = sum + values * F32x4::splat(f16([block[0], block[1]]));
    }
    sum.sum()
}

#[inline(always)]
pub fn dot_q4_1(row: &[u8], x: &Prepared) -> f32 {
    let (lanes, _) = x.lanes.as_chunks::<4>().0.as_chunks::<2>();
    let mut sum = F32x4::ZERO;
    let mut least = F32x4::ZERO;
    for ((block, [low, high]), total) in row.as_chunks::<Q4_1>().0.iter().zip(lanes).zip(&x.sums) {
        let word = word(&block[4..]);
        let values = times_low(F32x4::ZERO, word, low) + times_high(F32x4::ZERO, word, high);
        sum = sum + values * F32x4::splat(f16([block[0], block[1]]));
        least = least + F32x4::load(total) * F32x4::splat(f16([block[2], block[3]]));
    }
    (sum + least).sum()
}

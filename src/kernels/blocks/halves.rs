//! Half precision: F16 and BF16. A u32 lane holds two numbers; x comes as its even and its odd ones.

use super::{Prepared, f16, word};
use crate::simd::{F32x4, U32x4};

/// F16 numbers in the upper halves of lanes, what is in the lower halves being ignored. Exponents of 0 and 31 mean other things:
/// see [`has_special`].
#[inline(always)]
fn upper(word: U32x4) -> F32x4 {
    // Sign, exponent and digits three bits further down, then the difference of the exponents' zeros.
    ((word.shift_down_signed::<3>() & U32x4::splat(0x8fff_e000)) + U32x4::splat(112 << 23)).as_f32()
}

/// For each half a number that is 0 where it has the exponent 0 or 31: zeros, numbers below 2^-14, infinities.
#[inline(always)]
fn specials(word: U32x4) -> U32x4 {
    (word + U32x4::splat(0x0400_0400)) & U32x4::splat(0x7800_7800)
}

/// F16 numbers as in the function above, with every meaning of the exponent.
#[inline(always)]
fn upper_exact(word: U32x4) -> F32x4 {
    let exponent = word & U32x4::splat(0x7c00_0000);
    let is_smallest = (exponent + U32x4::splat(u32::MAX)).shift_down_signed::<31>();
    let is_largest = (exponent + U32x4::splat(0x0400_0000)).shift_down_signed::<31>();
    // Below the smallest exponent the digits count in units of 2^-24.
    let units = (word.shift_down::<16>() & U32x4::splat(0x3ff)).to_f32() * F32x4::splat(1.0 / 16_777_216.0);
    let small = (units.to_bits() | (word & U32x4::splat(1 << 31))).as_f32();
    let large = upper(word).to_bits() | (is_largest & U32x4::splat(0x7f80_0000));
    small.where_set(is_smallest, large.as_f32())
}

pub fn widen_f16(bytes: &[u8], out: &mut [f32]) {
    let ((words, rest), (eights, out_rest)) = (bytes.as_chunks::<16>(), out.as_chunks_mut::<8>());
    for (bytes, out) in words.iter().zip(eights) {
        let word = U32x4::load(bytes);
        if specials(word).has_zero_half() {
            store(word.shift_up::<16>(), word, out, upper_exact);
        } else {
            store(word.shift_up::<16>(), word, out, upper);
        }
    }
    one_by_one(rest, out_rest, f16);
}

pub fn widen_bf16(bytes: &[u8], out: &mut [f32]) {
    let ((words, rest), (eights, out_rest)) = (bytes.as_chunks::<16>(), out.as_chunks_mut::<8>());
    for (bytes, out) in words.iter().zip(eights) {
        let word = U32x4::load(bytes);
        store(word.shift_up::<16>(), word & U32x4::splat(0xffff_0000), out, U32x4::as_f32);
    }
    one_by_one(rest, out_rest, bf16);
}

#[inline(always)]
fn store(even: U32x4, odd: U32x4, out: &mut [f32; 8], value: impl Fn(U32x4) -> F32x4) {
    let (even, odd) = (value(even), value(odd));
    if let ([low, high], _) = out.as_chunks_mut::<4>() {
        even.zip_low(odd).store(low);
        even.zip_high(odd).store(high);
    }
}

fn one_by_one(bytes: &[u8], out: &mut [f32], value: fn([u8; 2]) -> f32) {
    out.iter_mut().zip(bytes.as_chunks::<2>().0).for_each(|(out, &pair)| *out = value(pair));
}

fn bf16([low, high]: [u8; 2]) -> f32 {
    f32::from_le_bytes([0, 0, low, high])
}

/// Lanes [eight, even and odd]; no sums.
pub fn prepare(x: &[f32]) -> Prepared {
    let halves = |x: &[f32; 8]| [[x[0], x[2], x[4], x[6]], [x[1], x[3], x[5], x[7]]];
    Prepared { lanes: x.as_chunks::<8>().0.iter().flat_map(halves).collect(), sums: Vec::new() }
}

#[inline(always)]
pub fn dot_f16(row: &[u8], x: &[f32], prepared: &Prepared) -> f32 {
    let ((groups, _), (lanes, _)) = (row.as_chunks::<64>(), prepared.lanes.as_chunks::<8>());
    let mut sums = [F32x4::ZERO; 2];
    for (bytes, lanes) in groups.iter().zip(lanes) {
        let words = [0, 16, 32, 48].map(|at| word(&bytes[at..]));
        let [a, b, c, d] = words.map(specials);
        sums = if a.min_halves(b).min_halves(c.min_halves(d)).has_zero_half() {
            times(sums, words, lanes, upper_exact)
        } else {
            times(sums, words, lanes, upper)
        };
    }
    let done = groups.len() * 32;
    (sums[0] + sums[1]).sum() + plain(&row[2 * done..], &x[done..], f16)
}

#[inline(always)]
fn times(
    [mut first, mut second]: [F32x4; 2],
    words: [U32x4; 4],
    lanes: &[[f32; 4]; 8],
    value: impl Fn(U32x4) -> F32x4,
) -> [F32x4; 2] {
    for (word, [even, odd]) in words.into_iter().zip(lanes.as_chunks::<2>().0) {
        first = first + value(word.shift_up::<16>()) * F32x4::load(even);
        second = second + value(word) * F32x4::load(odd);
    }
    [first, second]
}

#[inline(always)]
pub fn dot_bf16(row: &[u8], x: &[f32], prepared: &Prepared) -> f32 {
    let ((words, _), (lanes, _)) = (row.as_chunks::<16>(), prepared.lanes.as_chunks::<2>());
    let mut sums = [F32x4::ZERO; 2];
    for (bytes, [even, odd]) in words.iter().zip(lanes) {
        let word = U32x4::load(bytes);
        sums[0] = sums[0] + word.shift_up::<16>().as_f32() * F32x4::load(even);
        sums[1] = sums[1] + (word & U32x4::splat(0xffff_0000)).as_f32() * F32x4::load(odd);
    }
    let done = words.len() * 8;
    (sums[0] + sums[1]).sum() + plain(&row[2 * done..], &x[done..], bf16)
}

/// The dot product, one number at a time.
fn plain(bytes: &[u8], x: &[f32], value: fn([u8; 2]) -> f32) -> f32 {
    bytes.as_chunks::<2>().0.iter().zip(x).map(|(&pair, x)| value(pair) * x).sum()
}

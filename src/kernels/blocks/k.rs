//! Blocks of 256 weights with scales of their own parts: Q4_K, Q6_K (ggml).

use super::{
    HIGH, LOW, Prepared, WHOLE, bytes, f16, lane_sums, spread, store, times_bytes, times_high, times_low, word,
};
use crate::simd::{F32x4, U32x4};

const Q4K: usize = 144;
const Q6K: usize = 210;

/// Scale and least value of each of eight parts, six bits each in twelve bytes.
#[inline(always)]
fn scales(packed: &[u8]) -> ([f32; 8], [f32; 8]) {
    let word =
        |index: usize| u32::from_le_bytes([packed[index], packed[index + 1], packed[index + 2], packed[index + 3]]);
    let [a, b, c] = [word(0), word(4), word(8)];
    let (six, four, two) = (0x3f3f_3f3f, 0x0f0f_0f0f, 0x0303_0303);
    let scales = [a & six, (c & four) | (((a >> 6) & two) << 4)];
    let least = [b & six, ((c >> 4) & four) | (((b >> 6) & two) << 4)];
    let floats = |words: [u32; 2]| {
        let mut floats = [0.0; 8];
        for (index, value) in floats.iter_mut().enumerate() {
            *value = ((words[index / 4] >> (8 * (index % 4))) & 0xff) as f32;
        }
        floats
    };
    (floats(scales), floats(least))
}

pub fn widen_q4k(blocks: &[u8], out: &mut [f32]) {
    for (block, out) in blocks.as_chunks::<Q4K>().0.iter().zip(out.as_chunks_mut::<256>().0) {
        let (scale, least) = (f16([block[0], block[1]]), f16([block[2], block[3]]));
        let (scales, leasts) = scales(&block[4..16]);
        for (pair, out) in out.chunks_exact_mut(64).enumerate() {
            for (half, out) in out.chunks_exact_mut(32).enumerate() {
                let part = 2 * pair + half;
                let (scale, least) = (F32x4::splat(scale * scales[part]), F32x4::splat(least * leasts[part]));
                for (index, out) in out.chunks_exact_mut(16).enumerate() {
                    let word = word(&block[16 + 32 * pair + 16 * index..]);
                    let word = if half == 0 { word } else { word.shift_down::<4>() };
                    store(bytes(word & U32x4::splat(0x0f0f_0f0f)).map(|value| value * scale - least), out);
                }
            }
        }
    }
}

/// Lanes [block, pair of parts, sixteen bytes, low and high, byte]; sums of the eight parts.
pub fn prepare_q4k(x: &[f32]) -> Prepared {
    let (mut lanes, mut sums) = (Vec::with_capacity(x.len() / 4), Vec::with_capacity(x.len() / 128));
    for block in x.chunks_exact(256) {
        for pair in block.chunks_exact(64) {
            for at in [0, 16] {
                lanes.extend(spread(&pair[at..at + 16], LOW));
                lanes.extend(spread(&pair[at + 32..at + 48], HIGH));
            }
        }
        for parts in block.chunks_exact(128) {
            let sum = |part: usize| {
                let part = &parts[32 * part..][..32];
                (lane_sums(&part[..16]) + lane_sums(&part[16..])).sum()
            };
            sums.push([0, 1, 2, 3].map(sum));
        }
    }
    Prepared { lanes, sums }
}

#[inline(always)]
pub fn dot_q4k(row: &[u8], x: &Prepared) -> f32 {
    // [block][pair][sixteen][low and high][byte]
    let (lanes, _) = x.lanes.as_chunks::<4>().0.as_chunks::<2>().0.as_chunks::<2>().0.as_chunks::<4>();
    let (sums, _) = x.sums.as_chunks::<2>();
    let (mut sum, mut least) = (F32x4::ZERO, F32x4::ZERO);
    for ((block, lanes), sums) in row.as_chunks::<Q4K>().0.iter().zip(lanes).zip(sums) {
        let (scales, leasts) = scales(&block[4..16]);
        let mut values = F32x4::ZERO;
        for (pair, [first, second]) in lanes.iter().enumerate() {
            let (a, b) = (word(&block[16 + 32 * pair..]), word(&block[32 + 32 * pair..]));
            let low = times_low(times_low(F32x4::ZERO, a, &first[0]), b, &second[0]);
            let high = times_high(times_high(F32x4::ZERO, a, &first[1]), b, &second[1]);
            values = values + low * F32x4::splat(scales[2 * pair]) + high * F32x4::splat(scales[2 * pair + 1]);
        }
        sum = sum + values * F32x4::splat(f16([block[0], block[1]]));
        let ([low, high], _) = leasts.as_chunks::<4>() else { continue };
        let values = F32x4::load(low) * F32x4::load(&sums[0]) + F32x4::load(high) * F32x4::load(&sums[1]);
        least = least + values * F32x4::splat(f16([block[2], block[3]]));
    }
    (sum - least).sum()
}

/// The four groups of 16 weights that bytes `16 index ..` of a half block hold, six bits in each byte: of positions
/// 32 · group + 16 · index. `low` [64] and `high` [32] are the half block's.
#[inline(always)]
fn six_bits(low: &[u8], high: &[u8], index: usize) -> [U32x4; 4] {
    let (a, b, high) = (word(&low[16 * index..]), word(&low[32 + 16 * index..]), word(&high[16 * index..]));
    let (four, two) = (U32x4::splat(0x0f0f_0f0f), U32x4::splat(0x3030_3030));
    [
        (a & four) | (high.shift_up::<4>() & two),
        (b & four) | (high.shift_up::<2>() & two),
        (a.shift_down::<4>() & four) | (high & two),
        (b.shift_down::<4>() & four) | (high.shift_down::<2>() & two),
    ]
}

pub fn widen_q6k(blocks: &[u8], out: &mut [f32]) {
    for (block, out) in blocks.as_chunks::<Q6K>().0.iter().zip(out.as_chunks_mut::<256>().0) {
        let scale = f16([block[208], block[209]]);
        for (half, out) in out.chunks_exact_mut(128).enumerate() {
            for index in 0..2 {
                let groups = six_bits(&block[64 * half..], &block[128 + 32 * half..], index);
                for (group, word) in groups.into_iter().enumerate() {
                    let part = f32::from(block[192 + 8 * half + 2 * group + index].cast_signed());
                    let (scale, offset) = (F32x4::splat(scale * part), F32x4::splat(32.0));
                    let values = bytes(word).map(|value| scale * (value - offset));
                    store(values, &mut out[32 * group + 16 * index..][..16]);
                }
            }
        }
    }
}

/// Lanes [block, half, sixteen, group, byte]; sums likewise up to the group, times −32.
pub fn prepare_q6k(x: &[f32]) -> Prepared {
    let (mut lanes, mut sums) = (Vec::with_capacity(x.len() / 4), Vec::with_capacity(x.len() / 16));
    for half in x.chunks_exact(128) {
        for at in [0, 16, 32, 48, 64, 80, 96, 112].map(|at| at % 64 / 16 * 32 + at / 64 * 16) {
            lanes.extend(spread(&half[at..at + 16], WHOLE));
            sums.push((lane_sums(&half[at..at + 16]) * F32x4::splat(-32.0)).lanes());
        }
    }
    Prepared { lanes, sums }
}

#[inline(always)]
pub fn dot_q6k(row: &[u8], x: &Prepared) -> f32 {
    // [block][half and sixteen][group][byte]
    let (lanes, _) = x.lanes.as_chunks::<4>().0.as_chunks::<4>().0.as_chunks::<4>();
    let (offsets, _) = x.sums.as_chunks::<4>().0.as_chunks::<4>();
    let mut sum = F32x4::ZERO;
    for ((block, lanes), offsets) in row.as_chunks::<Q6K>().0.iter().zip(lanes).zip(offsets) {
        let mut values = F32x4::ZERO;
        for (part, (lanes, offsets)) in lanes.iter().zip(offsets).enumerate() {
            let (half, index) = (part / 2, part % 2);
            let groups = six_bits(&block[64 * half..], &block[128 + 32 * half..], index);
            for group in 0..4 {
                let scale = f32::from(block[192 + 8 * half + 2 * group + index].cast_signed());
                let group = times_bytes(F32x4::load(&offsets[group]), groups[group], &lanes[group]);
                values = values + group * F32x4::splat(scale);
            }
        }
        sum = sum + values * F32x4::splat(f16([block[208], block[209]]));
    }
    sum.sum()
}

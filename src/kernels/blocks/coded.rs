//! Formats whose few bits are an index or a digit (ggml): IQ4_NL and IQ4_XS, MXFP4, TQ1_0 and TQ2_0. Rare, so that one row of x is
//! multiplied with widened rows too.

use super::f16;
use crate::simd::F32x4;

const IQ4_NL: usize = 18;
const IQ4_XS: usize = 136;
const MXFP4: usize = 17;
const TQ1_0: usize = 54;
const TQ2_0: usize = 66;

/// What an index of four bits means: dense near zero, as weights are.
const NON_LINEAR: [f32; 16] =
    [-127., -104., -83., -65., -49., -35., -22., -10., 1., 13., 25., 38., 53., 69., 89., 113.];

/// Twice what the four bits of an E2M1 number mean.
const E2M1: [f32; 16] = [0., 1., 2., 3., 4., 6., 8., 12., 0., -1., -2., -3., -4., -6., -8., -12.];

/// The low four bits of 16 bytes, then the high four, each looked up.
fn look_up(nibbles: &[u8], table: &[f32; 16], scale: f32, out: &mut [f32]) {
    let (low, high) = out.split_at_mut(16);
    for ((byte, low), high) in nibbles.iter().zip(low).zip(high) {
        *low = scale * table[usize::from(byte & 15)];
        *high = scale * table[usize::from(byte >> 4)];
    }
}

pub fn widen_iq4_nl(blocks: &[u8], out: &mut [f32]) {
    for (block, out) in blocks.as_chunks::<IQ4_NL>().0.iter().zip(out.as_chunks_mut::<32>().0) {
        look_up(&block[2..], &NON_LINEAR, f16([block[0], block[1]]), out);
    }
}

/// A scale, two high bits of eight parts' scales, their four low bits, then the parts.
pub fn widen_iq4_xs(blocks: &[u8], out: &mut [f32]) {
    for (block, out) in blocks.as_chunks::<IQ4_XS>().0.iter().zip(out.as_chunks_mut::<256>().0) {
        let (scale, high) = (f16([block[0], block[1]]), u16::from_le_bytes([block[2], block[3]]));
        for (part, (nibbles, out)) in block[8..].chunks_exact(16).zip(out.as_chunks_mut::<32>().0).enumerate() {
            let low = block[4 + part / 2] >> (4 * (part % 2)) & 15;
            let six = i16::from(low) | ((high >> (2 * part) & 3) << 4).cast_signed();
            look_up(nibbles, &NON_LINEAR, scale * f32::from(six - 32), out);
        }
    }
}

/// A power of two, biased by 127.
pub fn widen_mxfp4(blocks: &[u8], out: &mut [f32]) {
    for (block, out) in blocks.as_chunks::<MXFP4>().0.iter().zip(out.as_chunks_mut::<32>().0) {
        // Half the power, since the table is doubled; below the smallest exponent the digits shift.
        let exponent = u32::from(block[0]);
        let bits = if exponent < 2 { 0x0020_0000 << exponent } else { (exponent - 1) << 23 };
        look_up(&block[1..], &E2M1, f32::from_bits(bits), out);
    }
}

/// Digits to base three: the first of a byte is its value · 3 / 256, the next one that of three times the byte.
pub fn widen_tq1_0(blocks: &[u8], out: &mut [f32]) {
    let digit = |byte: u8, power: u8| f32::from((u16::from(byte.wrapping_mul(power)) * 3) >> 8) - 1.0;
    for (block, out) in blocks.as_chunks::<TQ1_0>().0.iter().zip(out.as_chunks_mut::<256>().0) {
        let scale = f16([block[52], block[53]]);
        let parts: [(&[u8], &[u8]); 3] = [
            (&block[..32], &[1, 3, 9, 27, 81]),
            (&block[32..48], &[1, 3, 9, 27, 81]),
            (&block[48..52], &[1, 3, 9, 27]),
        ];
        let digits = parts.into_iter().flat_map(|(bytes, powers)| {
            powers.iter().flat_map(move |&power| bytes.iter().map(move |&byte| digit(byte, power)))
        });
        out.iter_mut().zip(digits).for_each(|(out, digit)| *out = scale * digit);
    }
}

pub fn widen_tq2_0(blocks: &[u8], out: &mut [f32]) {
    for (block, out) in blocks.as_chunks::<TQ2_0>().0.iter().zip(out.as_chunks_mut::<256>().0) {
        let scale = f16([block[64], block[65]]);
        let digits = block[..64].chunks_exact(32).flat_map(|bytes| {
            [0, 2, 4, 6]
                .into_iter()
                .flat_map(move |shift| bytes.iter().map(move |byte| f32::from(byte >> shift & 3) - 1.0))
        });
        out.iter_mut().zip(digits).for_each(|(out, digit)| *out = scale * digit);
    }
}

/// A row that is widened, times x.
pub fn dot_widened(row: &[f32], x: &[f32]) -> f32 {
    let (row, rest) = row.as_chunks::<4>();
    let fours = row.iter().zip(x.as_chunks::<4>().0);
    let sum = fours.fold(F32x4::ZERO, |sum, (row, x)| sum + F32x4::load(row) * F32x4::load(x));
    // Rows are whole blocks, so that nothing is left over.
    debug_assert!(rest.is_empty(), "rows are whole blocks");
    sum.sum()
}

//! Every format against ggml's definitions, written out one number at a time in f64.

use super::*;
use proptest::prelude::*;

const FORMATS: [Format; 12] = {
    use Format::*;
    [F16, Bf16, Q8_0, Q4_0, Q4_1, Q4K, Q6K, Iq4Nl, Iq4Xs, Mxfp4, Tq1_0, Tq2_0]
};

/// The numbers that IQ4_NL's indices mean.
const NON_LINEAR: [f64; 16] =
    [-127., -104., -83., -65., -49., -35., -22., -10., 1., 13., 25., 38., 53., 69., 89., 113.];

/// The number of an E2M1: a sign, two bits of exponent biased by 1, one digit.
fn exact_e2m1(bits: u8) -> f64 {
    let (exponent, digit) = (i32::from(bits >> 1 & 3), f64::from(bits & 1));
    let size = if exponent == 0 { digit / 2.0 } else { (1.0 + digit / 2.0) * 2f64.powi(exponent - 1) };
    if bits & 8 == 8 { -size } else { size }
}

/// Digit `place` of five to base three, of which a byte holds value · 256 / 243, rounded up.
fn exact_digit(byte: u8, place: u32) -> f64 {
    let shifted = u32::from(byte) * 3u32.pow(place) % 256;
    f64::from(shifted * 3 / 256) - 1.0
}

struct Random(u32);

impl Random {
    fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }

    fn unit(&mut self) -> f32 {
        self.bits() as f32 / (1 << 23) as f32 - 1.0
    }

    /// A half-precision number below 1, now and then below 2^-14 or 0.
    fn half(&mut self) -> [u8; 2] {
        let exponent = [0, 3, 9, 10, 11, 12, 13][self.bits() as usize % 7];
        let sign_and_digits =
            self.bits() & if exponent == 0 && self.bits().is_multiple_of(2) { 0x8000 } else { 0x83ff };
        ((sign_and_digits | exponent << 10) as u16).to_le_bytes()
    }
}

fn exact_f16(pair: [u8; 2]) -> f64 {
    let bits = u16::from_le_bytes(pair);
    let (sign, exponent, digits) = (bits >> 15, i32::from(bits >> 10 & 31), f64::from(bits & 0x3ff));
    let size = if exponent == 0 {
        digits / 1024.0 * 2f64.powi(-14)
    } else {
        (1.0 + digits / 1024.0) * 2f64.powi(exponent - 15)
    };
    if sign == 1 { -size } else { size }
}

/// Random blocks of one row, and their numbers.
fn row(format: Format, n_in: usize, random: &mut Random) -> (Vec<u8>, Vec<f64>) {
    let (mut bytes, mut values) = (Vec::new(), Vec::new());
    for _ in 0..n_in / format.block_len() {
        let mut block: Vec<u8> = (0..format.block_bytes()).map(|_| random.bits() as u8).collect();
        let scale_places: &[usize] = match format {
            Format::Bf16 => &[],
            Format::Mxfp4 => &[],
            Format::F16 | Format::Q8_0 | Format::Q4_0 | Format::Iq4Nl | Format::Iq4Xs => &[0],
            Format::Tq1_0 => &[52],
            Format::Tq2_0 => &[64],
            Format::Q4_1 | Format::Q4K => &[0, 2],
            Format::Q6K => &[208],
        };
        for &at in scale_places {
            block[at..at + 2].copy_from_slice(&random.half());
        }
        if format == Format::Bf16 {
            block.copy_from_slice(&(random.unit().to_bits() >> 16).to_le_bytes()[..2]);
        }
        if format == Format::Mxfp4 {
            // A power of two that f32 and the products hold.
            block[0] = 100 + block[0] % 28;
        }
        let half = |at: usize| exact_f16([block[at], block[at + 1]]);
        let nibble = |byte: u8, high: bool| f64::from(if high { byte >> 4 } else { byte & 15 });
        match format {
            Format::F16 => values.push(half(0)),
            Format::Bf16 => values.push(f64::from(f32::from_le_bytes([0, 0, block[0], block[1]]))),
            Format::Q8_0 => values.extend((0..32).map(|i| half(0) * f64::from(block[2 + i].cast_signed()))),
            Format::Q4_0 => values.extend((0..32).map(|i| half(0) * (nibble(block[2 + i % 16], i >= 16) - 8.0))),
            Format::Q4_1 => values.extend((0..32).map(|i| half(0) * nibble(block[4 + i % 16], i >= 16) + half(2))),
            Format::Q4K => values.extend((0..256).map(|i| {
                let (part, packed) = (i / 32, &block[4..16]);
                let (scale, least) = if part < 4 {
                    (packed[part] & 63, packed[part + 4] & 63)
                } else {
                    let (low, scale_high, least_high) = (packed[part + 4], packed[part - 4], packed[part]);
                    ((low & 15) | (scale_high >> 6 << 4), (low >> 4) | (least_high >> 6 << 4))
                };
                let value = nibble(block[16 + part / 2 * 32 + i % 32], part % 2 == 1);
                half(0) * f64::from(scale) * value - half(2) * f64::from(least)
            })),
            Format::Q6K => values.extend((0..256).map(|i| {
                let (half_block, group, at) = (i / 128, i % 128 / 32, i % 32);
                let low = nibble(block[64 * half_block + group % 2 * 32 + at], group >= 2);
                let high = f64::from(block[128 + 32 * half_block + at] >> (2 * group) & 3);
                let scale = f64::from(block[192 + i / 16].cast_signed());
                half(208) * scale * (low + 16.0 * high - 32.0)
            })),
            Format::Iq4Nl => {
                values.extend((0..32).map(|i| half(0) * NON_LINEAR[nibble(block[2 + i % 16], i >= 16) as usize]))
            }
            Format::Iq4Xs => values.extend((0..256).map(|i| {
                let (part, at) = (i / 32, i % 32);
                let high = u16::from_le_bytes([block[2], block[3]]) >> (2 * part) & 3;
                let scale = nibble(block[4 + part / 2], part % 2 == 1) + 16.0 * f64::from(high) - 32.0;
                half(0) * scale * NON_LINEAR[nibble(block[8 + 16 * part + at % 16], at >= 16) as usize]
            })),
            Format::Mxfp4 => {
                values.extend((0..32).map(|i| {
                    2f64.powi(i32::from(block[0]) - 127) * exact_e2m1(nibble(block[1 + i % 16], i >= 16) as u8)
                }))
            }
            Format::Tq1_0 => values.extend((0..256).map(|i| {
                let (byte, place) = match i {
                    0..160 => (i % 32, i / 32),
                    160..240 => (32 + (i - 160) % 16, (i - 160) / 16),
                    _ => (48 + (i - 240) % 4, (i - 240) / 4),
                };
                half(52) * exact_digit(block[byte], place as u32)
            })),
            Format::Tq2_0 => values.extend((0..256).map(|i| {
                let (byte, place) = (i / 128 * 32 + i % 32, i % 128 / 32);
                half(64) * (f64::from(block[byte] >> (2 * place) & 3) - 1.0)
            })),
        }
        bytes.extend(block);
    }
    (bytes, values)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn rows_and_products_agree_with_the_definition(
        format in proptest::sample::select(FORMATS.as_slice()),
        n_blocks in 1usize..5,
        n_out in 1usize..20,
        n_rows in 1usize..9,
        seed in any::<u32>(),
    ) {
        let mut random = Random(seed);
        // Half precision has blocks of one number: odd widths too.
        let n_in = format.block_len() * if format.block_len() == 1 { 17 * n_blocks } else { n_blocks };
        let rows: Vec<_> = (0..n_out).map(|_| row(format, n_in, &mut random)).collect();
        let mut blocks = Blocks::empty(format, n_out, n_in).unwrap();
        rows.iter().for_each(|(bytes, _)| blocks.push_rows(bytes));
        let mut wide = vec![f32::NAN; n_in];
        for (index, (_, exact)) in rows.iter().enumerate() {
            blocks.copy_row(index, &mut wide);
            for (found, exact) in wide.iter().zip(exact) {
                prop_assert!((f64::from(*found) - exact).abs() <= exact.abs().max(1e-2) * 1e-6, "{:?}: {} {}", format, found, exact);
            }
        }
        let x: Vec<f32> = (0..n_rows * n_in).map(|_| random.unit()).collect();
        let cut = n_in / 3;
        for inputs in [0..n_in, cut..n_in, 0..cut] {
            let mut y = vec![f32::NAN; n_rows * n_out];
            if inputs.is_empty() {
                continue;
            }
            blocks.matmul(&PackedRows::pack(&x, n_in, inputs.clone()), inputs.clone(), &mut y);
            for (x, y) in x.chunks(n_in).zip(y.chunks(n_out)) {
                for ((_, weights), &found) in rows.iter().zip(y) {
                    let terms = || inputs.clone().map(|i| f64::from(x[i]) * weights[i]);
                    let (exact, size) = (terms().sum::<f64>(), terms().map(f64::abs).sum::<f64>());
                    prop_assert!((f64::from(found) - exact).abs() <= 1e-6 * size.max(1.0), "{:?}: {} {}", format, found, exact);
                }
            }
        }
    }
}

#[test]
fn half_precision_has_infinities_and_small_numbers() {
    let cases = [
        (0x0000u16, 0.0f32),
        (0x8000, -0.0),
        (0x0001, 2f32.powi(-24)),
        (0x83ff, -1023.0 * 2f32.powi(-24)),
        (0x0400, 2f32.powi(-14)),
        (0x3c00, 1.0),
        (0xfbff, -65504.0),
        (0x7c00, f32::INFINITY),
        (0xfc00, f32::NEG_INFINITY),
    ];
    for (bits, expected) in cases {
        assert_eq!(f16(bits.to_le_bytes()).to_bits(), expected.to_bits(), "{bits:#x}");
        for at in 0..8 {
            let mut halves = [0x3c00u16; 8];
            halves[at] = bits;
            let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
            let mut wide = [0.0; 8];
            Format::F16.widen(&bytes, &mut wide);
            let mut exact = [1.0f32; 8];
            exact[at] = expected;
            assert_eq!(wide.map(f32::to_bits), exact.map(f32::to_bits), "{bits:#x} at {at}");
        }
    }
    assert!(f16([0x01, 0x7c]).is_nan());
}

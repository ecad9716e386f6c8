//! Mutates inputs from a seed, without coverage: this runs everywhere and needs no compilation of its own.
//!
//! Besides bits and bytes a mutation changes what these formats are made of: numbers are replaced by those at which arithmetic breaks,
//! and pieces of one input by pieces of another.

/// SplitMix64 (Steele et al. 2014): the same inputs for the same seed on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }
}

/// Numbers at which sizes overflow, shapes disagree and floats reach their limits.
const NUMBERS: [&str; 22] = [
    "0",
    "1",
    "2",
    "3",
    "-1",
    "5",
    "64",
    "255",
    "256",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
    "1e38",
    "1e39",
    "1e308",
    "-1e-400",
    "0.5",
];

/// Words and marks that JSON, links and templates give a meaning.
const WORDS: [&[u8]; 18] = [
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"\"\"",
    b"\\ud83d",
    b"\\u0000",
    b",",
    b":",
    b"]",
    b"}",
    b"%",
    b"&",
    b"=",
    b"</script>",
    b"\n",
    b"\xff\xfe",
    b"\xe2\x80\x8f",
];

/// A changed copy of one of the inputs; up to eight changes.
pub fn mutated(inputs: &[Vec<u8>], random: &mut Random, max_len: usize) -> Vec<u8> {
    let mut input = inputs.get(random.below(inputs.len())).cloned().unwrap_or_default();
    for _ in 0..random.below(8) + 1 {
        let at = random.below(input.len() + 1);
        let end = (at + random.below(24)).min(input.len());
        match random.below(11) {
            0 if at < input.len() => input[at] ^= 1 << random.below(8),
            1 if at < input.len() => input[at] = random.next() as u8,
            2 => _ = input.splice(at..end, []),
            3 => {
                let piece = input[at..end].to_vec();
                let times = random.below(4) + 1;
                input.splice(at..at, piece.repeat(times));
            }
            4 => {
                let other = &inputs[random.below(inputs.len())];
                let from = random.below(other.len() + 1);
                let to = (from + random.below(200)).min(other.len());
                input.splice(at..end, other[from..to].iter().copied());
            }
            5 => _ = input.splice(at..at, WORDS[random.below(WORDS.len())].iter().copied()),
            6 => input.truncate(at),
            7 => {
                // Eight bytes as a number, as binary headers have them.
                let number = [0, 1, 255, 1 << 16, 1 << 31, u64::from(u32::MAX), 1 << 40, u64::MAX][random.below(8)];
                for (byte, new) in input[at..].iter_mut().zip(number.to_le_bytes()) {
                    *byte = new;
                }
            }
            _ => replace_number(&mut input, at, random),
        }
    }
    input.truncate(max_len);
    input
}

/// Replaces the first run of digits from `at` on.
fn replace_number(input: &mut Vec<u8>, at: usize, random: &mut Random) {
    let Some(start) = input[at..].iter().position(u8::is_ascii_digit).map(|found| at + found) else { return };
    let n_digits = input[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    input.splice(start..start + n_digits, NUMBERS[random.below(NUMBERS.len())].bytes());
}

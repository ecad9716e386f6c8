//! SentencePiece's character map (`precompiled_charsmap`), checked before the `tokenizers` crate looks characters up in it: it would
//! panic over one that leads out of itself.
//!
//! The map is a length, a double-array trie of 32-bit units whose leaves are places in the text that follows, and that text: what
//! characters become, each entry ended by a zero byte.

use super::limits::MAX_REPLACEMENT;

/// What is wrong with a map; nothing where every lookup stays within it. An empty map has no fault.
pub(super) fn fault(map: &[u8]) -> Option<String> {
    let Some((len, rest)) = map.split_first_chunk::<4>() else {
        return (!map.is_empty()).then(|| format!("precompiled_charsmap has {} bytes, too few", map.len()));
    };
    let n_claimed = u32::from_le_bytes(*len) as usize;
    let Some((trie, text)) = rest.split_at_checked(n_claimed / 4 * 4) else {
        return Some(format!("precompiled_charsmap claims {n_claimed} bytes and has {}", rest.len()));
    };
    let Ok(text) = str::from_utf8(text) else {
        return Some("precompiled_charsmap: what characters become is no UTF-8".to_owned());
    };
    let units: Vec<u32> = trie.as_chunks::<4>().0.iter().map(|unit| u32::from_le_bytes(*unit)).collect();
    // What a character becomes ends at a zero byte, and is never long.
    let is_place = |unit: u32| {
        let place = (unit & 0x7fff_ffff) as usize;
        let becomes = text.get(place..).map(|rest| rest.bytes().take(MAX_REPLACEMENT + 1).position(|byte| byte == 0));
        becomes.is_some_and(|end| end.is_some() || text.len() - place <= MAX_REPLACEMENT)
    };
    let damaged = || Some("precompiled_charsmap is damaged: a character leads out of it".to_owned());
    let Some(&root) = units.first() else {
        return Some("precompiled_charsmap is empty".to_owned());
    };
    let mut is_seen = vec![false; units.len()];
    let mut nodes = vec![offset(root) as usize];
    while let Some(node) = nodes.pop() {
        match is_seen.get_mut(node) {
            // Lookups change the lowest byte of a node: all of these units must be there.
            _ if node | 0xff >= units.len() => return damaged(),
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        for byte in 1..=0xff_usize {
            let place = node ^ byte;
            let unit = units[place];
            if unit & 0x8000_00ff != byte as u32 {
                continue;
            }
            let next = place ^ offset(unit) as usize;
            if unit >> 8 & 1 == 1 && !units.get(next).is_some_and(|&leaf| is_place(leaf)) {
                return damaged();
            }
            nodes.push(next);
        }
    }
    None
}

/// How far a unit's children are.
fn offset(unit: u32) -> u32 {
    (unit >> 10) << ((unit & 1 << 9) >> 6)
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64, as a map stands in a tokenizer.json.
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().enumerate().fold(0_u32, |bits, (at, &byte)| bits | u32::from(byte) << (16 - 8 * at));
        for digit in 0..4 {
            let is_there = digit <= three.len();
            text.push(if is_there { char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]) } else { '=' });
        }
    }
    text
}

/// The bytes of a base64 text; nothing for any other text.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    if !text.len().is_multiple_of(4) || text.len() - digits.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for four in digits.chunks(4) {
        let mut bits = 0_u32;
        for (at, digit) in four.iter().enumerate() {
            let value = DIGITS.iter().position(|known| known == digit)? as u32;
            bits |= value << (18 - 6 * at);
        }
        let three = bits.to_be_bytes();
        bytes.extend_from_slice(&three[1..four.len()]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_there_and_back() {
        for (bytes, text) in
            [(&b""[..], ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v"), (b"\xff\xfe\xfd", "//79")]
        {
            assert_eq!((base64(bytes), from_base64(text)), (text.to_owned(), Some(bytes.to_vec())));
        }
        for wrong in ["Zg", "Z===", "Zg=?", "====", "Zm9v="] {
            assert_eq!(from_base64(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn maps_that_lead_out_of_themselves_are_found() {
        // A root whose children are in units 0 to 255, and one child for "a": its leaf, in unit 97 ^ 1, is place 0 of the text.
        let map = |n_units: usize, child: u32, leaf: u32, text: &[u8]| {
            let mut units = vec![0_u32; n_units];
            units[0] = 0;
            units[97] = child;
            units[96] = leaf;
            let mut bytes = (4 * n_units as u32).to_le_bytes().to_vec();
            bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
            bytes.extend(text);
            bytes
        };
        let child = 97 | 1 << 8 | 1 << 10;
        assert_eq!(fault(&map(256, child, 1 << 31, b"b\0")), None);
        for (wrong, what) in [
            (map(128, child, 1 << 31, b"b\0"), "leads out"),
            (map(256, child | 1 << 30, 1 << 31, b"b\0"), "leads out"),
            (map(256, child, 1 << 31 | 7, b"b\0"), "leads out"),
            (map(256, child, 1 << 31 | 1, "é\0".as_bytes()), "leads out"),
            (map(256, child, 1 << 31, b"\xff\0"), "no UTF-8"),
            (vec![1], "too few"),
            (vec![0; 4], "empty"),
            (vec![255; 9], "claims 4294967295 bytes and has 5"),
        ] {
            assert!(fault(&wrong).unwrap_or_default().contains(what), "{what}: {:?}", fault(&wrong));
        }
    }
}

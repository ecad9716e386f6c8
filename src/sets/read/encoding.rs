//! Bytes to text. An encoding is known by its byte order mark or is UTF-8; others are named in a refusal, not guessed.

use super::SetError;

/// The text, and a sentence where it was not plain UTF-8.
pub(super) fn decoded(bytes: &[u8]) -> Result<(String, Option<String>), SetError> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16, name: &str| {
        let (pairs, odd) = rest.as_chunks::<2>();
        let units = pairs.iter().map(|pair| unit(*pair));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        match text {
            Ok(text) if odd.is_empty() => Ok((text, Some(format!("The file is {name}.")))),
            _ => Err(SetError::Encoding { byte: bytes.len().saturating_sub(odd.len() + 1) }),
        }
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest, 3),
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes, "UTF-16, little-endian"),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes, "UTF-16, big-endian"),
        _ => utf8(bytes, 0),
    }
}

fn utf8(bytes: &[u8], before: usize) -> Result<(String, Option<String>), SetError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok((text.to_owned(), None)),
        Err(error) => Err(SetError::Encoding { byte: before + error.valid_up_to() }),
    }
}

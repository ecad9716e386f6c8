//! Metadata of PNG files: resolution, and texts by keyword.

/// Pixels per inch of exported pictures.
pub const DPI: f32 = 300.0;

/// The first bytes of every PNG, and of its first chunk, which is 25 bytes with length and checksum.
const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
const HEADER_END: usize = SIGNATURE.len() + 25;

/// Puts the resolution and texts into a PNG, after its header; `None` when the bytes are not a PNG. Texts in Latin-1
/// become `tEXt`, others `iTXt` (PNG 1.2).
pub fn with_texts(png: &[u8], texts: &[(&str, &str)]) -> Option<Vec<u8>> {
    let (header, rest) = png.split_at_checked(HEADER_END)?;
    if header.get(..8)? != SIGNATURE || header.get(12..16)? != b"IHDR" {
        return None;
    }
    let mut out = Vec::with_capacity(png.len() + 1_024);
    out.extend_from_slice(header);
    let per_metre = (DPI / 0.0254).round() as u32;
    let mut resolution = [per_metre.to_be_bytes(), per_metre.to_be_bytes()].concat();
    resolution.push(1);
    chunk(&mut out, *b"pHYs", &resolution);
    for (keyword, text) in texts {
        let keyword: Vec<u8> = keyword.bytes().filter(|byte| (0x20..0x7f).contains(byte)).take(79).collect();
        match latin1(text) {
            Some(text) => chunk(&mut out, *b"tEXt", &[&keyword, &[0][..], &text].concat()),
            // Not compressed, no language, no translated keyword.
            None => chunk(&mut out, *b"iTXt", &[&keyword, &[0, 0, 0, 0, 0][..], text.as_bytes()].concat()),
        }
    }
    out.extend_from_slice(rest);
    Some(out)
}

fn latin1(text: &str) -> Option<Vec<u8>> {
    let byte = |letter: char| match letter {
        '\n' | ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(letter)).ok(),
        _ => None,
    };
    text.chars().map(byte).collect()
}

fn chunk(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    out.extend_from_slice(&(data.len() as u32).to_be_bytes());
    let start = out.len();
    out.extend_from_slice(&kind);
    out.extend_from_slice(data);
    let checksum = crc32(&out[start..]);
    out.extend_from_slice(&checksum.to_be_bytes());
}

/// The checksum of PNG: CRC-32 of ISO 3309.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |mut crc: u32, byte: &u8| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
        crc
    };
    !bytes.iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One black pixel.
    const PIXEL: [u8; 67] = [
        0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1,
        8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0, 0, 0,
        2, 0, 1, 0x48, 0xaf, 0xa4, 0x71, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
    ];

    /// Kind and data of each chunk, whose checksums must be right.
    fn chunks(mut png: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut chunks = Vec::new();
        png = &png[8..];
        while !png.is_empty() {
            let len = u32::from_be_bytes(png[..4].try_into().unwrap()) as usize;
            let checksum = u32::from_be_bytes(png[8 + len..12 + len].try_into().unwrap());
            assert_eq!(crc32(&png[4..8 + len]), checksum);
            chunks.push((String::from_utf8(png[4..8].to_vec()).unwrap(), png[8..8 + len].to_vec()));
            png = &png[12 + len..];
        }
        chunks
    }

    #[test]
    fn texts_go_along() {
        let png = with_texts(&PIXEL, &[("Title", "Müller"), ("Description", "“שלום”")]).unwrap();
        let chunks = chunks(&png);
        let kinds: Vec<&str> = chunks.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["IHDR", "pHYs", "tEXt", "iTXt", "IDAT", "IEND"]);
        assert_eq!(chunks[1].1, [0, 0, 0x2e, 0x23, 0, 0, 0x2e, 0x23, 1], "300 dpi");
        assert_eq!(chunks[2].1, b"Title\0M\xfcller");
        assert!(chunks[3].1.starts_with(b"Description\0\0\0\0\0") && chunks[3].1.ends_with("“שלום”".as_bytes()));
        assert_eq!(with_texts(b"GIF89a", &[]), None);
        assert_eq!(with_texts(&[0; 80], &[]), None);
    }
}

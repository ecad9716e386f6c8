//! A trace inside a page: the text of its one data slot,
//! `<script type="application/octet-stream;base64" id="headlight-trace">`.
//!
//! The text is base64, which has no character that HTML takes for anything, so whatever a token says is harmless. A line
//! before it that begins with `#` is a link: what is looked at first.

/// Id of the slot's element.
pub const SLOT_ID: &str = "headlight-trace";

/// What the slot of an empty page holds; whoever fills it replaces this.
pub const EMPTY_SLOT: &str = "__TRACE__";

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Puts a trace and the link of what is looked at, without its `#`, into an empty page.
///
/// # Errors
/// When the page has no slot, or its slot has been filled already.
pub fn fill_slot(empty_page: &str, link: &str, trace: &[u8]) -> Result<String, String> {
    let Some((before, after)) = empty_page.split_once(EMPTY_SLOT).filter(|(_, after)| !after.contains(EMPTY_SLOT))
    else {
        return Err("The empty viewer page has no slot for a trace. Reload the page.".to_owned());
    };
    let mut page = String::with_capacity(empty_page.len() + link.len() + trace.len() / 3 * 4 + 8);
    page.push_str(before);
    if !link.is_empty() {
        // A link has been encoded; what it is not encoded for is a page.
        page.push('#');
        page.push_str(&link.replace('<', "%3C").replace(['\n', '\r'], ""));
        page.push('\n');
    }
    encode(trace, &mut page);
    page.push_str(after);
    Ok(page)
}

/// The link in a slot's text, without its `#`, and the trace.
///
/// # Errors
/// A sentence for the reader when the slot holds no trace, or its text is not base64.
pub fn read_slot(text: &str) -> Result<(&str, Vec<u8>), String> {
    let text = text.trim();
    let (link, encoded) = match text.strip_prefix('#') {
        Some(rest) => rest.split_once('\n').unwrap_or((rest, "")),
        None => ("", text),
    };
    if encoded.trim().is_empty() || encoded == EMPTY_SLOT {
        return Err("This page holds no trace yet: fill its data slot, as the README says.".to_owned());
    }
    let trace = decode(encoded).ok_or("The trace in this page is damaged: its slot is no base64.")?;
    Ok((link.trim(), trace))
}

/// Bytes as base64.
pub fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() / 3 * 4 + 4);
    encode(bytes, &mut text);
    text
}

fn encode(bytes: &[u8], text: &mut String) {
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
}

/// Decodes base64, leaving out spaces; `None` where another character is not base64, or the end is missing.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut values = [u8::MAX; 256];
    for (value, &letter) in ALPHABET.iter().enumerate() {
        values[usize::from(letter)] = value as u8;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut n_letters, mut n_pads) = (0u32, 0usize, 0usize);
    for &letter in text.as_bytes().iter().filter(|letter| !letter.is_ascii_whitespace()) {
        let value = values[usize::from(letter)];
        match (letter, n_pads) {
            (b'=', _) => n_pads += 1,
            (_, 0) if value < 64 => bits = bits << 6 | u32::from(value),
            _ => return None,
        }
        if letter == b'=' {
            bits <<= 6;
        }
        n_letters += 1;
        if n_letters.is_multiple_of(4) {
            bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
            bits = 0;
        }
    }
    if n_pads > 2 || !n_letters.is_multiple_of(4) {
        return None;
    }
    bytes.truncate(bytes.len() - n_pads);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "<body><script type=\"application/octet-stream;base64\" id=\"headlight-trace\">__TRACE__</script></body>";

    fn slot_of(page: &str) -> &str {
        let (_, rest) = page.split_once("headlight-trace\">").unwrap();
        rest.split_once("</script>").unwrap().0
    }

    #[test]
    fn what_is_put_into_a_page_comes_back_whatever_it_is() {
        let all: Vec<u8> = (0..=255).collect();
        for bytes in [b"f".as_slice(), b"fo", b"foo", b"</script><script>alert(1)</script><!--", &all] {
            let page = fill_slot(PAGE, "v=1&text=%3C/script%3E&layer=2", bytes).unwrap();
            assert_eq!(page.matches("</script").count(), 1, "nothing ends the slot but its own end");
            assert_eq!(read_slot(slot_of(&page)), Ok(("v=1&text=%3C/script%3E&layer=2", bytes.to_vec())));
        }
        let page = fill_slot(PAGE, "text=</script>\n<b>", b"foo").unwrap();
        assert_eq!(slot_of(&page), "#text=%3C/script>%3Cb>\nZm9v");
        assert_eq!(read_slot(" Zm9v\nYg== \n"), Ok(("", b"foob".to_vec())), "as Python's base64 writes it, in lines");
    }

    #[test]
    fn a_page_without_a_trace_says_so() {
        for empty in ["", "  ", EMPTY_SLOT, "#v=1&layer=2"] {
            assert!(read_slot(empty).unwrap_err().contains("no trace yet"), "{empty:?}");
        }
        for broken in ["Zm9", "Zm9v!", "Zg==Zg==", "Z===", "====", "Zm 9v<"] {
            assert!(read_slot(broken).unwrap_err().contains("damaged"), "{broken:?}");
        }
        assert!(fill_slot("<p>no slot</p>", "", b"x").is_err());
        assert!(fill_slot("__TRACE__ __TRACE__", "", b"x").is_err());
    }
}

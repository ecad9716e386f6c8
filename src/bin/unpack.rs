//! Unpacks the program of the viewer of saved traces, inside its page. LZMA makes it a quarter smaller than what browsers unpack by
//! themselves, and this program takes a tenth of what that saves.

use lzma_rust2::{LzmaReader, Read};
use wasm_bindgen::prelude::wasm_bindgen;

/// Where an .lzma file says how long its contents are: after a byte of properties and four of the dictionary's size.
const LEN_AT: std::ops::Range<usize> = 5..13;
/// More than the program will ever be.
const MAX_LEN: u64 = 1 << 26;

fn main() {}

/// The contents of an .lzma file that says their length; nothing where it is damaged or cut off.
#[wasm_bindgen]
pub fn unpack(file: &[u8]) -> Vec<u8> {
    contents(file).unwrap_or_default()
}

fn contents(file: &[u8]) -> Option<Vec<u8>> {
    let len = u64::from_le_bytes(file.get(LEN_AT)?.try_into().ok()?);
    let mut contents = vec![0; usize::try_from(len).ok().filter(|_| len <= MAX_LEN)?];
    LzmaReader::new_mem_limit(file, u32::MAX, None).ok()?.read_exact(&mut contents).ok()?;
    Some(contents)
}

//! How much memory this WebAssembly instance has. It never shrinks, so this is also the peak.

use wasm_bindgen::JsCast;

/// Bytes.
pub fn memory_bytes() -> u64 {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
    u64::from(buffer.byte_length())
}

//! How much memory this WebAssembly instance has. It never shrinks, so this is also the peak.

use wasm_bindgen::{JsCast, JsValue};

/// Bytes.
pub fn memory_bytes() -> u64 {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
    u64::from(buffer.byte_length())
}

/// Whether the browser would give a page so many bytes of WebAssembly memory. Asks for them, and lets go of them untouched.
pub fn can_have(n_bytes: u64) -> bool {
    const PAGE: u64 = 1 << 16;
    let descriptor = js_sys::Object::new();
    let n_pages = JsValue::from_f64(n_bytes.div_ceil(PAGE) as f64);
    let is_set = js_sys::Reflect::set(&descriptor, &JsValue::from_str("initial"), &n_pages);
    is_set.is_ok() && js_sys::WebAssembly::Memory::new(&descriptor).is_ok()
}

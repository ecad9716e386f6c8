//! The memory of this WebAssembly instance. It never shrinks, so its size is also its peak.

use wasm_bindgen::{JsCast, JsValue};

/// Size of the memory, in bytes.
pub fn memory_bytes() -> u64 {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
    u64::from(buffer.byte_length())
}

/// Whether the browser grants this many bytes of WebAssembly memory. They are requested and released untouched.
pub fn can_have(n_bytes: u64) -> bool {
    const PAGE: u64 = 1 << 16;
    let descriptor = js_sys::Object::new();
    let n_pages = JsValue::from_f64(n_bytes.div_ceil(PAGE) as f64);
    let is_set = js_sys::Reflect::set(&descriptor, &JsValue::from_str("initial"), &n_pages);
    is_set.is_ok() && js_sys::WebAssembly::Memory::new(&descriptor).is_ok()
}

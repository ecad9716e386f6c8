//! Time since the page or worker started.

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};

/// Milliseconds since this page or worker started.
pub fn now_ms() -> f64 {
    let performance = Reflect::get(&js_sys::global(), &JsValue::from_str("performance"));
    let performance = performance.ok().and_then(|object| object.dyn_into::<web_sys::Performance>().ok());
    performance.map_or_else(js_sys::Date::now, |performance| performance.now())
}

//! A JavaScript error in words.

use wasm_bindgen::{JsCast, JsValue};

/// Its message; for anything else that was thrown, what the console would show.
pub fn words(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |error| String::from(error.message()))
}

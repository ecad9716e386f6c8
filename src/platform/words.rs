//! JavaScript errors in words.

use wasm_bindgen::{JsCast, JsValue};

/// The message of an error; for any other thrown value, the text that the console would show.
pub fn words(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |error| String::from(error.message()))
}

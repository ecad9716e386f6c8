//! Hears of the page's program stopping.
//!
//! A panic ends in a trap. The browser reports the trap's `WebAssembly.RuntimeError` to the window, as an uncaught error or as an
//! unhandled rejection.

use js_sys::{Reflect, WebAssembly::RuntimeError};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, window};

/// Calls `hear` after each trap, for as long as the window is there. A trap leaves the program's data in any state, so `hear` may use
/// the document and the browser's storage, and nothing of the page's state.
pub fn on_trap(hear: impl Fn() + 'static) {
    let Some(window) = window() else { return };
    let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        let is_trap =
            |name| Reflect::get(&event, &JsValue::from_str(name)).is_ok_and(|it| it.has_type::<RuntimeError>());
        if is_trap("error") || is_trap("reason") {
            hear();
        }
    });
    for name in ["error", "unhandledrejection"] {
        // A window takes every listener.
        let _ = window.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
    }
    listener.forget();
}

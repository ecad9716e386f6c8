//! Locks that the browser keeps by name for all pages and workers of an origin.

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::window;

/// Calls `then` once the lock of this name, which somebody else holds or waits for, is free. Never calls it where nobody
/// does, or where the browser has no locks.
pub fn when_released(name: &str, then: impl FnOnce() + 'static) {
    let name = name.to_owned();
    spawn_local(async move {
        if is_taken(&name).await == Some(true) {
            let released = Closure::once_into_js(then);
            // A page without a right to locks, such as one in a sandbox, is told nothing.
            let _ = request(&name, &[&released]).await;
        }
    });
}

/// Whether somebody holds the lock, or waits for it; `None` where that is not known.
async fn is_taken(name: &str) -> Option<bool> {
    let options = Object::new();
    Reflect::set(&options, &JsValue::from_str("ifAvailable"), &JsValue::TRUE).ok()?;
    let answer = Closure::once_into_js(|lock: JsValue| lock.is_null());
    request(name, &[&options, &answer]).await.ok()?.as_bool()
}

/// `navigator.locks.request(name, …)`: what its callback returns.
async fn request(name: &str, rest: &[&JsValue]) -> Result<JsValue, JsValue> {
    let navigator = window().ok_or(JsValue::UNDEFINED)?.navigator();
    let locks = Reflect::get(&navigator, &JsValue::from_str("locks"))?;
    if locks.is_undefined() {
        return Err(JsValue::UNDEFINED);
    }
    let request: Function = Reflect::get(&locks, &JsValue::from_str("request"))?.dyn_into()?;
    let arguments = js_sys::Array::of1(&JsValue::from_str(name));
    for argument in rest {
        arguments.push(argument);
    }
    let promise: Promise = request.apply(&locks, &arguments)?.dyn_into()?;
    JsFuture::from(promise).await
}

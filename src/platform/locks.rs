//! Locks that the browser keeps by name for all pages and workers of an origin.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Calls `then` once the lock of this name, which somebody else holds or waits for, is free. Never calls it where nobody
/// does, or where the browser has no locks.
pub fn when_released(name: &str, then: impl FnOnce() + 'static) {
    let name = name.to_owned();
    spawn_local(async move {
        if is_taken(&name).await == Some(true) {
            let released = Closure::once_into_js(then);
            // A page without a right to locks, such as one in a sandbox, is told nothing.
            if let Ok(promise) = request(&name, &[&released]) {
                let _ = JsFuture::from(promise).await;
            }
        }
    });
}

/// A lock that is held until this is dropped, or until the page or worker that holds it ends.
pub struct Held(Function);

impl Drop for Held {
    fn drop(&mut self) {
        // Resolving a promise cannot fail.
        let _ = self.0.call0(&JsValue::UNDEFINED);
    }
}

/// What comes of asking for a lock.
pub enum Lock {
    /// It was free, and is held now.
    Held(Held),
    /// Somebody else holds it.
    Taken,
    /// The browser has no locks, or not for this page.
    Missing,
}

/// Takes the lock of this name if it is free.
pub async fn try_lock(name: &str) -> Lock {
    let ((answered, answer), (held, release)) = (promise(), promise());
    let (Some(answer), Some(release)) = (answer, release) else { return Lock::Missing };
    // The lock is held for as long as what this returns is not resolved.
    let callback = Closure::once_into_js(move |lock: JsValue| {
        let _ = answer.call1(&JsValue::UNDEFINED, &JsValue::from_bool(lock.is_null()));
        if lock.is_null() { JsValue::UNDEFINED } else { held.into() }
    });
    let Ok(request) = if_available().and_then(|options| request(name, &[&options, &callback])) else {
        return Lock::Missing;
    };
    // A refused request never calls back.
    match JsFuture::from(Promise::race(&Array::of2(&answered, &request))).await.map(|is_taken| is_taken.as_bool()) {
        Ok(Some(false)) => Lock::Held(Held(release)),
        Ok(Some(true)) => Lock::Taken,
        _ => Lock::Missing,
    }
}

/// A promise, and what resolves it.
fn promise() -> (Promise, Option<Function>) {
    let mut resolver = None;
    let promise = Promise::new(&mut |resolve, _| resolver = Some(resolve));
    (promise, resolver)
}

/// Whether somebody holds the lock, or waits for it; `None` where that is not known.
async fn is_taken(name: &str) -> Option<bool> {
    let answer = Closure::once_into_js(|lock: JsValue| lock.is_null());
    let request = request(name, &[&if_available().ok()?, &answer]).ok()?;
    JsFuture::from(request).await.ok()?.as_bool()
}

fn if_available() -> Result<JsValue, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &JsValue::from_str("ifAvailable"), &JsValue::TRUE)?;
    Ok(options.into())
}

/// `navigator.locks.request(name, …)`: a promise of what its callback returns. Pages and workers have it alike.
fn request(name: &str, rest: &[&JsValue]) -> Result<Promise, JsValue> {
    let navigator = Reflect::get(&js_sys::global(), &JsValue::from_str("navigator"))?;
    let locks = Reflect::get(&navigator, &JsValue::from_str("locks"))?;
    if locks.is_undefined() {
        return Err(JsValue::UNDEFINED);
    }
    let request: Function = Reflect::get(&locks, &JsValue::from_str("request"))?.dyn_into()?;
    let arguments = Array::of1(&JsValue::from_str(name));
    for argument in rest {
        arguments.push(argument);
    }
    request.apply(&locks, &arguments)?.dyn_into()
}

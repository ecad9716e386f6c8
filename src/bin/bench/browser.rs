//! Empties the browser's storage, which `platform` has no use for.

use headlight::platform::words::words;
use wasm_bindgen_futures::JsFuture;

/// Removes every cache of this origin, where the worker keeps models. The profile is fresh, so it has no others.
pub async fn clear_storage() -> Result<(), String> {
    let window = web_sys::window().ok_or("there is no window")?;
    let caches = window.caches().map_err(|error| words(&error))?;
    let keys = JsFuture::from(caches.keys()).await.map_err(|error| words(&error))?;
    for name in js_sys::Array::from(&keys).iter().filter_map(|name| name.as_string()) {
        JsFuture::from(caches.delete(&name)).await.map_err(|error| words(&error))?;
    }
    Ok(())
}

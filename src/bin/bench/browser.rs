//! The little that the measurements need of a browser: clock, addresses, an emptied storage.

use crate::client::text;
use js_sys::{AsyncIterator, IteratorNext};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{FileSystemDirectoryHandle, FileSystemRemoveOptions, Response};

/// The page's clock.
pub fn now_ms() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}

/// The folder that this page is in, with its final slash.
pub fn base_url() -> Result<String, String> {
    let window = web_sys::window().ok_or("there is no window")?;
    let href = window.location().href().map_err(|error| text(&error))?;
    let path = href.split(['?', '#']).next().unwrap_or_default();
    Ok(path.rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("{folder}/")))
}

/// What a URL holds.
pub async fn fetch_text(url: &str) -> Result<String, String> {
    let window = web_sys::window().ok_or("there is no window")?;
    let response: Response =
        JsFuture::from(window.fetch_with_str(url)).await.map_err(|error| text(&error))?.unchecked_into();
    let body = response.text().map_err(|error| text(&error))?;
    JsFuture::from(body).await.map_err(|error| text(&error))?.as_string().ok_or_else(|| "no text".to_owned())
}

/// Removes every file and cache of this origin; the profile is fresh, so there are only the worker's.
pub async fn clear_storage() -> Result<(), String> {
    let window = web_sys::window().ok_or("there is no window")?;
    let root = JsFuture::from(window.navigator().storage().get_directory()).await.map_err(|error| text(&error))?;
    let root: FileSystemDirectoryHandle = root.unchecked_into();
    let options = FileSystemRemoveOptions::new();
    options.set_recursive(true);
    for name in names(&root.keys()).await? {
        JsFuture::from(root.remove_entry_with_options(&name, &options)).await.map_err(|error| text(&error))?;
    }
    let caches = window.caches().map_err(|error| text(&error))?;
    let keys = JsFuture::from(caches.keys()).await.map_err(|error| text(&error))?;
    for name in js_sys::Array::from(&keys).iter().filter_map(|name| name.as_string()) {
        JsFuture::from(caches.delete(&name)).await.map_err(|error| text(&error))?;
    }
    Ok(())
}

async fn names(iterator: &AsyncIterator) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    loop {
        let next = iterator.next().map_err(|error| text(&error))?;
        let next: IteratorNext = JsFuture::from(next).await.map_err(|error| text(&error))?.unchecked_into();
        if next.done() {
            return Ok(names);
        }
        names.extend(next.value().as_string());
    }
}

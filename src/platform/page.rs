//! The page's window: its address, the build, small files, and a few stored words.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Response, Storage, window};

use super::words::words;

/// Absolute URL of the page's folder, with its final slash.
pub fn base_url() -> String {
    let url = window().and_then(|window| window.location().href().ok()).unwrap_or_default();
    let path = url.split(['#', '?']).next().unwrap_or_default();
    path.rfind('/').map_or_else(String::new, |slash| path[..=slash].to_owned())
}

/// Address of the page.
pub fn address() -> String {
    window().and_then(|window| window.location().href().ok()).unwrap_or_default()
}

/// Fragment of the address, with its `#` where there is a fragment.
pub fn fragment() -> String {
    window().and_then(|window| window.location().hash().ok()).unwrap_or_default()
}

/// The query of the address, with its `?`; empty where there is none.
pub fn query() -> String {
    window().and_then(|window| window.location().search().ok()).unwrap_or_default()
}

/// Takes the query out of the address, in the place of the present entry of the history.
pub fn drop_query() {
    let Some(window) = window() else { return };
    let (Ok(path), Ok(history)) = (window.location().pathname(), window.history()) else { return };
    let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&path));
}

/// Puts a fragment into the address, as a new entry of the history or in the place of the current one. Browsers refuse
/// changes that come too often; the next change catches up.
pub fn set_fragment(fragment: &str, is_new_entry: bool) {
    let Some(history) = window().and_then(|window| window.history().ok()) else { return };
    let url = format!("#{fragment}");
    let _ = if is_new_entry {
        history.push_state_with_url(&JsValue::NULL, "", Some(&url))
    } else {
        history.replace_state_with_url(&JsValue::NULL, "", Some(&url))
    };
}

/// Content of a `<meta name=…>`; empty where the page has no such element.
pub fn meta(name: &str) -> String {
    let document = window().and_then(|window| window.document());
    let found = document.and_then(|document| document.query_selector(&format!("meta[name=\"{name}\"]")).ok().flatten());
    found.and_then(|meta| meta.get_attribute("content")).unwrap_or_default()
}

/// Text inside the element with this id.
pub fn element_text(id: &str) -> Option<String> {
    window()?.document()?.get_element_by_id(id)?.text_content()
}

/// Fetches a text file.
///
/// # Errors
/// One sentence for the reader, naming the file.
pub async fn fetch_text(url: &str) -> Result<String, String> {
    let name = url.rsplit('/').next().unwrap_or(url);
    let failed = |error: JsValue| format!("{name} could not be fetched ({}).", words(&error));
    let response = fetch(url).await?;
    let text = JsFuture::from(response.text().map_err(failed)?).await.map_err(failed)?;
    text.as_string().ok_or_else(|| format!("{name} is not text."))
}

/// Fetches a small file as bytes.
///
/// # Errors
/// One sentence for the reader, naming the file.
pub async fn fetch_bytes(url: &str) -> Result<Vec<u8>, String> {
    let name = url.rsplit('/').next().unwrap_or(url);
    let failed = |error: JsValue| format!("{name} could not be fetched ({}).", words(&error));
    let response = fetch(url).await?;
    let buffer = JsFuture::from(response.array_buffer().map_err(failed)?).await.map_err(failed)?;
    Ok(js_sys::Uint8Array::new(&buffer).to_vec())
}

/// Bytes of a file that the reader has chosen.
///
/// # Errors
/// One sentence for the reader, naming the file.
pub async fn file_bytes(file: &web_sys::File) -> Result<Vec<u8>, String> {
    let failed = |error: JsValue| format!("{} could not be read ({}).", file.name(), words(&error));
    let buffer = JsFuture::from(file.array_buffer()).await.map_err(failed)?;
    Ok(js_sys::Uint8Array::new(&buffer).to_vec())
}

async fn fetch(url: &str) -> Result<Response, String> {
    let name = url.rsplit('/').next().unwrap_or(url);
    let failed = |error: JsValue| format!("{name} could not be fetched ({}).", words(&error));
    let Some(window) = window() else { return Err(format!("{name} could not be fetched.")) };
    let response: Response =
        JsFuture::from(window.fetch_with_str(url)).await.map_err(failed)?.dyn_into().map_err(failed)?;
    match response.status() {
        _ if response.ok() => Ok(response),
        // `cargo xtask serve` answers so for what it has not built yet.
        503 => Err(format!("{name} is still being made: try again in a few minutes.")),
        status => Err(format!("{name} could not be fetched (status {status}).")),
    }
}

/// Processors that can share memory: one where the page is not isolated from other sites, or the browser keeps shared memory from it.
pub fn shared_processors() -> u32 {
    let global = js_sys::global();
    let has = |name| js_sys::Reflect::get(&global, &JsValue::from_str(name)).is_ok_and(|it| it.is_truthy());
    match has("crossOriginIsolated") && has("SharedArrayBuffer") {
        true => window().map_or(1, |window| window.navigator().hardware_concurrency() as u32),
        false => 1,
    }
}

/// A word stored at an earlier visit; `None` in a browser without storage.
pub fn kept(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Stores a word for the next visit, where the browser allows it.
pub fn keep(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // Full or forbidden storage only means that the next visit starts afresh.
        let _ = storage.set_item(key, value);
    }
}

/// Stores a word for later visits; says whether the browser has.
pub fn keep_if_possible(key: &str, value: &str) -> bool {
    storage().is_some_and(|storage| storage.set_item(key, value).is_ok())
}

/// What stands after a prefix in the keys of stored words, in order.
pub fn kept_keys(prefix: &str) -> Vec<String> {
    let Some(storage) = storage() else { return Vec::new() };
    let key = |index: u32| storage.key(index).ok().flatten()?.strip_prefix(prefix).map(str::to_owned);
    let mut keys: Vec<String> = (0..storage.length().unwrap_or(0)).filter_map(key).collect();
    keys.sort_unstable();
    keys
}

/// Removes a stored word.
pub fn forget(key: &str) {
    if let Some(storage) = storage() {
        // Storage that was read can be written.
        let _ = storage.remove_item(key);
    }
}

/// Keeps a word in this tab until it is taken, over a reload. Says whether the browser has taken it.
pub fn keep_for_reload(key: &str, value: &str) -> bool {
    tab_storage().is_some_and(|storage| storage.set_item(key, value).is_ok())
}

/// Takes a word kept before a reload.
pub fn take_after_reload(key: &str) -> Option<String> {
    let storage = tab_storage()?;
    let value = storage.get_item(key).ok().flatten();
    // Storage that was read can be written.
    let _ = storage.remove_item(key);
    value
}

fn tab_storage() -> Option<Storage> {
    window()?.session_storage().ok().flatten()
}

fn storage() -> Option<Storage> {
    window()?.local_storage().ok().flatten()
}

//! Handing a file to the reader: as a download, or as text in the clipboard.
//!
//! Imports only `words`.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url, window};

use super::words::words;

/// Bytes as a file of the browser, under a URL that lives until it is revoked.
///
/// # Errors
/// In words, when the browser refuses.
pub fn object_url(bytes: &[u8], media_type: &str) -> Result<String, String> {
    let blob = blob(bytes, media_type)?;
    Url::create_object_url_with_blob(&blob).map_err(|error| words(&error))
}

/// Lets go of what `object_url` made.
pub fn revoke(url: &str) {
    // A URL that is none any more needs no revoking.
    let _ = Url::revoke_object_url(url);
}

/// Bytes as a file of the browser.
///
/// # Errors
/// In words, when the browser refuses.
pub fn blob(bytes: &[u8], media_type: &str) -> Result<Blob, String> {
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    let parts = Array::of1(&Uint8Array::from(bytes));
    Blob::new_with_u8_array_sequence_and_options(&parts, &options).map_err(|error| words(&error))
}

/// Saves what is under a URL of this page under a name.
///
/// # Errors
/// In words, when the browser refuses.
pub fn save_url(url: &str, name: &str) -> Result<(), String> {
    let document = window().and_then(|window| window.document()).ok_or("there is no document")?;
    let anchor = document.create_element("a").map_err(|error| words(&error))?;
    let anchor: HtmlAnchorElement = anchor.dyn_into().map_err(|_| "there are no links")?;
    anchor.set_href(url);
    anchor.set_download(name);
    anchor.click();
    Ok(())
}

/// Saves bytes under a name.
///
/// # Errors
/// In words, when the browser refuses.
pub fn save_bytes(bytes: &[u8], media_type: &str, name: &str) -> Result<(), String> {
    let url = object_url(bytes, media_type)?;
    save_url(&url, name)?;
    // The download has taken hold of the file by then.
    gloo::timers::callback::Timeout::new(60_000, move || revoke(&url)).forget();
    Ok(())
}

/// Puts text into the clipboard.
///
/// # Errors
/// In words, when the browser does not allow it.
pub async fn copy_text(text: &str) -> Result<(), String> {
    let window = window().ok_or("there is no window")?;
    // Not every page has one: not without https.
    let clipboard = js_sys::Reflect::get(&window.navigator(), &JsValue::from_str("clipboard")).unwrap_or_default();
    if clipboard.is_undefined() {
        return Err("this page may not use the clipboard".to_owned());
    }
    let clipboard: web_sys::Clipboard = clipboard.unchecked_into();
    JsFuture::from(clipboard.write_text(text)).await.map(|_| ()).map_err(|error| words(&error))
}

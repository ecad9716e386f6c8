//! Handing a file to the reader: as a download, or as text in the clipboard.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url, window};

use super::words::words;

/// Makes a file of the browser from bytes. Returns its URL, which lives until [`revoke`] is called.
///
/// # Errors
/// The browser's words, when it refuses.
pub fn object_url(bytes: &[u8], media_type: &str) -> Result<String, String> {
    let blob = blob(bytes, media_type)?;
    Url::create_object_url_with_blob(&blob).map_err(|error| words(&error))
}

/// Releases a URL made by [`object_url`].
pub fn revoke(url: &str) {
    // A URL that was revoked before needs no revoking.
    let _ = Url::revoke_object_url(url);
}

/// Makes a blob from bytes.
///
/// # Errors
/// The browser's words, when it refuses.
pub fn blob(bytes: &[u8], media_type: &str) -> Result<Blob, String> {
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    let parts = Array::of1(&Uint8Array::from(bytes));
    Blob::new_with_u8_array_sequence_and_options(&parts, &options).map_err(|error| words(&error))
}

/// Saves the contents of a URL of this page as a download of this name.
///
/// # Errors
/// The browser's words, when it refuses.
pub fn save_url(url: &str, name: &str) -> Result<(), String> {
    let document = window().and_then(|window| window.document()).ok_or("there is no document")?;
    let anchor = document.create_element("a").map_err(|error| words(&error))?;
    let anchor: HtmlAnchorElement = anchor.dyn_into().map_err(|_| "there are no links")?;
    anchor.set_href(url);
    anchor.set_download(name);
    anchor.click();
    Ok(())
}

/// Saves bytes as a download of this name.
///
/// # Errors
/// The browser's words, when it refuses.
pub fn save_bytes(bytes: &[u8], media_type: &str, name: &str) -> Result<(), String> {
    let url = object_url(bytes, media_type)?;
    save_url(&url, name)?;
    // By then the download holds the file.
    gloo::timers::callback::Timeout::new(60_000, move || revoke(&url)).forget();
    Ok(())
}

/// Puts text into the clipboard.
///
/// # Errors
/// The browser's words, when it does not allow it.
pub async fn copy_text(text: &str) -> Result<(), String> {
    let window = window().ok_or("there is no window")?;
    // A page without https has no clipboard.
    let clipboard = js_sys::Reflect::get(&window.navigator(), &JsValue::from_str("clipboard")).unwrap_or_default();
    if clipboard.is_undefined() {
        return Err("this page may not use the clipboard".to_owned());
    }
    let clipboard: web_sys::Clipboard = clipboard.unchecked_into();
    JsFuture::from(clipboard.write_text(text)).await.map(|_| ()).map_err(|error| words(&error))
}

//! Yields to the browser, the only way for a busy worker to receive a message.

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::MessageChannel;

/// Lets one macrotask pass. A message channel does so at once; a timer would wait at least 4 ms.
pub async fn turn() {
    let Ok(channel) = MessageChannel::new() else { return };
    let promise = Promise::new(&mut |resolve, _| channel.port1().set_onmessage(Some(&resolve)));
    if channel.port2().post_message(&JsValue::NULL).is_ok() {
        // Rejection is impossible: only `resolve` is ever called.
        let _ = JsFuture::from(promise).await;
    }
    channel.port1().close();
}

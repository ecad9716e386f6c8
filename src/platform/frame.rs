//! Messages between a page in a frame and its host: plain objects `{ headlight: "…", value: … }`. Those of a frame that was given a name
//! have it as `frame`, for hosts that see the window but not its element.
//!
//! Only messages of the parent window are read, and none is trusted: a value is a theme's name, a link, or a trace, which is
//! checked like any file.

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, Window, window};

/// The field that names the subject of a message.
const ABOUT: &str = "headlight";
const VALUE: &str = "value";
const FRAME: &str = "frame";

/// The parent window; `None` where this window is not in a frame.
fn host() -> Option<Window> {
    let here = window()?;
    let above = here.parent().ok().flatten()?;
    (JsValue::from(&above) != JsValue::from(&here)).then_some(above)
}

/// Sends a message to the host.
pub fn tell_host(about: &str, value: &JsValue) {
    let Some(host) = host() else { return };
    let message = Object::new();
    // Setting fields of a new object cannot fail. The host may have any origin: no message is secret.
    let _ = Reflect::set(&message, &ABOUT.into(), &about.into());
    let _ = Reflect::set(&message, &VALUE.into(), value);
    if let Some(name) = window().and_then(|here| here.name().ok()).filter(|name| !name.is_empty()) {
        let _ = Reflect::set(&message, &FRAME.into(), &name.into());
    }
    let _ = host.post_message(&message, "*");
}

/// Listens to the host for as long as the page lives.
pub fn hear_host(mut hear: impl FnMut(&str, JsValue) + 'static) {
    let listen = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some((about, value)) = said_by_host(&event) {
            hear(&about, value);
        }
    });
    if let Some(window) = window() {
        // Adding a listener cannot fail.
        let _ = window.add_event_listener_with_callback("message", listen.as_ref().unchecked_ref());
        listen.forget();
    }
}

fn said_by_host(event: &MessageEvent) -> Option<(String, JsValue)> {
    let field = |name: &str| Reflect::get(&event.data(), &name.into()).ok();
    if JsValue::from(event.source()?) != JsValue::from(host()?) {
        return None;
    }
    Some((field(ABOUT)?.as_string()?, field(VALUE)?))
}

/// Asks the host for a value and waits for it; `None` where there is no host.
pub async fn asked_of_host(about: &'static str) -> Option<JsValue> {
    host()?;
    let mut waiting: Option<Function> = None;
    let came = Promise::new(&mut |resolve, _| waiting = Some(resolve));
    hear_host(move |said, value| {
        if said == about
            && let Some(resolve) = waiting.take()
        {
            // Calling a resolver cannot fail.
            let _ = resolve.call1(&JsValue::UNDEFINED, &value);
        }
    });
    tell_host(&format!("wants-{about}"), &JsValue::NULL);
    JsFuture::from(came).await.ok()
}

//! A page in a frame, and what it and its host say to each other: plain objects `{ headlight: "…", value: … }`.
//!
//! Only the window right above is heard, and nothing of it is trusted: a value is a theme's name or a trace, which is
//! checked like any file. Imports nothing of ours.

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, Window, window};

/// The field that says what a message is about.
const ABOUT: &str = "headlight";
const VALUE: &str = "value";

/// The window above; none where this one is not in a frame.
fn host() -> Option<Window> {
    let here = window()?;
    let above = here.parent().ok().flatten()?;
    (JsValue::from(&above) != JsValue::from(&here)).then_some(above)
}

/// Tells the host something.
pub fn tell_host(about: &str, value: &JsValue) {
    let Some(host) = host() else { return };
    let message = Object::new();
    // Fields of a new object can always be set. The host may be of any origin: nothing that is said is secret.
    let _ = Reflect::set(&message, &ABOUT.into(), &about.into());
    let _ = Reflect::set(&message, &VALUE.into(), value);
    let _ = host.post_message(&message, "*");
}

/// Hears the host for as long as the page lives.
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

/// Asks the host for something and waits until it comes; nothing where there is no host.
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

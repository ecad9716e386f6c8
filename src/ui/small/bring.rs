//! What opens where the columns of the page stand below each other, as on a phone, is brought into the window.

use leptos::prelude::*;
use web_sys::HtmlElement;

/// Brings an element into a narrow window with the next frame, and gives it the focus. In a wide window everything is in sight.
pub fn bring(element: impl Fn() -> Option<HtmlElement> + 'static) {
    let narrow = window().match_media("(max-width: 999px)").ok().flatten();
    if narrow.is_some_and(|query| query.matches()) {
        request_animation_frame(move || {
            let Some(element) = element() else { return };
            // An element that has left the document needs no focus.
            let _ = element.focus();
            element.scroll_into_view();
        });
    }
}

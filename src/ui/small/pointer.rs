//! Pointer events: where they happened, and whether a finger caused them.

use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::PointerEvent;

/// A point in the window, in CSS pixels.
pub type ClientPoint = (i32, i32);

/// Where an event happened.
pub fn client_point(event: &MouseEvent) -> ClientPoint {
    (event.client_x(), event.client_y())
}

/// A point of the window relative to an element's upper left corner; `None` while the element is not in the document.
pub fn point_within(element: NodeRef<Div>, (x, y): ClientPoint) -> Option<(f32, f32)> {
    let bounds = element.get_untracked()?.get_bounding_client_rect();
    Some(((f64::from(x) - bounds.left()) as f32, (f64::from(y) - bounds.top()) as f32))
}

/// Whether a finger caused the event.
pub fn is_touch(event: &MouseEvent) -> bool {
    event.dyn_ref::<PointerEvent>().is_some_and(|event| event.pointer_type() == "touch")
}

//! What divides two parts of the page: dragged, moved with the arrow keys, and set back by a double click.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::ui::erased::view;

/// A vertical separator. Who uses it says what a movement means.
#[component]
pub fn Separator(
    class: &'static str,
    /// What it sets, to screen readers.
    name: &'static str,
    /// Id of the part that it makes wider or narrower.
    #[prop(optional)]
    controls: Option<&'static str>,
    least: u16,
    greatest: u16,
    now: Box<dyn Fn() -> u16 + Send + Sync>,
    /// What follows the value when it is read out.
    unit: &'static str,
    /// The pointer has come down on it.
    start: Box<dyn Fn(&PointerEvent)>,
    /// The pointer has moved over it, or anywhere while it is held.
    drag: Box<dyn Fn(&PointerEvent)>,
    /// It was let go.
    end: Box<dyn Fn()>,
    /// An arrow key asks for a step to the right (1) or to the left (−1).
    step: Box<dyn Fn(i16)>,
    reset: Box<dyn Fn()>,
) -> impl IntoView {
    let on_down = move |event: PointerEvent| {
        start(&event);
        if let Some(element) = element_of(&event) {
            // Without capture the divider follows as long as the pointer stays on it.
            let _ = element.set_pointer_capture(event.pointer_id());
        }
    };
    let end = StoredValue::new_local(end);
    let on_up = move |_| end.with_value(|end| end());
    let on_key = move |event: KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowRight" => 1,
            "ArrowLeft" => -1,
            _ => return,
        };
        event.prevent_default();
        step(by);
    };
    let now = StoredValue::new(now);
    let value = move || now.with_value(|now| now());
    view! {
        <div
            class=class
            role="separator"
            aria-orientation="vertical"
            aria-label=name
            aria-controls=controls
            aria-valuemin=least.to_string()
            aria-valuemax=greatest.to_string()
            aria-valuenow=move || value().to_string()
            aria-valuetext=move || (!unit.is_empty()).then(|| format!("{} {unit}", value()))
            tabindex="0"
            title="Drag to resize, double-click to reset"
            on:pointerdown=on_down
            on:pointermove=move |event| drag(&event)
            on:pointerup=on_up
            on:pointercancel=on_up
            on:dblclick=move |_| reset()
            on:keydown=on_key
        ></div>
    }
}

/// The separator that a pointer's event came to.
pub fn element_of(event: &PointerEvent) -> Option<Element> {
    event.current_target().and_then(|target| target.dyn_into::<Element>().ok())
}

//! The divider between two views: dragged, moved with the arrow keys, and set back by a double click.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::state::panes::SHARES;
use crate::state::{Event, LayoutChange, ViewEvent};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// How far an arrow key moves it, in hundredths of the stage.
const STEP: i16 = 2;

/// The divider.
#[component]
pub fn PaneDivider(page: Page) -> impl IntoView {
    let (least, usual, greatest) = SHARES;
    let share = page.memo(|state| state.layout.pane_share);
    let dragged = page.dragged_share();
    let now = move || dragged.get().unwrap_or_else(|| share.get());
    let is_held = StoredValue::new(false);
    let keep = move |share: u8| {
        page.dispatch(Event::View(ViewEvent::LayoutChanged(LayoutChange::PaneShare(share))));
    };
    let element_of = |event: &PointerEvent| event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
    let on_down = move |event: PointerEvent| {
        is_held.set_value(true);
        if let Some(element) = element_of(&event) {
            // Without capture the divider follows as long as the pointer stays on it.
            let _ = element.set_pointer_capture(event.pointer_id());
        }
    };
    let on_move = move |event: PointerEvent| {
        let panes = element_of(&event).and_then(|divider| divider.parent_element()).filter(|_| is_held.get_value());
        if let Some(bounds) = panes.map(|panes| panes.get_bounding_client_rect()) {
            let part = (f64::from(event.client_x()) - bounds.left()) / bounds.width().max(1.0) * 100.0;
            dragged.set(Some(part.round().clamp(f64::from(least), f64::from(greatest)) as u8));
        }
    };
    let on_up = move |_| {
        is_held.set_value(false);
        if let Some(share) = dragged.get_untracked() {
            keep(share);
            dragged.set(None);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowRight" => STEP,
            "ArrowLeft" => -STEP,
            _ => return,
        };
        event.prevent_default();
        let share = i16::from(share.get_untracked()) + by;
        keep(share.clamp(i16::from(least), i16::from(greatest)) as u8);
    };
    view! {
        <div
            class="pane-divider"
            role="separator"
            aria-orientation="vertical"
            aria-label="Width of the first view"
            aria-valuemin=least.to_string()
            aria-valuemax=greatest.to_string()
            aria-valuenow=move || now().to_string()
            aria-valuetext=move || format!("{} %", now())
            tabindex="0"
            title="Drag to resize, double-click to reset"
            on:pointerdown=on_down
            on:pointermove=on_move
            on:pointerup=on_up
            on:pointercancel=on_up
            on:dblclick=move |_| keep(usual)
            on:keydown=on_key
        ></div>
    }
}

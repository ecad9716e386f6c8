//! The divider between a column and the stage: dragged, moved with the arrow keys, and set back by a double click.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::floor::{Floor, RAIL};
use super::inspector::INSPECTOR;
use crate::state::{Column, Event, LayoutChange, ViewEvent, Widths};
use crate::ui::erased::view;

/// How far an arrow key moves a divider, in CSS pixels.
const STEP: i32 = 16;

/// A divider.
#[component]
pub fn Divider(floor: Floor, column: Column) -> impl IntoView {
    let Floor { page, dragged, .. } = floor;
    let widths = Widths::of(column);
    // Where the pointer came down, and how wide the column was then.
    let start = StoredValue::new(None::<(i32, u16)>);
    let keep = move |width: u16| {
        page.dispatch(Event::View(ViewEvent::LayoutChanged(LayoutChange::Width(column, width))));
    };
    // To the right the rail becomes wider, and the inspector narrower.
    let wider = move |width: u16, by: i32| {
        let by = if column == Column::Rail { by } else { -by };
        widths.nearest(f64::from(width) + f64::from(by))
    };
    let on_down = move |event: PointerEvent| {
        start.set_value(Some((event.client_x(), floor.width(column))));
        let element = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
        if let Some(element) = element {
            // Without capture the divider follows as long as the pointer stays on it.
            let _ = element.set_pointer_capture(event.pointer_id());
        }
    };
    let on_move = move |event: PointerEvent| {
        if let Some((x, width)) = start.get_value() {
            dragged.set(Some((column, wider(width, event.client_x() - x))));
        }
    };
    let on_up = move |_| {
        start.set_value(None);
        if let Some((_, width)) = dragged.get_untracked() {
            keep(width);
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
        keep(wider(untrack(move || floor.width(column)), by));
    };
    let (name, controls) = match column {
        Column::Rail => ("Width of the overview", RAIL),
        Column::Inspector => ("Width of the inspector", INSPECTOR),
    };
    view! {
        <div
            class="divider"
            role="separator"
            aria-orientation="vertical"
            aria-label=name
            aria-controls=controls
            aria-valuemin=widths.least.to_string()
            aria-valuemax=widths.greatest.to_string()
            aria-valuenow=move || floor.width(column).to_string()
            tabindex="0"
            title="Drag to resize, double-click to reset"
            on:pointerdown=on_down
            on:pointermove=on_move
            on:pointerup=on_up
            on:pointercancel=on_up
            on:dblclick=move |_| keep(widths.usual)
            on:keydown=on_key
        ></div>
    }
}

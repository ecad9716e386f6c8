//! The button that puts two views beside each other.

use leptos::prelude::*;

use crate::state::{Event, LayoutChange, View, ViewEvent};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// Puts the chosen head beside the model view, or head view and neuron view beside each other.
#[component]
pub fn BesideButton(page: Page) -> impl IntoView {
    let is_model = page.memo(|state| state.selection.view == View::Model);
    let is_stream = page.memo(|state| state.selection.view == View::Stream);
    let is_beside = page.memo(|state| match state.selection.view {
        View::Model => state.layout.has_head_beside,
        View::Head | View::Neuron => state.scales.is_side_by_side,
        View::Stream => false,
    });
    let press = move |_| {
        let is_on = !is_beside.get_untracked();
        page.dispatch(Event::View(match is_model.get_untracked() {
            true => ViewEvent::LayoutChanged(LayoutChange::HeadBeside(is_on)),
            false => ViewEvent::SideBySide(is_on),
        }));
    };
    view! {
        <button
            type="button"
            class="quiet beside-choice"
            class:none=move || is_stream.get()
            title=move || {
                if is_model.get() { "The chosen head beside the map" } else { "Head view and neuron view beside each other" }
            }
            aria-pressed=move || is_beside.get().to_string()
            on:click=press
        >
            {move || if is_model.get() { "Head beside" } else { "Side by side" }}
        </button>
    }
}

//! Which layers an edit acts in.

use leptos::prelude::*;

use crate::state::editing::forms::Fields;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// This layer or every one.
#[component]
pub fn LayersField(page: Page, fields: RwSignal<Fields>) -> impl IntoView {
    let layer = page.memo(|state| state.selection.layer);
    let is_every = move || fields.with(|fields| fields.is_every_layer);
    view! {
        <label>
            "Layers"
            <select on:change:target=move |event| {
                let is_every_layer = event.target().value() == "all";
                fields.update(|fields| fields.is_every_layer = is_every_layer);
            }>
                <option value="this" prop:selected=move || !is_every()>{move || format!("layer {}", layer.get())}</option>
                <option value="all" prop:selected=is_every>"all layers"</option>
            </select>
        </label>
    }
}

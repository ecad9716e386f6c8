//! How much of a model to load.

use leptos::prelude::*;

use crate::state::{Event, MoreEvent};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// How many layers to load of a model that is too large to be held whole.
#[component]
pub fn Layers(page: Page) -> impl IntoView {
    let layers = page.memo(|state| state.more.layers.clone());
    view! {
        <div class="layers-wanted">
            <label for="more-layers">"Only the first layers"</label>
            <input
                id="more-layers"
                type="number"
                min="1"
                step="1"
                placeholder="all"
                aria-describedby="more-layers-note"
                prop:value=move || layers.get()
                on:input:target=move |event| {
                    page.dispatch(Event::More(MoreEvent::LayersTyped(event.target().value())));
                }
            />
            <span class="hint" id="more-layers-note">
                "For models too large to load whole: their attention is exact, but nothing is predicted."
            </span>
        </div>
    }
}

//! Chooses the layer.

use leptos::prelude::*;

use crate::state::{Event, SelectionEvent};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The combobox "Layer" between two buttons that step through the layers.
#[component]
pub fn LayerPicker(page: Page) -> impl IntoView {
    let n_layers = page.memo(|state| state.shown.as_ref().map_or(0, |shown| shown.stack_spec().n_layers));
    let layer = page.memo(|state| state.selection.layer);
    let step = move |name: &'static str, sign: &'static str, step: isize, is_end: Signal<bool>| {
        view! {
            <button
                type="button"
                class="step"
                aria-label=name
                title=format!("{name} ({})", if step > 0 { "L" } else { "Shift+L" })
                prop:disabled=move || is_end.get()
                on:click=move |_| page.dispatch(Event::Select(SelectionEvent::LayerStepped(step)))
            >
                <span aria-hidden="true">{sign}</span>
            </button>
        }
    };
    let is_first = Signal::derive(move || layer.get() == 0);
    let is_last = Signal::derive(move || layer.get() + 1 >= n_layers.get());
    view! {
        <div class="control layer">
            <label for="layer">"Layer"</label>
            <div class="joined">
                {step("Previous layer", "‹", -1, is_first)}
                <select
                    id="layer"
                    prop:disabled=move || n_layers.get() == 0
                    on:change:target=move |event| {
                        page.dispatch(Event::Select(SelectionEvent::LayerPicked(event.target().value().parse().unwrap_or(0))));
                    }
                >
                    {move || {
                        (0..n_layers.get())
                            .map(|index| view! {
                                <option value=index.to_string() prop:selected=move || layer.get() == index>
                                    {index.to_string()}
                                </option>
                            })
                            .collect_view()
                    }}
                </select>
                {step("Next layer", "›", 1, is_last)}
            </div>
        </div>
    }
}

//! The neuron's edit: what leaves it is multiplied by a factor.

use leptos::prelude::*;

use crate::state::editing::EditEvent;
use crate::state::{Event, typed};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// A factor and the button that adds the edit.
#[component]
pub fn NeuronEdit(page: Page, layer: usize, neuron: usize) -> impl IntoView {
    let factor = RwSignal::new("0".to_owned());
    let can_edit = page.memo(|state| state.can_edit());
    let number = move || typed::number(&factor.get()).map(|number| number as f32).filter(|number| number.is_finite());
    let add = move || {
        let Some(factor) = number() else { return };
        if let Some(edit) = page.peek(|state| state.mlp_neuron_scaling(layer, &[neuron], None, factor)) {
            page.dispatch(Event::Editing(EditEvent::Added(vec![edit])));
        }
    };
    view! {
        <form
            class="fields"
            class:none=move || !can_edit.get()
            on:submit=move |event| {
                event.prevent_default();
                add();
            }
        >
            <label>
                "Factor"
                <input
                    type="number"
                    step="any"
                    prop:value=move || factor.get()
                    on:input:target=move |event| factor.set(event.target().value())
                />
            </label>
            <button type="submit" prop:disabled=move || number().is_none()>"Scale this neuron"</button>
        </form>
    }
}

//! The edits that the selection offers: those of the menu, scaling by any factor, and painting a pattern row.

use leptos::prelude::*;

use super::paint_row::{PaintRow, selected_row};
use crate::state::Event;
use crate::state::editing::EditEvent;
use crate::state::editing::offers::{Group, Item};
use crate::ui::change::edit_menu::of_selection;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// Buttons that each add an edit.
#[component]
pub fn EditChoices(page: Page) -> impl IntoView {
    let factor = RwSignal::new("2".to_owned());
    let menu = of_selection(page, |state| state.edit_menu(&state.selected_target()));
    let row = of_selection(page, selected_row);
    let neuron = page.memo(|state| state.selected_target().neuron);
    let add = move |edits| page.dispatch(Event::Editing(EditEvent::Added(edits)));
    let scale = move |_| {
        let number = factor.with_untracked(|text| text.trim().parse::<f32>().ok()).filter(|number| number.is_finite());
        let edit = number.and_then(|number| page.peek(|state| state.scaling(&state.selected_target(), number)));
        if let Some(edit) = edit {
            add(vec![edit]);
        }
    };
    let can_edit = page.memo(|state| state.can_edit());
    let item = move |item: Item| {
        let edits = item.edits;
        view! { <button type="button" class="add" on:click=move |_| add(edits.clone())>{item.name}</button> }
    };
    let group = move |group: Group| {
        view! {
            <div role="group" aria-label=group.name.clone()>
                <p class="label">{group.name.clone()}</p>
                <div class="buttons">{group.items.into_iter().map(item).collect_view()}</div>
            </div>
        }
    };
    view! {
        <div class="edit-choices" role="group" aria-label="Add an edit" class:none=move || !can_edit.get()>
            {move || menu.get().groups.into_iter().map(group).collect_view()}
            <div class="scaling">
                <label for="edit-factor">"Factor"</label>
                <input
                    id="edit-factor"
                    type="number"
                    step="any"
                    prop:value=move || factor.get()
                    on:input:target=move |event| factor.set(event.target().value())
                />
                <button type="button" class="add" on:click=scale>
                    {move || match neuron.get() {
                        Some(neuron) => format!("Scale query neuron {neuron}"),
                        None => "Scale the output".to_owned(),
                    }}
                </button>
            </div>
            {move || row.get().map(|(row, query, names)| view! { <PaintRow page row query names /> })}
        </div>
    }
}

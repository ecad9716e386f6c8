//! The edits that the selection offers: those of the menu as one list, scaling by any factor, and painting a pattern row.

use leptos::prelude::*;

use super::paint_row::{PaintRow, selected_row};
use crate::edit::EditKind;
use crate::state::Event;
use crate::state::editing::EditEvent;
use crate::state::editing::offers::{Group, Item};
use crate::ui::change::edit_menu::of_selection;
use crate::ui::erased::{Derived, effect, view};
use crate::ui::shell::page::Page;

/// A list of edits with a field for their factor, and the button that adds the chosen one.
#[component]
pub fn EditChoices(page: Page) -> impl IntoView {
    let factor = RwSignal::new("2".to_owned());
    // Which offer is chosen; the one after the last is scaling by the factor.
    let chosen = RwSignal::new(0_usize);
    let groups = of_selection(page, |state| state.edit_menu(&state.selected_target()).groups);
    let groups = Derived::new(move || groups.get().into_iter().map(without_factors).collect::<Vec<_>>());
    let n_items =
        Derived::new(move || groups.with(|groups| groups.iter().map(|group| group.items.len()).sum::<usize>()));
    // Another selection has other offers.
    effect(move || {
        groups.track();
        chosen.set(0);
    });
    let row = of_selection(page, selected_row);
    let neuron = page.memo(|state| state.selected_target().neuron);
    let add = move |edits| page.dispatch(Event::Editing(EditEvent::Added(edits)));
    let scales = move || chosen.get() >= n_items.get();
    let apply = move |_| {
        if untrack(scales) {
            let number =
                factor.with_untracked(|text| text.trim().parse::<f32>().ok()).filter(|number| number.is_finite());
            let edit = number.and_then(|number| page.peek(|state| state.scaling(&state.selected_target(), number)));
            return edit.into_iter().for_each(|edit| add(vec![edit]));
        }
        let item = groups
            .with_untracked(|groups| groups.iter().flat_map(|group| &group.items).nth(chosen.get_untracked()).cloned());
        item.into_iter().for_each(|item| add(item.edits));
    };
    let can_edit = page.memo(|state| state.can_edit());
    let options = move || {
        let mut index = 0;
        let mut option = |name: String| {
            let at = index;
            index += 1;
            view! { <option value=at.to_string() prop:selected=move || chosen.get() == at>{name}</option> }
        };
        let mut offered: Vec<AnyView> = Vec::new();
        for group in groups.get() {
            let items: Vec<AnyView> = group.items.into_iter().map(|item| option(item.name)).collect();
            offered.push(view! { <optgroup label=group.name>{items}</optgroup> });
        }
        let scaling = match neuron.get() {
            Some(neuron) => format!("Scale query neuron {neuron} by a factor"),
            None => "Scale the output by a factor".to_owned(),
        };
        offered.push(option(scaling));
        offered
    };
    view! {
        <div class="edit-choices" role="group" aria-label="Add an edit" class:none=move || !can_edit.get()>
            <label for="edit-offer">"Add an edit"</label>
            <div class="edit-choice">
                <select
                    id="edit-offer"
                    on:change:target=move |event| chosen.set(event.target().value().parse().unwrap_or(0))
                >
                    {options}
                </select>
                <input
                    type="number"
                    step="any"
                    aria-label="Factor"
                    class:none=move || !scales()
                    prop:value=move || factor.get()
                    on:input:target=move |event| factor.set(event.target().value())
                />
                <button type="button" class="add" on:click=apply>"Add"</button>
            </div>
            {move || row.get().map(|(row, query, names)| view! { <PaintRow page row query names /> })}
        </div>
    }
}

/// The offers of a group but those that scale by a certain factor, for which the list has a field.
fn without_factors(group: Group) -> Group {
    let is_scaling = |item: &Item| match item.edits.as_slice() {
        [edit] => match edit.kind {
            EditKind::Scale { .. } => true,
            EditKind::ScaleQNeuron { factor, .. } => factor != 0.0,
            _ => false,
        },
        _ => false,
    };
    Group { items: group.items.into_iter().filter(|item| !is_scaling(item)).collect(), ..group }
}

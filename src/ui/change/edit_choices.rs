//! What can be changed where the selection is: the same offers as in the menu, a factor of one's own, and a row to paint.

use leptos::prelude::*;

use super::edit_menu::of_selection;
use crate::state::editing::offers::{Group, Item};
use crate::state::editing::{EditEvent, PatternRow};
use crate::state::{Event, State};
use crate::trace::Side;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// Buttons that add an edit, named for what they do.
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

/// The row of the one selected head and query, with the names of its query and its keys.
fn selected_row(state: &State) -> Option<(PatternRow, String, Vec<String>)> {
    let target = state.selected_target();
    let &[head] = target.heads.as_slice() else { return None };
    let row = state.pattern_row(target.layer, head, target.query?)?;
    let shown = state.shown.as_ref()?;
    let query = shown.labels(Side::Query).get(row.query).map(|label| label.plain.clone()).unwrap_or_default();
    Some((row, query, shown.labels(Side::Key).iter().map(|label| label.plain.clone()).collect()))
}

/// A weight for each key of one row; what is given is made to sum to 1.
#[component]
fn PaintRow(page: Page, row: PatternRow, query: String, names: Vec<String>) -> impl IntoView {
    let painted = RwSignal::new(row.weights.clone());
    let title = format!("Paint the row of {query} in L{}H{}", row.layer, row.head);
    let inputs = (0..row.n_seen)
        .map(|key| {
            let name = names.get(key).cloned().unwrap_or_default();
            let value = row.weights[key];
            view! {
                <label>
                    <span class="name">{name}</span>
                    <input
                        type="range"
                        min="0"
                        max="1"
                        step="0.01"
                        prop:value=value.to_string()
                        on:input:target=move |event| {
                            let weight = event.target().value().parse().unwrap_or(0.0);
                            painted.update(|painted| painted[key] = weight);
                        }
                    />
                </label>
            }
        })
        .collect_view();
    let paint = move |_| {
        let edit = row.painted(painted.get_untracked());
        page.dispatch(Event::Editing(EditEvent::Added(vec![edit])));
    };
    view! {
        <details class="paint">
            <summary>{title}</summary>
            <div class="rows">{inputs}</div>
            <button type="button" class="add" on:click=paint>"Paint; the row is made to sum to 1"</button>
        </details>
    }
}

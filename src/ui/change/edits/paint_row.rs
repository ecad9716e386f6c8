//! Paints a pattern row.

use leptos::prelude::*;

use crate::state::editing::{EditEvent, PatternRow};
use crate::state::{Event, State, typed};
use crate::trace::Side;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The pattern row of the selected head and query, with the texts of its query and keys; `None` unless one of each is selected.
pub fn selected_row(state: &State) -> Option<(PatternRow, String, Vec<String>)> {
    let target = state.selected_target();
    let &[head] = target.heads.as_slice() else { return None };
    let row = state.pattern_row(target.layer, head, target.query?)?;
    let shown = state.shown.as_ref()?;
    let query = shown.labels(Side::Query).get(row.query).map(|label| label.plain.clone()).unwrap_or_default();
    Some((row, query, shown.labels(Side::Key).iter().map(|label| label.plain.clone()).collect()))
}

/// A slider for each key of a pattern row; the weights are normalised to sum to 1.
#[component]
pub fn PaintRow(page: Page, row: PatternRow, query: String, names: Vec<String>) -> impl IntoView {
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
                            let weight = typed::number(&event.target().value()).unwrap_or(0.0) as f32;
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
            <button type="button" class="add" on:click=paint>"Set this weight; the others are scaled so that the row sums to 1"</button>
        </details>
    }
}

//! The list of edits, each with a switch and the outcome under that edit alone, and the edits that the selection offers.

use leptos::prelude::*;

use super::form::EditForm;
use super::json::ListAsJson;
use super::row::{EditRow, Row};
use crate::state::Event;
use crate::state::editing::{EditEvent, edit_name};
use crate::trace::numeral::with_minus;
use crate::ui::erased::{Derived, keyed, view};
use crate::ui::shell::page::Page;

/// Undo, redo and clear, the list, and the edits that the selection offers.
#[component]
pub fn EditsPanel(page: Page) -> impl IntoView {
    let send = move |event: EditEvent| page.dispatch(Event::Editing(event));
    let can_undo = page.memo(|state| state.editing.can_undo());
    let can_redo = page.memo(|state| state.editing.can_redo());
    let is_empty = page.memo(|state| state.editing.list.is_empty());
    let list = page.memo(|state| {
        let row = |listed: &crate::state::editing::ListedEdit| Row {
            id: listed.id,
            name: edit_name(
                &listed.edit,
                state.shown.as_ref().map_or((&[], &[]), |shown| shown.labels_of(&listed.edit)),
            ),
            is_on: listed.edit.on,
            reason: state.editing.reason(listed.id).map(str::to_owned),
            alone: state.editing.outcome_alone(listed.id).map(|outcome| outcome.value),
            effect: state.editing.effect_alone(listed.id),
        };
        state.editing.list.iter().map(row).collect::<Vec<_>>()
    });
    let ids = Derived::new(move || list.with(|rows| rows.iter().map(|row| row.id).collect::<Vec<_>>()));
    // Explains the numbers beside the edits, and gives the number without any edit.
    let outcome = page.memo(|state| {
        let value = state.editing.outcome_a()?.value;
        let name = state.outcome_kind().to_lowercase();
        let value = with_minus(&format!("{value:.3}"));
        Some(format!("The {name} under each edit alone, and its change: {value} without edits."))
    });
    view! {
        <section class="panel edits" aria-label="Edits">
            <h3>"Edits"</h3>
            <div class="edit-actions">
                <button type="button" class="link" prop:disabled=move || !can_undo.get() on:click=move |_| send(EditEvent::Undone)>
                    "Undo"
                </button>
                <button type="button" class="link" prop:disabled=move || !can_redo.get() on:click=move |_| send(EditEvent::Redone)>
                    "Redo"
                </button>
                <button type="button" class="link" prop:disabled=move || is_empty.get() on:click=move |_| send(EditEvent::Cleared)>
                    "Clear all"
                </button>
            </div>
            <p class="hint" class:none=move || !is_empty.get()>
                "No edits. Choose one below, or right-click a head, link, token or neuron (E)."
            </p>
            <ol class="edit-list">
                {keyed(ids, move |id| view! { <EditRow page list id /> })}
            </ol>
            <p class="hint" class:none=move || is_empty.get()>{move || outcome.get()}</p>
            <EditForm page />
            <ListAsJson page />
        </section>
    }
}

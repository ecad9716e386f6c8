//! The list of edits, each with a switch and the outcome under it alone, and what can be changed where the selection is.

use leptos::prelude::*;

use super::edit_choices::EditChoices;
use crate::edit::parse_list;
use crate::protocol::OutcomeAsked;
use crate::state::editing::{EditEvent, edit_name};
use crate::state::{Event, wording};
use crate::ui::erased::{Derived, keyed, view};
use crate::ui::shell::page::Page;

/// Undo, redo, clear; the list; what the selection offers.
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
        };
        state.editing.list.iter().map(row).collect::<Vec<_>>()
    });
    let ids = Derived::new(move || list.with(|rows| rows.iter().map(|row| row.id).collect::<Vec<_>>()));
    // What the numbers beside the edits are, and what they are without any.
    let outcome = page.memo(|state| {
        let value = state.editing.outcome_a()?.value;
        let name = match &state.editing.asked {
            OutcomeAsked::Tokens { .. } => "logit difference",
            OutcomeAsked::Cosine { .. } => "cosine",
        };
        Some(format!("Number: the {name} under this edit alone; {value:.3} without any."))
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
                "No edit yet. Right click, long press or E on a head, link, token or neuron offers what can be done there; so do \
                the buttons below for what is selected."
            </p>
            <ol class="edit-list">
                {keyed(ids, move |id| view! { <EditRow page list id /> })}
            </ol>
            <p class="hint" class:none=move || is_empty.get()>{move || outcome.get()}</p>
            <EditChoices page />
            <ListAsJson page />
        </section>
    }
}

/// The list as it stands in files and links: every kind of edit can be written here, the ones that no button makes too.
#[component]
fn ListAsJson(page: Page) -> impl IntoView {
    let json = page.memo(|state| match state.editing.list.is_empty() {
        true => "[]".to_owned(),
        false => state.editing.json().replace("},{", "},\n {"),
    });
    let typed = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<String>);
    let text = move || typed.get().unwrap_or_else(|| json.get());
    let apply = move |_| match parse_list(&untrack(text)) {
        Ok(edits) => {
            problem.set(None);
            typed.set(None);
            page.dispatch(Event::Editing(EditEvent::Replaced(edits)));
        }
        Err(error) => problem.set(Some(wording::sentence(&error.to_string()))),
    };
    view! {
        <details class="as-json">
            <summary>"The list as JSON"</summary>
            <textarea
                aria-label="Edits as JSON"
                rows="3"
                spellcheck="false"
                prop:value=text
                on:input:target=move |event| typed.set(Some(event.target().value()))
            ></textarea>
            {move || problem.get().map(|problem| view! { <p class="problem" role="alert">{problem}</p> })}
            <button type="button" class="add" on:click=apply>"Use this list"</button>
        </details>
    }
}

/// A line of the list.
#[derive(Clone, PartialEq)]
struct Row {
    id: u32,
    name: String,
    is_on: bool,
    reason: Option<String>,
    alone: Option<f32>,
}

/// A line, which stays the same element while its edit is switched, so that the focus stays.
#[component]
fn EditRow(page: Page, list: Derived<Vec<Row>>, id: u32) -> impl IntoView {
    let row = Derived::new(move || list.with(|rows| rows.iter().find(|row| row.id == id).cloned()));
    let name = move || row.with(|row| row.as_ref().map(|row| row.name.clone()).unwrap_or_default());
    let is_on = move || row.with(|row| row.as_ref().is_some_and(|row| row.is_on));
    let send = move |event: EditEvent| page.dispatch(Event::Editing(event));
    view! {
        <li class:off=move || !is_on()>
            <label>
                <input type="checkbox" prop:checked=is_on on:change=move |_| send(EditEvent::Toggled(id)) />
                <span class="name">{name}</span>
            </label>
            <span class="number" title="The outcome under this edit alone">
                {move || row.with(|row| row.as_ref().and_then(|row| row.alone)).map(|value| format!("{value:.3}").replace('-', "−"))}
            </span>
            <button
                type="button"
                class="link"
                aria-label=move || format!("Remove: {}", name())
                on:click=move |_| send(EditEvent::Removed(id))
            >
                "Remove"
            </button>
            {move || row.with(|row| row.as_ref().and_then(|row| row.reason.clone())).map(|reason| view! {
                <span class="reason">"Inactive: "{reason}"."</span>
            })}
        </li>
    }
}

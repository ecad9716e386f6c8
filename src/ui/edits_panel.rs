//! The list of edits, each with a switch, and what can be changed where the selection is.

use leptos::prelude::*;

use super::edit_choices::EditChoices;
use super::page::Page;
use crate::state::Event;
use crate::state::editing::{EditEvent, Side, edit_name};

/// Undo, redo, clear; which result is on screen; the list; what the selection offers.
#[component]
pub fn EditsPanel(
    /// The page.
    page: Page,
) -> impl IntoView {
    let send = move |event: EditEvent| page.dispatch(Event::Editing(event));
    let can_undo = page.memo(|state| state.editing.can_undo());
    let can_redo = page.memo(|state| state.editing.can_redo());
    let is_empty = page.memo(|state| state.editing.list.is_empty());
    let list = page.memo(|state| {
        let labels = state.shown.as_ref().map(|shown| shown.labels.clone()).unwrap_or_default();
        let row = |listed: &crate::state::editing::ListedEdit| Row {
            id: listed.id,
            name: edit_name(&listed.edit, &labels),
            is_on: listed.edit.on,
            reason: state.editing.reason(listed.id).map(str::to_owned),
            alone: state.editing.outcome_alone(listed.id).map(|outcome| outcome.logit_difference),
        };
        state.editing.list.iter().map(row).collect::<Vec<_>>()
    });
    view! {
        <section class="panel edits" aria-label="Edits">
            <h2>"Edits"</h2>
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
            <SideChoice page />
            <p class="hint" class:gone=move || !is_empty.get()>
                "No edit yet: what you select in the view can be changed below. The model runs again from the first layer \
                that an edit touches."
            </p>
            <ol class="edit-list">
                <For each=move || list.get() key=|row| row.id children=move |row| view! { <EditRow page list id=row.id /> } />
            </ol>
            <EditChoices page />
        </section>
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
fn EditRow(page: Page, list: Memo<Vec<Row>>, id: u32) -> impl IntoView {
    let row = Memo::new(move |_| list.with(|rows| rows.iter().find(|row| row.id == id).cloned()));
    let name = move || row.with(|row| row.as_ref().map(|row| row.name.clone()).unwrap_or_default());
    let is_on = move || row.with(|row| row.as_ref().is_some_and(|row| row.is_on));
    let send = move |event: EditEvent| page.dispatch(Event::Editing(event));
    view! {
        <li class:off=move || !is_on()>
            <label>
                <input type="checkbox" prop:checked=is_on on:change=move |_| send(EditEvent::Toggled(id)) />
                <span class="name">{name}</span>
            </label>
            {move || row.with(|row| row.as_ref().and_then(|row| row.alone)).map(|value| view! {
                <span class="number" title="The outcome under this edit alone">{format!("{value:.3}")}</span>
            })}
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

/// Clean or edited: which of the two every view shows.
#[component]
fn SideChoice(page: Page) -> impl IntoView {
    let has_both = page.memo(|state| state.editing.other.is_some());
    let side = page.memo(|state| state.editing.side);
    let choice = move |which: Side, name: &'static str| {
        view! {
            <label>
                <input
                    type="radio"
                    name="side"
                    prop:checked=move || side.get() == which
                    prop:disabled=move || !has_both.get() && side.get() != which
                    on:change=move |_| page.dispatch(Event::Editing(EditEvent::SidePicked(which)))
                />
                {name}
            </label>
        }
    };
    view! {
        <div class="sides" role="radiogroup" aria-label="Shown">
            <span class="label">"Shown"</span>
            {choice(Side::Clean, "Clean")}
            {choice(Side::Edited, "Edited")}
        </div>
    }
}

//! A line of the list of edits.

use leptos::prelude::*;

use crate::state::editing::EditEvent;
use crate::state::{Event, wording};
use crate::trace::numeral::with_minus;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// What a line of the list shows.
#[derive(Clone, PartialEq)]
pub struct Row {
    pub id: u32,
    pub name: String,
    pub is_on: bool,
    /// Why the edit has no effect.
    pub reason: Option<String>,
    /// The outcome under this edit alone.
    pub alone: Option<f32>,
    /// What this edit alone changes of it.
    pub effect: Option<f32>,
}

/// A line of the list. Switching the edit keeps the element, so the focus stays.
#[component]
pub fn EditRow(page: Page, list: Derived<Vec<Row>>, id: u32) -> impl IntoView {
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
                {move || row.with(|row| row.as_ref().and_then(|row| row.alone)).map(|value| with_minus(&format!("{value:.3}")))}
            </span>
            <span class="effect" title="Change of the outcome by this edit alone">
                {move || row.with(|row| row.as_ref().and_then(|row| row.effect)).map(wording::short_change)}
            </span>
            <button
                type="button"
                class="link remove"
                aria-label=move || format!("Remove: {}", name())
                title="Remove"
                on:click=move |_| send(EditEvent::Removed(id))
            >
                "×"
            </button>
            {move || row.with(|row| row.as_ref().and_then(|row| row.reason.clone())).map(|reason| view! {
                <span class="reason">"Inactive: "{reason}"."</span>
            })}
        </li>
    }
}

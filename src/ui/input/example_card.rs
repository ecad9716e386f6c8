//! An example in the gallery.

use leptos::prelude::*;

use super::example_picture::ExamplePicture;
use crate::gallery::EXAMPLES;
use crate::render::Scheme;
use crate::state::{EntryEvent, Event, wording};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// Its picture, its title, and the model and head that it is about.
#[component]
pub fn ExampleCard(page: Page, index: usize, scheme: Derived<Scheme>) -> impl IntoView {
    let is_current = page.memo(move |state| state.entry.example == Some(index));
    let Some(example) = EXAMPLES.get(index) else { return ().into_any() };
    let model = page.memo(move |state| {
        let entry = state.models.iter().find(|entry| entry.id == example.model);
        let name = entry.map_or(example.model, |entry| entry.name.as_str());
        // Format and tuning are said where the model is chosen.
        name.split(", ").next().unwrap_or_default().trim_end_matches("-Instruct").to_owned()
    });
    let head = wording::head_name(example.layer, example.head);
    view! {
        <button
            type="button"
            class="example"
            aria-pressed=move || is_current.get().to_string()
            on:click=move |_| page.dispatch(Event::Entry(EntryEvent::ExamplePicked(index)))
        >
            <ExamplePicture index scheme />
            <span>
                <span class="example-title">{example.title}</span>
                <span class="aside">{head}" · "{move || model.get()}</span>
            </span>
        </button>
    }
}

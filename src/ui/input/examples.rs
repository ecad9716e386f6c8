//! The examples on offer.

use leptos::prelude::*;

use crate::gallery::EXAMPLES;
use crate::state::{EntryEvent, Event};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// A line of examples; a click runs one.
#[component]
pub fn Examples(page: Page) -> impl IntoView {
    let current = page.memo(|state| state.entry.example);
    let example = move |(index, title): (usize, &'static str)| {
        view! {
            <button
                type="button"
                class="link"
                aria-pressed=move || (current.get() == Some(index)).to_string()
                on:click=move |_| page.dispatch(Event::Entry(EntryEvent::ExamplePicked(index)))
            >
                {title}
            </button>
        }
    };
    let titles = EXAMPLES.iter().enumerate().map(|(index, example)| (index, example.title));
    view! {
        <div class="examples" role="group" aria-label="Examples">
            <span class="label" aria-hidden="true">"Examples"</span>
            {titles.map(example).collect_view()}
        </div>
    }
}

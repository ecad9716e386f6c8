//! The gallery: examples from papers, each with what to look at and what would refute its claim.

use leptos::prelude::*;

use crate::gallery::EXAMPLES;
use crate::state::{EntryEvent, Event};
use crate::ui::erased::{Show, view};
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
            <span aria-hidden="true">"Try"</span>
            {titles.map(example).collect_view()}
        </div>
    }
}

/// The claim of the example on screen, and what would refute it.
#[component]
pub fn ExampleCaption(page: Page) -> impl IntoView {
    let current = page.memo(|state| state.entry.example);
    view! {
        <Show when=move || current.get().is_some()>
            <div class="caption">
                {move || current.get().and_then(|index| EXAMPLES.get(index)).map(|example| view! {
                    <p>{example.look}</p>
                    <p class="refuted"><span class="label">"What would refute it: "</span>{example.refuted}</p>
                })}
            </div>
        </Show>
    }
}

//! The gallery: examples from papers, each with what to look at and what would refute its claim.

use leptos::prelude::*;

use crate::gallery::EXAMPLES;
use crate::state::{EntryEvent, Event, LayoutChange, ViewEvent};
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
            <span class="label" aria-hidden="true">"Examples"</span>
            {titles.map(example).collect_view()}
        </div>
    }
}

/// The claim of the example on screen, what would refute it, and the way to the next one; until somebody hides it.
#[component]
pub fn ExampleCaption(page: Page) -> impl IntoView {
    let current = page.memo(|state| state.entry.example.filter(|_| state.layout.has_caption));
    let next = move |_| {
        if let Some(index) = current.get_untracked() {
            page.dispatch(Event::Entry(EntryEvent::ExamplePicked((index + 1) % EXAMPLES.len())));
        }
    };
    let hide = move |_| page.dispatch(Event::View(ViewEvent::LayoutChanged(LayoutChange::Caption(false))));
    view! {
        <Show when=move || current.get().is_some()>
            <div class="caption" role="group" aria-label="About this example">
                {move || current.get().and_then(|index| EXAMPLES.get(index)).map(|example| view! {
                    <p>
                        {example.look} " "
                        <span class="refuted"><span class="label">"What would refute it: "</span>{example.refuted}</span>
                    </p>
                })}
                <span class="caption-actions">
                    <button type="button" class="link" on:click=next>"Next example"</button>
                    <button type="button" class="link" on:click=hide>"Hide"</button>
                </span>
            </div>
        </Show>
    }
}

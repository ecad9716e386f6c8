//! The example on screen: what to look at, and what would refute its claim.

use leptos::prelude::*;

use crate::gallery::EXAMPLES;
use crate::state::{EntryEvent, Event, LayoutChange, State, ViewEvent};
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;

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
    let is_of_other = page.memo(State::has_unrun_text);
    let offers_tour = page.memo(|state| state.layout.offers_tour);
    view! {
        <Show when=move || current.get().is_some()>
            <div class="caption" role="group" aria-label="About this example">
                {move || is_of_other.get().then(|| view! { <p>"The figure is still of the text before this example."</p> })}
                {move || current.get().and_then(|index| EXAMPLES.get(index)).map(|example| view! {
                    <p>
                        {example.look} " "
                        <span class="refuted"><span class="label">"What would refute it: "</span>{example.refuted}</span>
                    </p>
                })}
                <span class="caption-actions">
                    <Show when=move || offers_tour.get()>
                        <button type="button" class="link" on:click=move |_| page.tour().set(Some(0))>"Take the tour"</button>
                    </Show>
                    <button type="button" class="link" on:click=next>"Next example"</button>
                    <button type="button" class="link" on:click=hide>"Hide"</button>
                </span>
            </div>
        </Show>
    }
}

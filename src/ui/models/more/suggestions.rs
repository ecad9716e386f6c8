//! Models worth a look.

use leptos::prelude::*;

use crate::sources::catalogue::{SUGGESTIONS, Suggestion};
use crate::sources::size_words;
use crate::state::{Event, MoreEvent};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The list of models worth a look.
#[component]
pub fn Suggestions(page: Page) -> impl IntoView {
    let row = move |(index, suggestion): (usize, &'static Suggestion)| {
        let Suggestion { repo, name, megabytes, licence, good_for } = suggestion;
        let in_bytes = |megabytes: u32| size_words(u64::from(megabytes) * 1_000_000);
        let size = megabytes.map_or_else(|| "several sizes".to_owned(), in_bytes);
        view! {
            <li>
                <button
                    type="button"
                    class="link"
                    title=*repo
                    on:click=move |_| page.dispatch(Event::More(MoreEvent::Suggested(index)))
                >
                    {*name}
                </button>
                <span class="good-for">{*good_for}</span>
                <span class="facts">{format!("{size}, {licence}")}</span>
            </li>
        }
    };
    view! {
        <section class="suggestions" aria-labelledby="suggestions">
            <h3 id="suggestions">"Suggestions"</h3>
            <ul>{SUGGESTIONS.iter().enumerate().map(row).collect_view()}</ul>
        </section>
    }
}

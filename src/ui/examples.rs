//! Texts to begin with, from the papers.

use leptos::prelude::*;

use super::page::Page;
use crate::state::{Event, FIRST_PAIR, FIRST_TEXT};

/// Name, text, second text.
const EXAMPLES: [(&str, &str, &str); 4] = [
    ("cat and mat, two sentences", FIRST_TEXT, FIRST_PAIR),
    ("doctor and nurse", "The doctor asked the nurse a question. She", ""),
    ("quick brown fox", "The quick, brown fox jumps over the lazy", ""),
    ("Mary and John", "When Mary and John went to the store, John gave a drink to", ""),
];

/// A line of examples; picking one runs it.
#[component]
pub fn Examples(
    /// The page.
    page: Page,
) -> impl IntoView {
    let example = move |(name, text, pair): (&'static str, &'static str, &'static str)| {
        let title = if pair.is_empty() { text.to_owned() } else { format!("{text} / {pair}") };
        view! {
            <button
                type="button"
                class="link"
                title=title
                on:click=move |_| page.dispatch(Event::ExamplePicked(text.to_owned(), pair.to_owned()))
            >
                {name}
            </button>
        }
    };
    view! {
        <div class="examples" role="group" aria-label="Examples">
            <span aria-hidden="true">"Try"</span>
            {EXAMPLES.map(example).collect_view()}
        </div>
    }
}

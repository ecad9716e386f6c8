//! The table of heads while it is empty.

use leptos::prelude::*;

use crate::state::wording::brief;
use crate::state::{Event, ScoreEvent};
use crate::ui::erased::{Derived, Show, view};
use crate::ui::shell::page::Page;

/// Says why the table is empty, and what can be done.
#[component]
pub fn Waiting(page: Page, n_rows: Derived<usize>) -> impl IntoView {
    let state = page.memo(|state| {
        let can_ask = state.shown.is_some() && state.scores.table.value().is_none() && !state.scores.table.is_pending();
        (can_ask, state.scores.table.is_pending(), state.scores.table.problem().map(str::to_owned))
    });
    view! {
        <Show when=move || n_rows.get() == 0>
            <p class="hint" role="status">
                {move || match state.get() {
                    (_, true, _) => view! { "Scoring every head …" },
                    (_, _, Some(problem)) => view! { <span class="problem">{brief(&problem)}</span> },
                    (true, ..) => view! {
                        <button type="button" class="link" on:click=move |_| page.dispatch(Event::Scores(ScoreEvent::Asked))>
                            "Score every head"
                        </button>
                        " (on a long text this takes a while)"
                    },
                    _ => ().into_any(),
                }}
            </p>
        </Show>
    }
}

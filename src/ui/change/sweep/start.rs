//! The button that starts a sweep, and how far the last one is.

use leptos::prelude::*;

use crate::protocol::SweepAsked;
use crate::state::editing::EditEvent;
use crate::state::editing::sweep_kinds::SweepProgress;
use crate::state::{Event, State, WorkEvent};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// "Sweep", or how far it is with "Stop", and the way to its map.
#[component]
pub fn Start(page: Page, asked: Derived<Result<SweepAsked, &'static str>>) -> impl IntoView {
    let progress = page.memo(State::sweep_progress);
    let is_running = move || progress.with(|progress| matches!(progress, Some(SweepProgress { is_running: true, .. })));
    let shows_map = page.memo(State::shows_sweep);
    let problem = page.memo(State::sweep_obstacle);
    let note = move || match (progress.get(), problem.get()) {
        (Some(progress), _) if progress.is_running => progress.words(),
        (_, Some(problem)) => problem.to_owned(),
        (progress, None) => match asked.get() {
            Err(problem) => problem.to_owned(),
            Ok(_) => progress.map(|progress| progress.words()).unwrap_or_default(),
        },
    };
    view! {
        <div class="sweep-start">
            <button
                type="submit"
                class="primary"
                prop:disabled=move || is_running() || problem.with(Option::is_some) || asked.with(Result::is_err)
            >
                "Sweep"
            </button>
            <button
                type="button"
                class="add"
                class:none=move || !is_running()
                on:click=move |_| page.dispatch(Event::Work(WorkEvent::CancelAsked))
            >
                "Stop"
            </button>
            <span class="label" role="status" aria-label="Progress in the panel">{note}</span>
        </div>
        <button
            type="button"
            class="link"
            class:none=move || progress.with(Option::is_none)
            on:click=move |_| page.dispatch(Event::Editing(EditEvent::SweepShown(!shows_map.get_untracked())))
        >
            {move || if shows_map.get() { "Back to the view" } else { "Show the map of effects" }}
        </button>
    }
}

//! "Stop" beside the button that began something.

use leptos::prelude::*;

use crate::state::{Event, WorkEvent};
use crate::ui::erased::{Derived, Show, view};
use crate::ui::shell::page::Page;

/// Stops what runs; there while it runs.
#[component]
pub fn StopButton(page: Page, is_running: Derived<bool>) -> impl IntoView {
    view! {
        <Show when=move || is_running.get()>
            <button type="button" class="link" on:click=move |_| page.dispatch(Event::Work(WorkEvent::CancelAsked))>
                "Stop"
            </button>
        </Show>
    }
}

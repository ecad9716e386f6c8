//! The status line of the page.

use leptos::prelude::*;

use super::progress::Progress;
use super::text::StatusText;
use crate::state::{Event, RUNS_MODELS, State, WorkEvent, wording};
use crate::ui::change::column_button::PanelButton;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::shell::theme::ThemeButton;

/// The line at the bottom of the page.
#[component]
pub fn StatusLine(page: Page) -> impl IntoView {
    let can_stop = page.memo(State::can_stop);
    let outcome = page.memo(wording::outcome);
    view! {
        <footer class="status-line">
            <Progress page />
            <div class="status-text">
                <StatusText page />
                <span class="spring"></span>
                {RUNS_MODELS.then(|| view! {
                    {page.parts().later(move |views| (views.device_models)(page))}
                    {page.parts().later(move |views| (views.thread_choice)(page))}
                    {page.parts().later(move |views| (views.find_pause)(page))}
                    <button
                        type="button"
                        class="cancel"
                        prop:disabled=move || !can_stop.get()
                        on:click=move |_| page.dispatch(Event::Work(WorkEvent::CancelAsked))
                    >
                        "Cancel"
                    </button>
                })}
                <ThemeButton page />
                {RUNS_MODELS.then(|| view! {
                    <span class="outcome-word">{move || outcome.get()}</span>
                    <PanelButton page />
                })}
            </div>
        </footer>
    }
}

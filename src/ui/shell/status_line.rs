//! The status line: the work under way and how to stop it, the result on screen, and settings of the whole page. The rule over it is
//! the progress bar.

use leptos::prelude::*;

use super::page::Page;
use super::theme::ThemeButton;
use super::thread_choice::ThreadChoice;
use crate::state::{Event, RUNS_MODELS, State, WorkEvent, wording};
use crate::ui::change::column_button::PanelButton;
use crate::ui::erased::view;

/// The line at the bottom of the page.
#[component]
pub fn StatusLine(page: Page) -> impl IntoView {
    let is_busy = page.memo(|state| state.is_busy());
    let outcome = page.memo(wording::outcome);
    view! {
        <footer class="status-line">
            <Progress page />
            <div class="status-text">
                <StatusText page />
                <span class="spring"></span>
                {RUNS_MODELS.then(|| view! {
                    {page.parts().later(move |views| (views.device_models)(page))}
                    <ThreadChoice page />
                    <button
                        type="button"
                        class="cancel"
                        prop:disabled=move || !is_busy.get()
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

/// The status and the progress alone, for a frame.
#[component]
pub fn FrameStatus(page: Page) -> impl IntoView {
    view! {
        <div class="status-line">
            <Progress page />
            <div class="status-text"><StatusText page /></div>
        </div>
    }
}

/// What is under way, else what is on screen.
#[component]
fn StatusText(page: Page) -> impl IntoView {
    let work = page.memo(wording::work);
    let result = page.memo(|state| Some(wording::result(state.shown.as_ref()?, state.work.threads.running)));
    let text = move || wording::brief(&work.get().or_else(|| result.get()).unwrap_or_default());
    view! { <span role="status" aria-label="Status" class="status" title=text>{text}</span> }
}

#[component]
fn Progress(page: Page) -> impl IntoView {
    let fraction = page.memo(fraction);
    view! {
        <div
            class="progress"
            role="progressbar"
            aria-label="Progress"
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow=move || fraction.get().map(|fraction| (fraction * 100.0).round().to_string())
            aria-hidden=move || fraction.get().is_none().then_some("true")
        >
            <div class="bar" style:width=move || format!("{:.2}%", fraction.get().unwrap_or(0.0) * 100.0)></div>
        </div>
    }
}

/// The part of the work that is done, 0 to 1; `None` when nothing is under way.
fn fraction(state: &State) -> Option<f64> {
    if !state.is_busy() {
        return None;
    }
    let progress = state.work.request.as_ref().and_then(|work| work.progress);
    Some(progress.map_or(0.0, |progress| progress.fraction()))
}

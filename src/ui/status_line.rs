//! What is under way, how far it is, and what the result on screen is. The rule under it is the progress bar.

use leptos::prelude::*;

use super::page::Page;
use crate::state::{Event, State, wording};

/// One line between input and view.
#[component]
pub fn StatusLine(
    /// The page.
    page: Page,
) -> impl IntoView {
    let work = page.memo(wording::work);
    let result = page.memo(|state| state.shown.as_ref().map(wording::result));
    let problem = page.memo(|state| state.notices.status.clone());
    let fraction = page.memo(fraction);
    view! {
        <div class="status-line">
            <div class="status-text" role="status" aria-label="Status">
                {move || match (problem.get(), work.get()) {
                    (Some(problem), _) => view! {
                        <span class="problem">{problem}</span>
                        " "
                        <button type="button" class="link" on:click=move |_| page.dispatch(Event::NoticeDismissed)>
                            "Dismiss"
                        </button>
                    }.into_any(),
                    (None, Some(work)) => view! { <span>{work}</span> }.into_any(),
                    (None, None) => view! { <span>{result.get().unwrap_or_default()}</span> }.into_any(),
                }}
            </div>
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
        </div>
    }
}

/// How far the work is; `None` when nothing is under way.
fn fraction(state: &State) -> Option<f64> {
    if !state.is_busy() {
        return None;
    }
    let progress = state.work.as_ref().and_then(|work| work.progress);
    Some(progress.map_or(0.0, |progress| progress.fraction()))
}

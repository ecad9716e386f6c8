//! The stream view: controls, table and legend.

use leptos::prelude::*;

use super::controls::StreamControls;
use super::figure::StreamFigure;
use super::help::Help;
use super::legend::StreamLegend;
use super::model::Stream;
use super::numbers::{is_precomputed, problem};
use crate::render::Scheme;
use crate::state::{Event, WorkEvent};
use crate::ui::change::precomputed::words;
use crate::ui::erased::{Derived, Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// The stream view.
#[component]
pub fn StreamView(page: Page, scheme: Derived<Scheme>) -> impl IntoView {
    let stream = Stream::new(page);
    let problem = page.memo(problem);
    let is_precomputed = page.memo(is_precomputed);
    let is_busy = page.memo(|state| state.is_busy());
    let run_name = page.memo(|state| words(state).1);
    let run = move || {
        view! {
            <p class="hint" role="status" aria-label="Stream">
                "This result was saved without its stream. "
                <button
                    type="button"
                    class="link"
                    prop:disabled=move || is_busy.get()
                    on:click=move |_| page.dispatch(Event::Work(WorkEvent::TraceRunAsked))
                >
                    {move || run_name.get()}
                </button>
            </p>
        }
    };
    view! {
        <div class="stream-view">
            <StreamControls stream />
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
            <Show when=move || is_precomputed.get()>{run}</Show>
            <StreamFigure stream scheme />
            <StreamLegend stream />
            <Help />
        </div>
    }
}

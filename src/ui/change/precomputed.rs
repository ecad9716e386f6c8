//! A result that no model on this page has made yet: what made it, and the way to run it.

use leptos::prelude::*;

use crate::state::{Event, State, TraceModel, WorkEvent};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// Says that the result is precomputed, by which model and under which edits, and offers to run its text.
#[component]
pub fn Precomputed(page: Page) -> impl IntoView {
    let can_edit = page.memo(|state| state.can_edit());
    let is_busy = page.memo(|state| state.is_busy());
    let words = page.memo(words);
    let edits = page.memo(State::trace_edits);
    view! {
        <div class="hint" class:none=move || can_edit.get()>
            <p>
                {move || words.get().0}
                " "
                <button
                    type="button"
                    class="link"
                    prop:disabled=move || is_busy.get()
                    on:click=move |_| page.dispatch(Event::Work(WorkEvent::TraceRunAsked))
                >
                    {move || words.get().1}
                </button>
            </p>
            {move || (!edits.with(Vec::is_empty)).then(|| view! {
                <p>"It was saved with these edits in force:"</p>
                <ul class="trace-edits" aria-label="Edits in the trace">
                    {edits.get().into_iter().map(|name| view! { <li><bdi>{name}</bdi></li> }).collect_view()}
                </ul>
            })}
        </div>
    }
}

/// What is said of the result, and the name of the button that runs its text.
pub fn words(state: &State) -> (String, String) {
    let picked = state.picked().map_or("the model", |entry| entry.name.as_str());
    let said = "This result is precomputed. Run it to edit heads, links, tokens and neurons.";
    match state.trace_model() {
        Some(TraceModel::Here(model)) => {
            let name = state.models.get(model).map_or(picked, |entry| entry.name.as_str());
            (said.to_owned(), format!("Run it in {name}"))
        }
        Some(TraceModel::Elsewhere(name)) => (
            format!("This result was made by {name}, which is not on this page. Open that model to edit what you see."),
            format!("Run its text in {picked} instead"),
        ),
        Some(TraceModel::Unknown) => {
            ("This trace does not name the model that made it.".to_owned(), format!("Run its text in {picked}"))
        }
        None => (
            "The model that ran this has been unloaded. Run the text again to edit it.".to_owned(),
            format!("Run it in {picked}"),
        ),
    }
}

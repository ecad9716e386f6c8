//! The texts to read, and the buttons that run and cancel.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::examples::Examples;
use super::page::Page;
use crate::state::Event;

/// "Text", "Second text", "Run", "Cancel", and what is wrong with the text.
#[component]
pub fn TextForm(
    /// The page.
    page: Page,
) -> impl IntoView {
    let text = page.memo(|state| state.text.clone());
    let pair = page.memo(|state| state.pair.clone());
    let is_busy = page.memo(|state| state.is_busy());
    let has_models = page.memo(|state| !state.models.is_empty());
    let problem = page.memo(|state| state.notices.input.clone());
    let run_with_enter = move |event: KeyboardEvent| {
        // Enter while composing (Japanese, Chinese …) ends the composition.
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            page.dispatch(Event::RunAsked);
        }
    };
    view! {
        <div class="field text">
            <label for="text">"Text"</label>
            <textarea
                id="text"
                rows="2"
                spellcheck="false"
                title="Enter runs the model, Shift+Enter starts a new line"
                aria-describedby="text-note"
                aria-invalid=move || problem.with(Option::is_some).then_some("true")
                prop:value=move || text.get()
                on:input:target=move |event| page.dispatch(Event::TextEdited(event.target().value()))
                on:keydown=run_with_enter
            ></textarea>
        </div>
        <div class="field pair">
            <label for="pair">"Second text" <span class="aside" aria-hidden="true">" optional"</span></label>
            <textarea
                id="pair"
                rows="2"
                aria-label="Second text"
                spellcheck="false"
                prop:value=move || pair.get()
                on:input:target=move |event| page.dispatch(Event::PairEdited(event.target().value()))
                on:keydown=run_with_enter
            ></textarea>
        </div>
        <div class="actions">
            <button
                type="button"
                class="run"
                prop:disabled=move || !has_models.get()
                on:click=move |_| page.dispatch(Event::RunAsked)
            >
                "Run"
            </button>
            <button
                type="button"
                class="cancel"
                prop:disabled=move || !is_busy.get()
                on:click=move |_| page.dispatch(Event::CancelAsked)
            >
                "Cancel"
            </button>
        </div>
        <div class="note text-note" id="text-note">
            {move || match problem.get() {
                None => view! { <Examples page /> }.into_any(),
                Some(problem) => view! {
                    <p class="problem" role="alert">
                        {problem.message}
                        " "
                        {problem.cut_to.map(|n_ctx| view! {
                            <button type="button" class="link" on:click=move |_| page.dispatch(Event::CutAsked)>
                                {format!("Cut to {n_ctx} tokens")}
                            </button>
                        })}
                    </p>
                }.into_any(),
            }}
        </div>
    }
}

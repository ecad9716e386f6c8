//! What is to be read, and the buttons that run and cancel.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::entry_fields::{BosChoice, EntryKindChoice, IdsField, RandomBlockFields};
use super::examples::Examples;
use super::target_field::TargetField;
use super::typed_tokens::TypedTokens;
use crate::state::{EntryKind, Event, wording};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// "Text", "Second text" or what stands in for them, "Run", "Cancel", and what is wrong with the text.
#[component]
pub fn TextForm(page: Page) -> impl IntoView {
    let text = page.memo(|state| state.text.clone());
    let pair = page.memo(|state| state.pair.clone());
    let kind = page.memo(|state| state.entry.kind);
    let is_busy = page.memo(|state| state.is_busy());
    let has_models = page.memo(|state| !state.models.is_empty());
    let loads_first = page.memo(|state| state.loads_first());
    let problem = page.memo(|state| state.notices.input.clone());
    let run_with_enter = move |event: KeyboardEvent| {
        // Enter while composing (Japanese, Chinese …) ends the composition.
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            page.dispatch(Event::RunAsked);
        }
    };
    let texts = move || {
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
        }
    };
    view! {
        {move || match kind.get() {
            EntryKind::Text => texts().into_any(),
            EntryKind::Ids => view! { <IdsField page /> },
            EntryKind::RandomBlock => view! { <RandomBlockFields page /> },
        }}
        <TargetField page />
        <div class="actions">
            <button
                type="button"
                class="run"
                prop:disabled=move || !has_models.get()
                on:click=move |_| page.dispatch(Event::RunAsked)
            >
                "Run"
                <span class="size" aria-hidden="true">
                    {move || loads_first.get().map(|size| format!("loads {}", wording::bytes(size)))}
                </span>
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
            {move || problem.get().map(|problem| view! {
                <p class="problem" role="alert">
                    {problem.message}
                    " "
                    {problem.cut_to.map(|n_ctx| view! {
                        <button type="button" class="link" on:click=move |_| page.dispatch(Event::CutAsked)>
                            {format!("Cut to {n_ctx} tokens")}
                        </button>
                    })}
                </p>
            })}
            <div class="entry-line">
                <EntryKindChoice page />
                <BosChoice page />
                <TypedTokens page />
            </div>
            <Examples page />
        </div>
    }
}

//! The input, and the buttons that run and cancel.

use leptos::prelude::*;

use super::bos_choice::BosChoice;
use super::entry_field::EntryField;
use super::entry_kind::EntryKindChoice;
use super::examples::Examples;
use super::random_block::RandomBlockFields;
use super::target_field::TargetField;
use super::typed_tokens::TypedTokens;
use crate::state::{EntryChange, EntryEvent, EntryKind, Event, WorkEvent, wording};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// The fields of the chosen kind of input, "Run", "Cancel", and what is wrong with the input.
#[component]
pub fn TextForm(page: Page) -> impl IntoView {
    let text = page.memo(|state| state.entry.text.clone());
    let pair = page.memo(|state| state.entry.pair.clone());
    let ids = page.memo(|state| state.entry.ids.clone());
    let kind = page.memo(|state| state.entry.kind);
    let is_busy = page.memo(|state| state.is_busy());
    let has_models = page.memo(|state| !state.models.is_empty());
    let loads_first = page.memo(|state| state.loads_first());
    let problem = page.memo(|state| state.notices.input.clone());
    let is_invalid = Signal::derive(move || problem.with(Option::is_some));
    let texts = move || {
        view! {
            <EntryField
                page
                id="text"
                name="Text"
                class="text"
                title="Enter runs the model, Shift+Enter starts a new line"
                described_by="text-note"
                is_invalid
                value=Signal::derive(move || text.get())
                on_typed=move |text| page.dispatch(Event::Entry(EntryEvent::TextEdited(text)))
            />
            <EntryField
                page
                id="pair"
                name="Second text"
                note=Signal::stored("optional")
                class="pair"
                value=Signal::derive(move || pair.get())
                on_typed=move |text| page.dispatch(Event::Entry(EntryEvent::PairEdited(text)))
            />
        }
    };
    let ids_field = move || {
        view! {
            <EntryField
                page
                id="ids"
                name="Token ids"
                note=Signal::stored("numbers with commas or spaces between")
                class="text wide"
                inputmode="numeric"
                is_invalid
                value=Signal::derive(move || ids.get())
                on_typed=move |text| page.dispatch(Event::Entry(EntryEvent::FieldChanged(EntryChange::Ids(text))))
            />
        }
    };
    view! {
        {move || match kind.get() {
            EntryKind::Text => texts(),
            EntryKind::Ids => ids_field(),
            EntryKind::RandomBlock => view! { <RandomBlockFields page /> },
        }}
        <TargetField page />
        <div class="actions">
            <button
                type="button"
                class="run"
                prop:disabled=move || !has_models.get()
                on:click=move |_| page.dispatch(Event::Work(WorkEvent::RunAsked))
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
                on:click=move |_| page.dispatch(Event::Work(WorkEvent::CancelAsked))
            >
                "Cancel"
            </button>
        </div>
        <div class="note text-note" id="text-note">
            {move || problem.get().map(|problem| view! {
                <Problem message=problem.message>
                    {problem.cut_to.map(|n_ctx| view! {
                        <button type="button" class="link" on:click=move |_| page.dispatch(Event::Work(WorkEvent::CutAsked))>
                            {format!("Cut to {n_ctx} tokens")}
                        </button>
                    })}
                </Problem>
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

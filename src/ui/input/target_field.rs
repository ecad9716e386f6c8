//! What a decoder reads: typed, or written by the model.

use leptos::prelude::*;

use super::entry_fields::run_with_enter;
use crate::state::{EntryChange, EntryKind, Event};
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;

/// The text box "Target"; only for models with an encoder and a decoder.
#[component]
pub fn TargetField(page: Page) -> impl IntoView {
    let has_target = page.memo(|state| state.takes_target());
    let target = page.memo(|state| state.entry.target.clone());
    let is_ids = page.memo(|state| state.entry.kind == EntryKind::Ids);
    let note = move || {
        if is_ids.get() {
            " ids that the decoder reads, its start token included; empty: the model writes"
        } else {
            " what the decoder reads; empty: what the model writes"
        }
    };
    view! {
        <Show when=move || has_target.get()>
            <div class="field target">
                <label for="target">"Target" <span class="aside" aria-hidden="true">{note}</span></label>
                <textarea
                    id="target"
                    rows="1"
                    aria-label="Target"
                    spellcheck="false"
                    placeholder="written by the model"
                    prop:value=move || target.get()
                    on:input:target=move |event| {
                        page.dispatch(Event::EntryChanged(EntryChange::Target(event.target().value())));
                    }
                    on:keydown=move |event| run_with_enter(page, &event)
                ></textarea>
            </div>
        </Show>
    }
}

//! What a decoder reads: typed, or written by the model.

use leptos::prelude::*;

use super::entry_field::EntryField;
use crate::state::{EntryChange, EntryEvent, EntryKind, Event};
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;

/// The text box "Target"; only for models with an encoder and a decoder.
#[component]
pub fn TargetField(page: Page) -> impl IntoView {
    let has_target = page.memo(|state| state.takes_target());
    let target = page.memo(|state| state.entry.target.clone());
    let is_ids = page.memo(|state| state.entry.kind == EntryKind::Ids);
    let note = Signal::derive(move || {
        if is_ids.get() {
            "ids that the decoder reads, its start token included; empty: the model writes"
        } else {
            "what the decoder reads; empty: what the model writes"
        }
    });
    view! {
        <Show when=move || has_target.get()>
            <EntryField
                page
                id="target"
                name="Target"
                note
                class="target"
                rows="1"
                placeholder="Target: written by the model"
                value=Signal::derive(move || target.get())
                on_typed=move |text| page.dispatch(Event::Entry(EntryEvent::FieldChanged(EntryChange::Target(text))))
            />
        </Show>
    }
}

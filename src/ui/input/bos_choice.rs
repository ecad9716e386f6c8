//! Whether the begin-of-text token stands in front of the input.

use leptos::prelude::*;

use crate::state::{EntryChange, EntryEvent, EntryKind, Event};
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;

/// The check box "BOS"; only where the model has the token and the input is neither its ids nor a conversation.
#[component]
pub fn BosChoice(page: Page) -> impl IntoView {
    let is_on = page.memo(|state| {
        let adds = state.work.model.as_ref()?.adds_bos?;
        let default = adds || state.entry.kind == EntryKind::RandomBlock;
        (!matches!(state.entry.kind, EntryKind::Ids | EntryKind::Chat)).then(|| state.entry.bos.unwrap_or(default))
    });
    view! {
        <Show when=move || is_on.get().is_some()>
            <label class="check" title="Begin with the model’s begin-of-text token">
                <input
                    type="checkbox"
                    prop:checked=move || is_on.get().unwrap_or_default()
                    on:change:target=move |event| {
                        page.dispatch(Event::Entry(EntryEvent::FieldChanged(EntryChange::Bos(Some(event.target().checked())))));
                    }
                />
                <span>"BOS"</span>
            </label>
        </Show>
    }
}

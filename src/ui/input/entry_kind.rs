//! Which kind of input the model reads.

use leptos::prelude::*;

use crate::state::{EntryChange, EntryEvent, EntryKind, Event, State};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The combobox "Kind of input".
#[component]
pub fn EntryKindChoice(page: Page) -> impl IntoView {
    let kind = page.memo(|state| state.entry.kind);
    let offers_chat = page.memo(State::offers_chat);
    let option = move |option: EntryKind| {
        view! {
            <option value=option.label() prop:selected=move || kind.get() == option>{option.label()}</option>
        }
    };
    let is_offered = move |kind: &EntryKind| *kind != EntryKind::Chat || offers_chat.get();
    let pick = move |value: String| {
        if let Some(kind) = EntryKind::EACH.into_iter().find(|kind| kind.label() == value) {
            page.dispatch(Event::Entry(EntryEvent::FieldChanged(EntryChange::Kind(kind))));
        }
    };
    view! {
        <select class="entry-kind" aria-label="Kind of input" on:change:target=move |event| pick(event.target().value())>
            {move || EntryKind::EACH.into_iter().filter(is_offered).map(option).collect_view()}
        </select>
    }
}

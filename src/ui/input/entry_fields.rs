//! The fields of the chosen kind of input.

use leptos::prelude::*;

use super::chat::ChatLine;
use super::entry_field::EntryField;
use crate::state::{EntryChange, EntryEvent, EntryKind, Event};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// A text and a second one, token ids, the numbers of a random block, or a conversation.
#[component]
pub fn EntryFields(page: Page) -> impl IntoView {
    let text = page.memo(|state| state.entry.text.clone());
    let pair = page.memo(|state| state.entry.pair.clone());
    let ids = page.memo(|state| state.entry.ids.clone());
    let kind = page.memo(|state| state.entry.kind);
    let is_wrong = page.memo(|state| state.notices.input.is_some());
    let is_invalid = Signal::derive(move || is_wrong.get());
    let texts = move || {
        view! {
            <EntryField
                page
                id="text"
                name="Text"
                class="text"
                title="Enter runs the model, Shift+Enter starts a new line"
                placeholder="Text"
                described_by="text-note"
                is_invalid
                value=Signal::derive(move || text.get())
                on_typed=move |text| page.dispatch(Event::Entry(EntryEvent::TextEdited(text)))
            />
            <EntryField
                page
                id="pair"
                name="Second text"
                note=Signal::stored("(optional)")
                class="pair"
                placeholder="Second text"
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
                note=Signal::stored("(numbers, separated by commas or spaces)")
                class="text wide"
                inputmode="numeric"
                placeholder="Token ids"
                described_by="text-note"
                is_invalid
                value=Signal::derive(move || ids.get())
                on_typed=move |text| page.dispatch(Event::Entry(EntryEvent::FieldChanged(EntryChange::Ids(text))))
            />
        }
    };
    move || match kind.get() {
        EntryKind::Text => texts(),
        EntryKind::Ids => ids_field(),
        EntryKind::RandomBlock => page.parts().awaited(move |views| (views.random_block)(page)),
        EntryKind::Chat => view! {
            <ChatLine page />
            {page.parts().awaited(move |views| (views.chat)(page))}
        },
    }
}

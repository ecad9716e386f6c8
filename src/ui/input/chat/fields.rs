//! The messages of a conversation.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::message::Message;
use super::{Control, focus_soon, focus_toggle};
use crate::state::{ChatChange, EntryChange, EntryEvent, Event};
use crate::ui::erased::{keyed, view};
use crate::ui::shell::page::Page;
use crate::ui::small::check_box::CheckBox;

/// The list "Messages", with what adds to it.
#[component]
pub fn ChatFields(page: Page) -> impl IntoView {
    let rows = page.memo(|state| (0..state.entry.chat.messages.len()).collect::<Vec<_>>());
    let adds_prompt = page.memo(|state| state.entry.chat.adds_prompt);
    let refusal = page.memo(|state| state.readings.typed.problem().map(str::to_owned));
    let change = move |change| page.dispatch(Event::Entry(EntryEvent::FieldChanged(EntryChange::Chat(change))));
    let add = move |_| {
        change(ChatChange::Added);
        focus_soon(Control::Content, rows.with_untracked(Vec::len).saturating_sub(1));
    };
    // Either closes the fields, and what has the focus with them.
    let on_key = |event: KeyboardEvent| {
        let runs = event.key() == "Enter" && event.default_prevented();
        if runs || event.key() == "Escape" {
            focus_toggle();
        }
    };
    view! {
        <div class="chat" on:keydown=on_key>
            <div class="chat-messages" role="list" aria-label="Messages">
                {keyed(rows, move |index| view! { <Message page index /> })}
            </div>
            <div class="chat-actions">
                <button type="button" class="link" on:click=add>"Add message"</button>
                <CheckBox
                    name="Add generation prompt"
                    is_on=Signal::derive(move || adds_prompt.get())
                    change=move |is_on| change(ChatChange::Prompt(is_on))
                />
            </div>
            <p class="note problem" role="status">{move || refusal.get()}</p>
        </div>
    }
}

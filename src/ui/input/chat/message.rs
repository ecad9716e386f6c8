//! One message: who says it, what it says, and its place.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::{Control, focus_soon};
use crate::state::chat::ROLES;
use crate::state::{ChatChange, EntryChange, EntryEvent, Event};
use crate::ui::erased::view;
use crate::ui::input::keys::run_with_enter;
use crate::ui::shell::page::Page;

/// A row of the list.
#[component]
pub fn Message(page: Page, index: usize) -> impl IntoView {
    let message = page.memo(move |state| state.entry.chat.messages.get(index).cloned().unwrap_or_default());
    let n_messages = page.memo(|state| state.entry.chat.messages.len());
    let role = move || message.with(|message| message.role.clone());
    let change = move |change| page.dispatch(Event::Entry(EntryEvent::FieldChanged(EntryChange::Chat(change))));
    let is_first = move || index == 0;
    let is_last = move || index + 1 >= n_messages.get();
    let up = move |control: Control| {
        change(ChatChange::MovedUp(index));
        focus_soon(control, index.saturating_sub(1));
    };
    let down = move |control: Control| {
        change(ChatChange::MovedDown(index));
        focus_soon(control, (index + 1).min(n_messages.get_untracked().saturating_sub(1)));
    };
    let remove = move |_| {
        change(ChatChange::Removed(index));
        focus_soon(Control::Remove, index.min(n_messages.get_untracked().saturating_sub(1)));
    };
    let on_key = move |event: KeyboardEvent| match (event.alt_key(), event.key().as_str()) {
        (true, "ArrowUp") => up(Control::Content),
        (true, "ArrowDown") => down(Control::Content),
        _ => run_with_enter(page, &event),
    };
    // A role that a link brought is offered too.
    let roles = move || {
        let own = Some(role()).filter(|role| !ROLES.contains(&role.as_str()));
        ROLES.map(str::to_owned).into_iter().chain(own).collect::<Vec<_>>()
    };
    let option = move |name: String| {
        let is_picked = name == role();
        let value = name.clone();
        view! { <option value=value prop:selected=is_picked>{name}</option> }
    };
    let number = index + 1;
    view! {
        <div class="chat-message" role="listitem" data-role=role>
            <select
                aria-label=format!("Role of message {number}")
                on:change:target=move |event| change(ChatChange::Role(index, event.target().value()))
            >
                {move || roles().into_iter().map(option).collect_view()}
            </select>
            <textarea
                id=Control::Content.id(index)
                rows="1"
                aria-label=format!("Message {number}")
                title="Enter runs the model, Shift+Enter starts a new line, Alt with an arrow key moves the message"
                placeholder="Message"
                spellcheck="false"
                prop:value=move || message.with(|message| message.content.clone())
                on:input:target=move |event| change(ChatChange::Content(index, event.target().value()))
                on:keydown=on_key
            ></textarea>
            <button
                type="button"
                class="quiet icon"
                id=Control::Up.id(index)
                aria-label=format!("Move message {number} up")
                disabled=is_first
                on:click=move |_| up(Control::Up)
            >
                "↑"
            </button>
            <button
                type="button"
                class="quiet icon"
                id=Control::Down.id(index)
                aria-label=format!("Move message {number} down")
                disabled=is_last
                on:click=move |_| down(Control::Down)
            >
                "↓"
            </button>
            <button
                type="button"
                class="quiet icon"
                id=Control::Remove.id(index)
                aria-label=format!("Remove message {number}")
                on:click=remove
            >
                "×"
            </button>
        </div>
    }
}

//! A conversation in one line, while it is not edited.

use leptos::prelude::*;

use super::{Control, focus_soon};
use crate::trace::ChatMessage;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The field "Conversation": its focus opens the messages.
#[component]
pub fn ChatLine(page: Page) -> impl IntoView {
    let line = page.memo(|state| {
        let written = |message: &ChatMessage| format!("{}: {}", message.role, message.content.trim());
        state.entry.chat.messages.iter().map(written).collect::<Vec<_>>().join("  ·  ")
    });
    view! {
        <div class="field text wide chat-line">
            <textarea
                rows="1"
                readonly
                aria-label="Conversation"
                aria-describedby="text-note"
                prop:value=move || line.get()
                on:focus=move |_| focus_soon(Control::Content, 0)
            ></textarea>
        </div>
    }
}

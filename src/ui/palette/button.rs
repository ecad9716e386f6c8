//! The button in the view bar that opens the palette.

use leptos::prelude::*;

use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// Opens the command palette.
#[component]
pub fn PaletteButton(page: Page) -> impl IntoView {
    view! {
        <button
            type="button"
            id="commands"
            class="quiet icon"
            aria-label="Commands"
            aria-haspopup="dialog"
            title="Find a command, head, token, example or model (Ctrl+K, or /)"
            on:click=move |_| page.palette().set(true)
        >
            <span class="search-icon" aria-hidden="true"></span>
        </button>
    }
}

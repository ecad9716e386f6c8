//! Lets a search rest, in the status line.

use leptos::prelude::*;

use super::send;
use crate::state::FindEvent;
use crate::state::find::Stage;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// "Pause" while a search runs, "Go on" while it rests.
#[component]
pub fn PauseButton(page: Page) -> impl IntoView {
    let stage = page.memo(|state| match state.find.search.as_ref().map(|search| &search.stage) {
        Some(Stage::Running) => Some(false),
        Some(Stage::Paused) => Some(true),
        _ => None,
    });
    view! {
        {move || stage.get().map(|is_paused| view! {
            <button type="button" class="quiet" on:click=move |_| send(page, FindEvent::PauseAsked(!is_paused))>
                {if is_paused { "Go on" } else { "Pause" }}
            </button>
        })}
    }
}

//! The panels of the column "Change the model".

use leptos::prelude::*;

use super::against_panel::AgainstChoice;
use super::edits::EditsPanel;
use super::outcome::OutcomePanel;
use super::sweep::SweepPanel;
use super::writing::WritingPanel;
use crate::state::{Event, WorkEvent};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The column's panels.
#[component]
pub fn Editing(page: Page) -> impl IntoView {
    let can_edit = page.memo(|state| state.can_edit());
    let is_busy = page.memo(|state| state.is_busy());
    view! {
        <p class="hint" class:none=move || can_edit.get()>
            "This result is precomputed. Run the text to change the model: its heads, links, tokens and neurons. "
            <button
                type="button"
                class="link"
                prop:disabled=move || is_busy.get()
                on:click=move |_| page.dispatch(Event::Work(WorkEvent::RunAsked))
            >
                "Run it"
            </button>
        </p>
        <AgainstChoice page />
        <div class="editing-panels" class:idle=move || !can_edit.get()>
            <EditsPanel page />
            <OutcomePanel page />
            <SweepPanel page />
            <WritingPanel page />
        </div>
    }
}

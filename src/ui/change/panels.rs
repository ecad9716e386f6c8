//! The panels of the column "Change the model".

use leptos::prelude::*;

use super::against_panel::AgainstChoice;
use super::edits::EditsPanel;
use super::outcome::OutcomePanel;
use super::precomputed::Precomputed;
use super::sweep::SweepPanel;
use super::writing::WritingPanel;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The column's panels.
#[component]
pub fn Editing(page: Page) -> impl IntoView {
    let can_edit = page.memo(|state| state.can_edit());
    view! {
        <Precomputed page />
        <AgainstChoice page />
        <div class="editing-panels" class:idle=move || !can_edit.get()>
            <EditsPanel page />
            <OutcomePanel page />
            <SweepPanel page />
            <WritingPanel page />
        </div>
    }
}

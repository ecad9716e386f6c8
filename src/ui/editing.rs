//! Everything about changing the model: edits, outcome and predictions side by side, sweeps, writing on.

use leptos::prelude::*;

use super::edits_panel::EditsPanel;
use super::outcome_panel::OutcomePanel;
use super::page::Page;
use super::sweep_panel::SweepPanel;
use super::writing_panel::WritingPanel;

/// The panels below the view.
#[component]
pub fn Editing(
    /// The page.
    page: Page,
) -> impl IntoView {
    view! {
        <section class="editing" aria-label="Change the model">
            <EditsPanel page />
            <OutcomePanel page />
            <SweepPanel page />
            <WritingPanel page />
        </section>
    }
}

//! "Export figure", which opens the dialog with the formats.

use leptos::prelude::*;

use super::dialog_button::DialogButton;
use super::export::ExportChoice;
use crate::ui::erased::{Derived, view};
use crate::ui::head::scene::Scene;
use crate::ui::shell::page::Page;

/// "Export figure" and its dialog.
#[component]
pub fn ExportButton(page: Page, scene: Derived<Option<Scene>>) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let choice = ExportChoice::new();
    view! {
        <DialogButton
            page
            is_open
            label="Export figure"
            title="What is on screen as a figure: SVG, PNG, PDF, and its numbers as CSV"
            heading="Export a figure"
            id="export-dialog"
        >
            {page.parts().awaited(move |views| (views.export)(page, scene, is_open, choice))}
        </DialogButton>
    }
}

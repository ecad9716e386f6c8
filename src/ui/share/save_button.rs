//! "Save trace", which opens the dialog with the choices.

use leptos::prelude::*;

use super::dialog_button::DialogButton;
use super::save::SaveChoice;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// "Save trace" and its dialog.
#[component]
pub fn SaveButton(page: Page, is_open: RwSignal<bool>) -> impl IntoView {
    let choice = SaveChoice::new();
    view! {
        <DialogButton
            page
            is_open
            label="Save trace"
            title="The numbers behind this result, as a safetensors file for Python and for this page"
            heading="Save as a trace"
            id="save-dialog"
        >
            {page.parts().awaited(move |views| (views.save)(page, is_open, choice))}
        </DialogButton>
    }
}

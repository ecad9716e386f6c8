//! "?", which opens the list of keys and marks.

use leptos::prelude::*;

use super::page::Page;
use crate::ui::erased::view;
use crate::ui::small::dialog::Dialog;

/// "?", and the dialog that it opens.
#[component]
pub fn HelpButton(page: Page) -> impl IntoView {
    let is_open = page.help();
    view! {
        <button type="button" class="quiet icon help-button" aria-label="Help" title="Keys and marks (?)" on:click=move |_| is_open.set(true)>
            "?"
        </button>
        <Dialog is_open name="Keys and marks" id="help-dialog">
            {page.parts().awaited(|views| (views.help)())}
        </Dialog>
    }
}

//! "Open trace", which opens the dialog with a file and a URL.

use leptos::prelude::*;

use crate::state::palette::Control;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::dialog::Dialog;

/// "Open trace" and its dialog.
#[component]
pub fn OpenButton(page: Page) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let url = RwSignal::new(String::new());
    view! {
        <button
            type="button"
            id=Control::OpenTrace.id()
            class="quiet"
            title="Open attention saved by this page or by Python"
            on:click=move |_| is_open.set(true)
        >
            "Open trace"
        </button>
        <Dialog is_open name="Open a trace" id="open-dialog">
            {page.parts().awaited(move |views| (views.open_trace)(page, is_open, url))}
        </Dialog>
    }
}

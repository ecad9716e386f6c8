//! A button that needs a result, and the dialog that it opens.

use leptos::prelude::*;

use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::dialog::Dialog;

/// A button that is disabled while there is no result.
#[component]
pub fn DialogButton(
    page: Page,
    is_open: RwSignal<bool>,
    label: &'static str,
    title: &'static str,
    heading: &'static str,
    /// The dialog's id, unique within the page; that of the button is this with `-button` behind it.
    id: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let has_result = page.memo(|state| state.shown.is_some());
    view! {
        <button
            type="button"
            id=format!("{id}-button")
            class="quiet"
            title=title
            prop:disabled=move || !has_result.get()
            on:click=move |_| is_open.set(true)
        >
            {label}
        </button>
        <Dialog is_open name=heading id>
            {children()}
        </Dialog>
    }
}

//! A button that needs a result on screen, and the dialog that it opens.

use leptos::prelude::*;

use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::dialog::Dialog;

/// Off while there is no result, or something else stands in its way.
#[component]
pub fn DialogButton(
    page: Page,
    is_open: RwSignal<bool>,
    /// What the button says.
    label: &'static str,
    /// What it is for.
    title: &'static str,
    /// Why it cannot be pressed now, if so.
    #[prop(optional)]
    obstacle: Option<Derived<Option<&'static str>>>,
    /// The dialog's heading.
    heading: &'static str,
    /// The dialog's id within the page, unique.
    id: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let has_result = page.memo(|state| state.shown.is_some());
    let obstacle = move || obstacle.and_then(Derived::get);
    view! {
        <button
            type="button"
            class="quiet"
            title=move || obstacle().unwrap_or(title)
            prop:disabled=move || obstacle().is_some() || !has_result.get()
            on:click=move |_| is_open.set(true)
        >
            {label}
        </button>
        <Dialog is_open name=heading id>
            {children()}
        </Dialog>
    }
}

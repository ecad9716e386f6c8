//! What is under way, else what is on screen.

use leptos::prelude::*;

use crate::state::wording;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The status in one line.
#[component]
pub fn StatusText(page: Page) -> impl IntoView {
    let work = page.memo(wording::work);
    let result = page.memo(|state| Some(wording::result(state.shown.as_ref()?, state.work.threads.running)));
    let text = move || wording::brief(&work.get().or_else(|| result.get()).unwrap_or_default());
    view! { <span role="status" aria-label="Status" class="status" title=text>{text}</span> }
}

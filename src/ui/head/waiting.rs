//! The head view before its first result.

use leptos::prelude::*;

use crate::state::wording;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// Stands where the first result will be, and says what to wait for or to do.
#[component]
pub fn Waiting(page: Page) -> impl IntoView {
    let is_loading = page.memo(|state| state.is_busy() || state.models.is_empty() && state.notices.model.is_none());
    let size = page.memo(|state| state.picked().map(|entry| wording::bytes(entry.size())));
    let sentence = move || match (is_loading.get(), size.get()) {
        (true, Some(size)) => {
            format!("The model ({size}) is downloaded once and stored in this browser. The first result appears here.")
        }
        (true, None) => "The first result appears here.".to_owned(),
        (false, _) => "Nothing has been run yet. Press Run to see the attention of your text.".to_owned(),
    };
    view! { <p class="waiting">{sentence}</p> }
}

//! The mark of a trace that was saved with edits in force, beside every view of it.

use leptos::prelude::*;

use crate::state::{State, wording};
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;

/// "Edited: Zero L24H4", or the number of edits; nothing for other results.
#[component]
pub fn SavedEdits(page: Page) -> impl IntoView {
    let edits = page.memo(State::trace_edits);
    let text = move || match &edits.get()[..] {
        [only] => format!("Edited: {}", wording::brief(only)),
        several => format!("Edited: {}", wording::count(several.len(), "edit")),
    };
    view! {
        <Show when=move || !edits.with(Vec::is_empty)>
            <span class="label saved-edits" role="note" title=move || edits.get().join("\n")><bdi>{text}</bdi></span>
        </Show>
    }
}

//! The dialog's content: the ways to a model.

use leptos::prelude::*;

use super::disk::FromDisk;
use super::hub::FromHub;
use super::layers::Layers;
use super::outcome::Outcome;
use super::suggestions::Suggestions;
use crate::state::more_models::Lookup;
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;

/// The dialog's content. It exists while the dialog is closed too, since it takes files dropped on the page.
#[component]
pub fn Ways(page: Page) -> impl IntoView {
    let has_outcome = page.memo(|state| state.more.lookup != Lookup::None);
    view! {
        <div class="ways">
            <FromHub page />
            <FromDisk page />
        </div>
        <Layers page />
        <Show when=move || has_outcome.get() fallback=move || view! { <Suggestions page /> }>
            <Outcome page />
        </Show>
    }
}

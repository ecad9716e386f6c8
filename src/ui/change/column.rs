//! The column "Change the model": edits, outcome and predictions side by side, sweeps, generation.
//!
//! A wide window has the column beside the views, where it can be closed. A narrow window has it after the views, and the button over
//! the views scrolls there.

use leptos::prelude::*;
use leptos_use_media_query::use_media_query;

use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// From this width of the window on the column stands beside the views, as in style/shell.css.
pub(super) const BESIDE: &str = "(min-width: 1041px)";
/// From this width on the column is open at first: the neuron view keeps all its columns.
const ROOMY: &str = "(min-width: 1420px)";
/// Id of the heading.
pub(super) const HEADING: &str = "editing-heading";

/// Whether the column is open: as the reader chose, or by the room there is.
pub fn panel_is_open(page: Page) -> Signal<bool> {
    let chosen = page.memo(|state| state.editing.is_open);
    let (beside, roomy) = (use_media_query(BESIDE), use_media_query(ROOMY));
    Signal::derive(move || !beside.get() || chosen.get().unwrap_or(roomy.get()))
}

/// The column, whose panels are fetched after the page.
#[component]
pub fn EditingColumn(page: Page, is_open: Signal<bool>) -> impl IntoView {
    view! {
        <section id="editing" class="editing" aria-label="Change the model" class:shut=move || !is_open.get()>
            <h2 class="editing-heading" id=HEADING tabindex="-1">"Change the model"</h2>
            {page.parts().awaited(move |views| (views.editing)(page))}
        </section>
    }
}

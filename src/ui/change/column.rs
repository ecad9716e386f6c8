//! The inspector's tab "Change": edits, outcome and predictions side by side, sweeps, generation.

use leptos::prelude::*;

use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// Id of the heading.
pub(super) const HEADING: &str = "editing-heading";

/// The column, whose panels are fetched after the page.
#[component]
pub fn EditingColumn(page: Page) -> impl IntoView {
    view! {
        <section id="editing" class="editing" aria-label="Change the model">
            <h2 class="editing-heading" id=HEADING tabindex="-1">"Change the model"</h2>
            {page.parts().awaited(move |views| (views.editing)(page))}
        </section>
    }
}

//! What was read of the loaded model.

use leptos::prelude::*;

use crate::state::State;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// A table of facts, then what was assumed or left out in reading the files.
#[component]
pub fn AboutModel(page: Page) -> impl IntoView {
    let rows = page.memo(|state| State::about_model(state).unwrap_or_default());
    let notes = page.memo(|state| state.work.model.as_ref().map(|model| model.notes.clone()).unwrap_or_default());
    let row = |(name, value): (&'static str, String)| view! { <tr><th scope="row">{name}</th><td>{value}</td></tr> };
    view! {
        <table class="facts" aria-label="What was read of the model">
            <tbody>{move || rows.get().into_iter().map(row).collect_view()}</tbody>
        </table>
        {move || notes.get().into_iter().map(|note| view! { <p>{note}</p> }).collect_view()}
    }
}

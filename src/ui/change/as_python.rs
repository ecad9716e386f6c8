//! "Copy as Python": the numbers beside it as a script for another library.

use leptos::prelude::*;

use super::script_entry::ScriptEntry;
use crate::state::State;
use crate::state::python::Library;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// What makes a script of the state.
pub type MakeScript = fn(&State, Library) -> Result<String, String>;

/// A library for each entry; one for which there is no script says why.
#[component]
pub fn AsPython(page: Page, script: MakeScript) -> impl IntoView {
    let is_open = RwSignal::new(false);
    view! {
        <details class="as-python" on:toggle:target=move |event| is_open.set(event.target().has_attribute("open"))>
            <summary>"Copy as Python"</summary>
            {Library::EACH.map(|library| view! { <ScriptEntry page script library is_open /> }).collect_view()}
        </details>
    }
}

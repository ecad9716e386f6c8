//! An entry of "Copy as Python".

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::as_python::MakeScript;
use crate::platform::download::copy_text;
use crate::state::python::Library;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// Copies the script for one library, or says why there is none.
#[component]
pub fn ScriptEntry(page: Page, script: MakeScript, library: Library, is_open: RwSignal<bool>) -> impl IntoView {
    let problem =
        Derived::new(move || if is_open.get() { page.with(|state| script(state, library)).err() } else { None });
    let has_copied = RwSignal::new(false);
    // Where the browser gives no access to the clipboard.
    let shown = RwSignal::new(None::<String>);
    let copy = move |_| {
        let Ok(text) = page.peek(|state| script(state, library)) else { return };
        spawn_local(async move {
            match copy_text(&text).await {
                Ok(()) => has_copied.set(true),
                Err(_) => shown.set(Some(text)),
            }
        });
    };
    view! {
        <p>
            <button
                type="button"
                class="link"
                prop:disabled=move || problem.with(Option::is_some)
                on:click=copy
                on:blur=move |_| has_copied.set(false)
            >
                {format!("For {}", library.name())}
            </button>
            <span class="hint" role="status">{move || has_copied.get().then_some(" Copied")}</span>
        </p>
        {move || problem.get().map(|problem| view! { <p class="hint">{problem}</p> })}
        {move || shown.get().map(|text| view! {
            <textarea aria-label="Script" rows="6" readonly=true spellcheck="false" prop:value=text></textarea>
        })}
    }
}

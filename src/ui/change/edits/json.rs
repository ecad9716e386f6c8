//! The list of edits as JSON.

use leptos::prelude::*;

use crate::edit::parse_list;
use crate::state::editing::EditEvent;
use crate::state::{Event, wording};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// The list as JSON, as in files and links. Every kind of edit can be written here, even those that no button makes.
#[component]
pub fn ListAsJson(page: Page) -> impl IntoView {
    let json = page.memo(|state| match state.editing.list.is_empty() {
        true => "[]".to_owned(),
        false => state.editing.json().replace("},{", "},\n {"),
    });
    let typed = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<String>);
    let text = move || typed.get().unwrap_or_else(|| json.get());
    let apply = move |_| match parse_list(&untrack(text)) {
        Ok(edits) => {
            problem.set(None);
            typed.set(None);
            page.dispatch(Event::Editing(EditEvent::Replaced(edits)));
        }
        Err(error) => problem.set(Some(wording::sentence(&error.to_string()))),
    };
    view! {
        <details class="as-json">
            <summary>"The list as JSON"</summary>
            <textarea
                aria-label="Edits as JSON"
                rows="3"
                spellcheck="false"
                prop:value=text
                on:input:target=move |event| typed.set(Some(event.target().value()))
            ></textarea>
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
            <button type="button" class="add" on:click=apply>"Use this list"</button>
        </details>
    }
}

//! Sets that this browser keeps under a name.

use leptos::prelude::*;

use super::send;
use crate::platform::page::{forget, keep_if_possible, kept, kept_keys};
use crate::state::FindEvent;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// Before the name of a set in the browser's storage.
const PREFIX: &str = "headlight.set.";

/// A field that keeps the set under a name, and the sets that are kept.
#[component]
pub fn KeptSets(page: Page) -> impl IntoView {
    let names = RwSignal::new(kept_keys(PREFIX));
    let typed = RwSignal::new(String::new());
    let problem = RwSignal::new(None::<String>);
    let has_set = page.memo(|state| state.find.set.is_some());
    let keep_set = move |_| {
        let name = typed.with_untracked(|typed| typed.trim().to_owned());
        let lines = page.peek(|state| state.find.set.as_ref().map(|set| set.lines.clone()));
        let Some(lines) = lines.filter(|_| !name.is_empty()) else { return };
        let is_kept = keep_if_possible(&format!("{PREFIX}{name}"), &lines);
        let full =
            "This browser’s storage is full or forbidden, so the set was not kept: save it as JSON Lines instead.";
        problem.set((!is_kept).then(|| full.to_owned()));
        names.set(kept_keys(PREFIX));
    };
    let item = move |name: String| {
        let (opened, forgotten, label) = (name.clone(), name.clone(), format!("Forget {name}"));
        let open = move |_| {
            if let Some(lines) = kept(&format!("{PREFIX}{opened}")) {
                send(page, FindEvent::FileCame(format!("{opened}.jsonl"), Ok(lines.into_bytes())));
            }
        };
        let drop_it = move |_| {
            forget(&format!("{PREFIX}{forgotten}"));
            names.set(kept_keys(PREFIX));
        };
        view! {
            <li>
                <button type="button" class="link" on:click=open>{name}</button>
                " "
                <button type="button" class="quiet" aria-label=label on:click=drop_it>"Forget"</button>
            </li>
        }
    };
    view! {
        <div class="find-fields" class:none=move || !has_set.get()>
            <label>
                "Name"
                <input
                    type="text"
                    spellcheck="false"
                    prop:value=move || typed.get()
                    on:input:target=move |event| typed.set(event.target().value())
                />
            </label>
            <button
                type="button"
                class="action"
                prop:disabled=move || typed.with(|typed| typed.trim().is_empty())
                on:click=keep_set
            >
                "Keep in this browser"
            </button>
        </div>
        {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
        {move || {
            let names = names.get();
            (!names.is_empty()).then(|| view! {
                <p class="hint">"Kept in this browser:"</p>
                <ul class="plain-list" aria-label="Kept sets">{names.into_iter().map(item).collect_view()}</ul>
            })
        }}
    }
}

//! Which column holds what, set by hand.

use leptos::prelude::*;

use super::send;
use crate::sets::Role;
use crate::state::FindEvent;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// What a role is called.
fn label(role: Role) -> &'static str {
    match role {
        Role::Text => "Text",
        Role::TextPair => "Second text",
        Role::Target => "Target",
        Role::Answer => "Answer",
        Role::Others => "Other answers",
        Role::Label => "Label",
        Role::PairId => "Shared id",
        Role::Version => "Version",
    }
}

/// A choice of columns for each role; what is not chosen is recognised.
#[component]
pub fn ColumnChoice(page: Page) -> impl IntoView {
    let names = page.memo(|state| state.find.column_names.clone());
    let given = page.memo(|state| state.find.columns.clone());
    let field = move |role: Role| {
        let picked = move || given.with(|given| given.0.get(&role).cloned().unwrap_or_default());
        let option = move |name: String| {
            let (value, shown) = (name.clone(), name.clone());
            view! { <option value=value prop:selected=move || picked() == name>{shown}</option> }
        };
        let pick = move |name: String| {
            send(page, FindEvent::ColumnGiven(role, Some(name).filter(|name| !name.is_empty())));
        };
        view! {
            <label>
                {label(role)}
                <select on:change:target=move |event| pick(event.target().value())>
                    <option value="" prop:selected=move || picked().is_empty()>"recognised"</option>
                    {move || names.get().into_iter().map(option).collect_view()}
                </select>
            </label>
        }
    };
    view! {
        <details>
            <summary>"Columns"</summary>
            <div class="find-fields">{Role::EACH.map(field).collect_view()}</div>
        </details>
    }
}

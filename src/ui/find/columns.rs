//! Which column holds what, set by hand.

use leptos::prelude::*;

use super::send;
use crate::sets::Role;
use crate::state::FindEvent;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::select_field::{SelectField, same_name};

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
    let options = Signal::derive(move || {
        let recognised = (String::new(), "recognised".to_owned());
        std::iter::once(recognised).chain(names.get().into_iter().map(same_name)).collect()
    });
    let field = move |role: Role| {
        view! {
            <SelectField
                label=label(role)
                options
                picked=Signal::derive(move || given.with(|given| given.0.get(&role).cloned().unwrap_or_default()))
                pick=move |name: String| {
                    send(page, FindEvent::ColumnGiven(role, Some(name).filter(|name| !name.is_empty())));
                }
            />
        }
    };
    view! {
        <details>
            <summary>"Columns"</summary>
            <div class="find-fields">{Role::EACH.map(field).collect_view()}</div>
        </details>
    }
}

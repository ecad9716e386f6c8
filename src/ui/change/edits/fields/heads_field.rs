//! Which heads an edit is about.

use leptos::prelude::*;

use crate::state::editing::forms::{Fields, HeadsAsked};
use crate::ui::change::edit_menu::of_selection;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// Which heads.
#[component]
pub fn HeadsField(page: Page, fields: RwSignal<Fields>) -> impl IntoView {
    let names = of_selection(page, |state| HeadsAsked::EACH.map(|asked| state.heads_asked_name(asked)));
    let option = move |(index, asked): (usize, HeadsAsked)| {
        view! {
            <option value=index.to_string() prop:selected=move || fields.with(|fields| fields.heads == asked)>
                {move || names.get()[index].clone()}
            </option>
        }
    };
    let pick = move |value: String| {
        let asked = value.parse::<usize>().ok().and_then(|index| HeadsAsked::EACH.get(index).copied());
        fields.update(|fields| fields.heads = asked.unwrap_or_default());
    };
    view! {
        <label class="wide">
            "Heads"
            <select on:change:target=move |event| pick(event.target().value())>
                {HeadsAsked::EACH.into_iter().enumerate().map(option).collect_view()}
            </select>
        </label>
    }
}

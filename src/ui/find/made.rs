//! Sets that the program makes.

use leptos::prelude::*;

use super::send;
use crate::sets::made::Made;
use crate::state::FindEvent;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// Which set, of how many rows, from which seed.
#[component]
pub fn MadeSet(page: Page) -> impl IntoView {
    let made = page.memo(|state| state.find.made);
    let n_rows = page.memo(|state| state.find.n_rows.clone());
    let seed = page.memo(|state| state.find.seed.clone());
    let option = move |(index, option): (usize, Made)| {
        view! { <option value=index.to_string() prop:selected=move || made.get() == index>{option.name()}</option> }
    };
    let pick = move |value: String| send(page, FindEvent::MadePicked(value.parse().unwrap_or(0)));
    view! {
        <form class="find-fields" on:submit=move |event| {
            event.prevent_default();
            send(page, FindEvent::MakeAsked);
        }>
            <label>
                "Made set"
                <select on:change:target=move |event| pick(event.target().value())>
                    {Made::ALL.into_iter().enumerate().map(option).collect_view()}
                </select>
            </label>
            <label class="short">
                "Rows"
                <input
                    type="text"
                    inputmode="numeric"
                    prop:value=move || n_rows.get()
                    on:input:target=move |event| send(page, FindEvent::RowsTyped(event.target().value()))
                />
            </label>
            <label class="short">
                "Seed"
                <input
                    type="text"
                    inputmode="numeric"
                    prop:value=move || seed.get()
                    on:input:target=move |event| send(page, FindEvent::SeedTyped(event.target().value()))
                />
            </label>
            <button type="submit" class="action">"Make set"</button>
            <p class="hint">{move || Made::ALL[made.get()].about()}"."</p>
        </form>
    }
}

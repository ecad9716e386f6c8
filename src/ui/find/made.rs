//! Sets that the program makes.

use leptos::prelude::*;

use super::count_field::CountField;
use super::send;
use crate::sets::made::Made;
use crate::state::FindEvent;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::select_field::SelectField;

/// Which set, of how many rows, from which seed.
#[component]
pub fn MadeSet(page: Page) -> impl IntoView {
    let made = page.memo(|state| state.find.made);
    let n_rows = page.memo(|state| state.find.n_rows.clone());
    let seed = page.memo(|state| state.find.seed.clone());
    let options = Signal::stored(
        Made::ALL.into_iter().enumerate().map(|(index, made)| (index.to_string(), made.name().to_owned())).collect(),
    );
    let pick = move |value: String| send(page, FindEvent::MadePicked(value.parse().unwrap_or(0)));
    view! {
        <form class="find-fields" on:submit=move |event| {
            event.prevent_default();
            send(page, FindEvent::MakeAsked);
        }>
            <SelectField label="Made set" options picked=Signal::derive(move || made.get().to_string()) pick />
            <CountField label="Rows" value=n_rows on_typed=move |text| send(page, FindEvent::RowsTyped(text)) />
            <CountField label="Seed" value=seed on_typed=move |text| send(page, FindEvent::SeedTyped(text)) />
            <button type="submit" class="action">"Make set"</button>
            <p class="hint">{move || Made::ALL[made.get()].about()}"."</p>
        </form>
    }
}

//! A button that saves a table of numbers as a file.

use leptos::prelude::*;

use crate::platform::download::save_bytes;
use crate::ui::erased::view;

/// "CSV", which saves a table under a name.
#[component]
pub fn CsvButton(
    /// The file's name without its ending.
    name: &'static str,
    /// Makes the table.
    table: Box<dyn Fn() -> Option<String>>,
) -> impl IntoView {
    let table = StoredValue::new_local(table);
    let problem = RwSignal::new(None::<String>);
    let save = move |_| {
        let Some(text) = table.with_value(|table| table()) else { return };
        problem.set(save_bytes(text.as_bytes(), "text/csv", &format!("{name}.csv")).err());
    };
    view! {
        <button type="button" class="link" title="Save these numbers as a table" on:click=save>"CSV"</button>
        {move || problem.get()}
    }
}

//! A table of parts with their numbers.

use leptos::prelude::*;

use crate::ui::erased::view;

/// The table with its name, the names of its columns, and a row for each part.
pub fn parts_table(
    label: &'static str,
    columns: impl IntoIterator<Item = &'static str>,
    rows: impl Iterator<Item = AnyView>,
) -> AnyView {
    let columns: Vec<AnyView> = columns.into_iter().map(|name| view! { <th scope="col">{name}</th> }).collect();
    view! {
        <table class="written-parts" aria-label=label>
            <thead>
                <tr>{columns}</tr>
            </thead>
            <tbody>{rows.collect::<Vec<AnyView>>()}</tbody>
        </table>
    }
}

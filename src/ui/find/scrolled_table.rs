//! A table that scrolls by itself, with the keyboard too.

use leptos::prelude::*;

use crate::ui::erased::view;

/// The table with its name, the names of its columns, and its rows.
pub fn scrolled_table(label: &'static str, columns: &[&'static str], rows: AnyView) -> AnyView {
    let columns: Vec<AnyView> = columns.iter().map(|name| view! { <th scope="col">{*name}</th> }).collect();
    view! {
        <div class="find-scroll" tabindex="0" role="region" aria-label=label>
            <table class="find-table" aria-label=label>
                <thead><tr>{columns}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

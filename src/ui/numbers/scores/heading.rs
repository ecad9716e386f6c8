//! A column's heading, which sorts the table of heads.

use leptos::prelude::*;

use super::ranking::Column;
use crate::ui::erased::view;

/// A button that sorts by its column; pressed again, it turns the order round.
#[component]
pub fn Heading(
    column: Column,
    label: &'static str,
    title: &'static str,
    /// The column that sorts, and whether its largest value comes first.
    sorted_by: RwSignal<(Column, bool)>,
) -> impl IntoView {
    let state = move || match sorted_by.get() {
        (sorted, true) if sorted == column => "descending",
        (sorted, false) if sorted == column => "ascending",
        _ => "none",
    };
    let sign = move || match state() {
        "descending" => " ↓",
        "ascending" => " ↑",
        _ => "",
    };
    let sort = move |_| {
        sorted_by.update(|(sorted, is_descending)| {
            *is_descending = if *sorted == column { !*is_descending } else { column != Column::Head };
            *sorted = column;
        });
    };
    view! {
        <th scope="col" aria-sort=state>
            <button type="button" class="quiet" title=title on:click=sort>{label}<span aria-hidden="true">{sign}</span></button>
        </th>
    }
}

//! The rows of a set, ordered by the chosen head's numbers.

use leptos::prelude::*;

use super::excerpt::Excerpt;
use super::scrolled_table::scrolled_table;
use super::{chosen, send};
use crate::state::FindEvent;
use crate::state::find::words::number;
use crate::state::find::{Search, Unit};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// So many rows are listed from either end.
const N_LISTED: usize = 25;

/// A row: its index, its text, the index of the other version, the number.
type Listed = (usize, Excerpt, Option<usize>, f64);

/// The rows with the largest and the smallest numbers; each opens in the head view with this head.
#[component]
pub fn UnitRows(page: Page) -> impl IntoView {
    let chosen = chosen(page);
    let listed = Derived::new(move || chosen.get().map(|(search, head)| listed(&search, head)).unwrap_or_default());
    let n_left_out = move || listed.with(|(_, n)| *n);
    let row = move |(index, text, other, value): Listed| {
        let open = move |index: usize, name: &'static str| {
            let label = format!("{name}: row {} in the head view", index + 1);
            view! {
                <button type="button" class="link" aria-label=label on:click=move |_| send(page, FindEvent::RowOpened(index))>
                    {name}
                </button>
            }
        };
        let buttons = match other {
            None => open(index, "Open"),
            Some(other) => view! { {open(index, "Open a")} " " {open(other, "Open b")} },
        };
        view! {
            <tr>
                <th scope="row">{index + 1}</th>
                <td class="number-cell">{number(value)}</td>
                <td><bdi>{text.view()}</bdi></td>
                <td class="row-actions">{buttons}</td>
            </tr>
        }
    };
    view! {
        {scrolled_table(
            "Rows by number",
            &["Row", "Value", "Text", "In the other views"],
            (move || listed.get().0.into_iter().map(row).collect_view()).into_any(),
        )}
        <p class="hint" class:none=move || n_left_out() == 0>
            {move || format!("{} rows between them are not listed; the CSV has all.", n_left_out())}
        </p>
    }
}

/// The rows, the largest number first, and how many in the middle are left out.
fn listed(search: &Search, head: usize) -> (Vec<Listed>, usize) {
    let mut units: Vec<(Unit, f64)> = search
        .units()
        .into_iter()
        .map(|unit| (unit, search.value(unit, head)))
        .filter(|(_, value)| !value.is_nan())
        .collect();
    units.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let n_left_out = units.len().saturating_sub(2 * N_LISTED);
    if n_left_out > 0 {
        units.drain(N_LISTED..N_LISTED + n_left_out);
    }
    let row = |(unit, value): (Unit, f64)| (unit.row, Excerpt::of_row(search, unit.row), unit.other, value);
    (units.into_iter().map(row).collect(), n_left_out)
}

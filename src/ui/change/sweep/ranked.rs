//! The cells of a sweep with the largest effects.

use leptos::prelude::*;

use crate::state::editing::{EditEvent, Map};
use crate::state::{Event, wording};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The number of ranked cells.
const N_RANKED: usize = 20;

/// The cells with the largest effects, each of which applies its edit.
#[component]
pub fn Ranked(page: Page, map: Map, names: Vec<String>, applies: bool) -> impl IntoView {
    let row = |(row, column, effect): (usize, usize, f32)| {
        let name = place(&map, &names, row, column);
        let edit = map.cells[row * map.n_columns + column].as_ref().map(|cell| cell.edit.clone());
        let apply = move |_| {
            if let Some(edit) = edit.clone() {
                page.dispatch(Event::Editing(EditEvent::Added(vec![edit])));
            }
        };
        let name = match applies {
            true => view! { <button type="button" class="link" title="Apply this edit" on:click=apply>{name}</button> },
            false => view! { <span>{name}</span> },
        };
        view! {
            <tr>
                <td>{name}</td>
                <td class="number-cell">{wording::short_change(effect)}</td>
            </tr>
        }
    };
    let strongest = map.strongest(N_RANKED);
    let is_empty = strongest.is_empty();
    view! {
        <div class="sweep-ranked" class:none=is_empty>
            <h3>"Largest effects"</h3>
            <table aria-label="Largest effects">
                <tbody>{strongest.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

/// A cell's name: "L24H4", or "L24 ·to (13)".
pub(super) fn place(map: &Map, names: &[String], row: usize, column: usize) -> String {
    match names.get(column).filter(|_| map.is_by_position) {
        Some(token) => format!("L{row} {token} ({column})"),
        None => wording::head_name(row, column),
    }
}

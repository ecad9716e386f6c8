//! The effects of a sweep as a map.

use leptos::prelude::*;

use super::ranked::place;
use crate::state::editing::{EditEvent, Map, MapCell};
use crate::state::{Event, wording};
use crate::trace::numeral::with_minus;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::cell_table::CellTable;

/// The map: one tab stop, with arrow keys between cells; Enter applies a cell's edit.
#[component]
pub fn SweepMap(
    page: Page,
    map: Map,
    /// The tokens over the columns; empty where columns are heads.
    names: Vec<String>,
    /// What a cell's effect is.
    measured: &'static str,
    /// Whether a cell's edit is one of the text on screen.
    applies: bool,
    /// Whether cells are still being measured.
    is_running: bool,
    /// What kind of number the outcome is.
    outcome_kind: &'static str,
) -> impl IntoView {
    let has_missing = map.cells.iter().any(Option::is_none);
    let outcome_name = outcome_kind.to_lowercase();
    let cells = CellTable::new();
    let (n_rows, n_columns, largest) = (map.n_rows, map.n_columns, map.largest);
    let what = if map.is_by_position { "position" } else { "head" };
    let cell = |index: usize, cell: &Option<MapCell>| {
        let (row, column) = (index / n_columns, index % n_columns);
        let place = place(&map, &names, row, column);
        let effect = cell.as_ref().and_then(|cell| cell.effect);
        let name = match (cell, effect) {
            (None, _) if is_running => format!("{place}: not measured yet"),
            (None, _) => format!("{place}: not measured, the sweep was stopped"),
            (Some(_), None) => format!("{place}: no value"),
            (Some(cell), Some(effect)) => {
                let outcome = cell.outcome.map_or_else(String::new, |outcome| {
                    format!(", {outcome_name} {}", with_minus(&wording::weight(outcome.value)))
                });
                format!("{place}: effect {}{outcome}", wording::change(effect))
            }
        };
        let is_missing = cell.is_none();
        let edit = cell.as_ref().map(|cell| cell.edit.clone());
        let apply = move |_| {
            if let Some(edit) = edit.clone().filter(|_| applies) {
                page.dispatch(Event::Editing(EditEvent::Added(vec![edit])));
            }
        };
        let strength = effect.map_or(0.0, |effect| if largest > 0.0 { effect.abs() / largest } else { 0.0 });
        view! {
            <td>
                <button
                    type="button"
                    class="cell"
                    class:missing=is_missing
                    class:inert=!applies || is_missing
                    class:positive=effect.is_some_and(|effect| effect > 0.0)
                    class:negative=effect.is_some_and(|effect| effect < 0.0)
                    aria-label=name.clone()
                    aria-disabled=(!applies || is_missing).then_some("true")
                    title=name
                    tabindex=move || cells.tab_index(index, n_rows * n_columns)
                    style:--strength=format!("{:.1}%", strength * 100.0)
                    on:focus=move |_| cells.reached.set(index)
                    on:click=apply
                ></button>
            </td>
        }
    };
    let rows = (0..n_rows)
        .map(|row| {
            let row_cells =
                (0..n_columns).map(|column| cell(row * n_columns + column, &map.cells[row * n_columns + column]));
            view! { <tr><th scope="row">{row}</th>{row_cells.collect_view()}</tr> }
        })
        .collect_view();
    let heading = |column: usize| match names.get(column) {
        Some(token) => view! {
            <th scope="col" class="token-name"><bdi title=format!("{token} ({column})")>{token.clone()}</bdi></th>
        },
        None => view! { <th scope="col">{column}</th> },
    };
    let caption = format!("{measured}, by layer and {what}");
    let ends = [-largest, largest].map(wording::short_change);
    let has_effects = largest > 0.0;
    view! {
        <div class="sweep-map">
            <p class="map-caption">{caption.clone()}</p>
            <div class="sweep-scroll">
                <table
                    node_ref=cells.table
                    aria-label=caption.clone()
                    on:keydown=move |event| cells.on_key(&event, n_rows, n_columns)
                >
                    <thead><tr><th scope="col">"L"</th>{(0..n_columns).map(heading).collect_view()}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <div
                class="map-legend"
                class:none=!has_effects
                role="img"
                aria-label=format!("Colours from {} to {}, the middle is 0", ends[0], ends[1])
            >
                <span class="number">{ends[0].clone()}</span>
                <span class="ramp diverging"></span>
                <span class="number">{ends[1].clone()}</span>
            </div>
            <p class="map-legend" class:none=!has_missing><span class="cell missing"></span>"not measured"</p>
        </div>
    }
}

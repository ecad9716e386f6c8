//! A row of cells.

use leptos::prelude::*;

use super::cell::Cell;
use super::model::Map;
use crate::render::LayerHead;
use crate::ui::erased::view;

/// The cells of one row.
#[component]
pub fn CellRow(map: Map, row: usize, places: Vec<LayerHead>) -> impl IntoView {
    let cell = move |(column, place): (usize, LayerHead)| view! { <Cell map row column place /> };
    let cells = places.into_iter().enumerate().map(cell).collect_view();
    view! { <div role="row" aria-rowindex=(row + 1).to_string()>{cells}</div> }
}

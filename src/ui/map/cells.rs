//! The cells of a map as elements over its canvas: for the keyboard, for screen readers, and for outlines.

use leptos::prelude::*;

use super::readout::words;
use super::{Map, px};
use crate::render::Place;
use crate::state::wording;
use crate::ui::erased::{Derived, Show, keyed, view};

/// Rows in view, and the numbers of layers and heads.
#[component]
pub fn Cells(map: Map) -> impl IntoView {
    let Map { layout, scroll, window, is_small, .. } = map;
    let rows = Derived::new(move || {
        layout.with(|layout| {
            let visible = layout.visible_rows(scroll.get(), window.get().1);
            visible.filter_map(|row| Some((row, layout.rows.get(row)?.clone()))).collect::<Vec<_>>()
        })
    });
    view! {
        <div class="cells" style:transform=move || format!("translateY({}px)", -scroll.get())>
            {keyed(rows, move |(row, places)| view! { <Row map row places /> })}
        </div>
        <Show when=move || !is_small>
            <Labels map />
        </Show>
    }
}

#[component]
fn Row(map: Map, row: usize, places: Vec<Place>) -> impl IntoView {
    let cell = move |(column, place): (usize, Place)| view! { <Cell map row column place /> };
    let cells = places.into_iter().enumerate().map(cell).collect_view();
    view! { <div role="row" aria-rowindex=(row + 1).to_string()>{cells}</div> }
}

#[component]
fn Cell(map: Map, row: usize, column: usize, place: Place) -> impl IntoView {
    let Map { page, layout, layers, hovered, reached, selected, is_small, options, .. } = map;
    let (layer, head) = place;
    // Heads of the selected layer that are active together are marked too.
    let is_active = page.memo(move |state| {
        state.shown.is_some() && state.selection.layer == layer && state.selection.heads.contains(&head)
    });
    let is_selected = move || selected.get() == Some(place);
    let name = wording::head_name(layer, head);
    let label = {
        let name = name.clone();
        move || match layers.with(|layers| layers.get(layer).cloned().flatten()) {
            Some(thumbnails) if !is_small => words(page, place, &thumbnails.0),
            _ => name.clone(),
        }
    };
    let has_name = move || options.with(|options| options.is_sorted) && !is_small;
    view! {
        <div
            role="gridcell"
            class="thumbnail"
            class:active=move || is_active.get()
            class:reached=move || reached.get() == Some(place)
            class:hovered=move || hovered.get() == Some(place)
            id=id_of(place, is_small)
            aria-label=label
            aria-selected=move || is_selected().to_string()
            aria-colindex=(column + 1).to_string()
            style:left=move || px(layout.with(|layout| layout.column_left(column)))
            style:top=move || px(layout.with(|layout| layout.row_top(row)))
            style:width=move || px(layout.with(|layout| layout.cell))
            style:height=move || px(layout.with(|layout| layout.cell))
        >
            {move || has_name().then(|| view! { <span class="cell-name">{name.clone()}</span> })}
        </div>
    }
}

/// The layers' numbers at the left; the heads' stand above the map.
#[component]
fn Labels(map: Map) -> impl IntoView {
    let Map { layout, scroll, window, options, .. } = map;
    let rows = move || {
        if options.with(|options| options.is_sorted) {
            return Vec::new();
        }
        layout.with(|layout| {
            let visible = layout.visible_rows(scroll.get(), window.get().1);
            let label = |row: usize| {
                let (layer, _) = layout.place(row, 0)?;
                let top = layout.row_top(row) - scroll.get() + layout.cell / 2.0;
                Some(view! { <span class="row-label" style:top=px(top)>{layer}</span> })
            };
            visible.filter_map(label).collect::<Vec<_>>()
        })
    };
    view! { <div class="row-labels" aria-hidden="true">{rows}</div> }
}

/// The heads' numbers, above the map.
#[component]
pub fn ColumnLabels(map: Map) -> impl IntoView {
    let Map { layout, options, .. } = map;
    let labels = move || {
        if options.with(|options| options.is_sorted) {
            return Vec::new();
        }
        layout.with(|layout| {
            let first = layout.rows.first().cloned().unwrap_or_default();
            let label = |(column, (_, head)): (usize, Place)| {
                let middle = layout.column_left(column) + layout.cell / 2.0;
                view! { <span class="column-label" style:left=px(middle)>{head}</span> }
            };
            first.into_iter().enumerate().map(label).collect::<Vec<_>>()
        })
    };
    view! {
        <div class="column-labels" aria-hidden="true">
            <span class="corner">{move || options.with(|options| (!options.is_sorted).then_some("L \\ H"))}</span>
            {labels}
        </div>
    }
}

/// Id of a cell's element.
pub fn id_of((layer, head): Place, is_small: bool) -> String {
    if is_small { format!("map-l{layer}h{head}") } else { format!("cell-l{layer}h{head}") }
}

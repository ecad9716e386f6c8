//! A cell of the map: one head.

use leptos::prelude::*;

use super::model::Map;
use super::readout::words;
use crate::render::LayerHead;
use crate::state::wording;
use crate::ui::erased::view;
use crate::ui::small::css::px;

/// One head, at its place over the canvas.
#[component]
pub fn Cell(map: Map, row: usize, column: usize, place: LayerHead) -> impl IntoView {
    let Map { page, layout, layers, hovered, reached, selected, is_small, options, quantity, .. } = map;
    let (layer, head) = place;
    // All active heads of the selected layer are marked.
    let is_active = page.memo(move |state| {
        let is_chosen = quantity.get().is_layer_wide() || state.selection.heads.contains(&head);
        state.shown.is_some() && state.selection.layer == layer && is_chosen
    });
    let is_selected = move || selected.get() == Some(place);
    let name = move || wording::place_name(quantity.get(), layer, head);
    let label = move || match layers.with(|layers| layers.get(layer).cloned().flatten()) {
        Some(thumbnails) if !is_small => words(page, quantity.get(), place, &thumbnails.0),
        _ => name(),
    };
    let has_name = move || options.with(|options| options.is_sorted) && !is_small && !quantity.get().is_layer_wide();
    view! {
        <div
            role="gridcell"
            class="thumbnail"
            class:active=move || is_active.get()
            class:reached=move || reached.get() == Some(place)
            class:hovered=move || hovered.get() == Some(place)
            id=page.id(&id_of(place, is_small))
            aria-label=label
            aria-selected=move || is_selected().to_string()
            aria-colindex=(column + 1).to_string()
            style:left=move || px(layout.with(|layout| layout.cell_left(row, column)))
            style:top=move || px(layout.with(|layout| layout.row_top(row)))
            style:width=move || px(layout.with(|layout| layout.width))
            style:height=move || px(layout.with(|layout| layout.height))
        >
            {move || has_name().then(|| view! { <span class="cell-name">{name()}</span> })}
        </div>
    }
}

/// Id of a cell's element.
pub fn id_of((layer, head): LayerHead, is_small: bool) -> String {
    if is_small { format!("map-l{layer}h{head}") } else { format!("cell-l{layer}h{head}") }
}

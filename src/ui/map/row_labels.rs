//! The numbers of layers at the edge of a map.

use leptos::prelude::*;

use super::model::Map;
use crate::ui::erased::view;
use crate::ui::small::css::px;

/// The layers' numbers, left of the rows in view; none where rows mix layers.
#[component]
pub fn RowLabels(map: Map) -> impl IntoView {
    let Map { layout, scroll, window, options, quantity, .. } = map;
    let rows = move || {
        if options.with(|options| options.is_sorted) && !quantity.get().is_layer_wide() {
            return Vec::new();
        }
        layout.with(|layout| {
            let visible = layout.visible_rows(scroll.get(), window.get().1);
            let label = |row: usize| {
                let (layer, _) = layout.place(row, 0)?;
                let top = layout.row_top(row) - scroll.get() + layout.height / 2.0;
                let left = layout.cell_left(row, 0) - layout.left;
                Some(view! { <span class="row-label" style:left=px(left) style:top=px(top)>{layer}</span> })
            };
            visible.filter_map(label).collect::<Vec<_>>()
        })
    };
    view! { <div class="row-labels" aria-hidden="true">{rows}</div> }
}

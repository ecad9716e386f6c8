//! The numbers of heads at the edge of a map.

use leptos::prelude::*;

use super::model::Map;
use crate::render::LayerHead;
use crate::ui::erased::view;
use crate::ui::small::css::px;

/// The heads' numbers above the columns; none where columns mix heads.
#[component]
pub fn ColumnLabels(map: Map) -> impl IntoView {
    let Map { layout, options, quantity, .. } = map;
    let labels = move || {
        if options.with(|options| options.is_sorted) || quantity.get().is_layer_wide() {
            return Vec::new();
        }
        layout.with(|layout| {
            let over_block = |row: usize| {
                let label = |(column, (_, head)): (usize, LayerHead)| {
                    let middle = layout.cell_left(row, column) + layout.width / 2.0;
                    view! { <span class="column-label" style:left=px(middle)>{head}</span> }
                };
                layout.rows.get(row).cloned().unwrap_or_default().into_iter().enumerate().map(label).collect::<Vec<_>>()
            };
            layout.blocks().flat_map(|(row, _)| over_block(row)).collect::<Vec<_>>()
        })
    };
    view! {
        <div class="column-labels" aria-hidden="true">
            {labels}
        </div>
    }
}

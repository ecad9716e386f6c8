//! The numbers of layers and heads at the edges of a map.

use leptos::prelude::*;

use super::model::Map;
use crate::render::LayerHead;
use crate::ui::erased::view;
use crate::ui::small::css::px;

/// The layers' numbers, left of the rows in view; none where rows mix layers.
#[component]
pub fn RowLabels(map: Map) -> impl IntoView {
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

/// The heads' numbers above the columns; none where columns mix heads.
#[component]
pub fn ColumnLabels(map: Map) -> impl IntoView {
    let Map { layout, options, .. } = map;
    let labels = move || {
        if options.with(|options| options.is_sorted) {
            return Vec::new();
        }
        layout.with(|layout| {
            let first = layout.rows.first().cloned().unwrap_or_default();
            let label = |(column, (_, head)): (usize, LayerHead)| {
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

//! The cells of a map as elements over its canvas: for the keyboard, for screen readers, and for outlines.

use leptos::prelude::*;

use super::edge_tokens::EdgeTokens;
use super::model::Map;
use super::row::CellRow;
use super::row_labels::RowLabels;
use crate::ui::erased::{Derived, Show, keyed, view};

/// The rows in view, and the layers' numbers beside them.
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
            {keyed(rows, move |(row, places)| view! { <CellRow map row places /> })}
            <Show when=move || !is_small>
                <EdgeTokens map />
            </Show>
        </div>
        <Show when=move || !is_small>
            <RowLabels map />
        </Show>
    }
}

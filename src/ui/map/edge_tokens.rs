//! The tokens under the pointer, at the edges of the thumbnail that it is over.

use leptos::prelude::*;

use super::model::{Map, Pointed};
use crate::render::{Place, edge_labels};
use crate::state::scales::options::CellStyle;
use crate::trace::Side;
use crate::ui::erased::{Derived, view};
use crate::ui::small::css::px;

/// The query beside the thumbnail, and the key above or below it.
#[component]
pub fn EdgeTokens(map: Map) -> impl IntoView {
    let Map { page, layout, scroll, window, pointed, options, .. } = map;
    let tokens = page.memo(|state| [Side::Query, Side::Key].map(|side| state.map_tokens(side)));
    let edges = Derived::new(move || {
        let Pointed { row, column, share: (x, y) } = pointed.get()?;
        if options.with(|options| options.style != CellStyle::Heat) {
            return None;
        }
        let cell = layout.with(|layout| {
            let (left, top) = (layout.cell_left(row, column), layout.row_top(row));
            Place { left, top, width: layout.width, height: layout.height }
        });
        let (width, height) = window.get();
        let seen = Place { left: 0.0, top: scroll.get(), width, height };
        tokens.with(|[queries, keys]| {
            let at = |tokens: &[(usize, String)], share: f32| {
                let index = ((share * tokens.len() as f32) as usize).min(tokens.len().checked_sub(1)?);
                Some((tokens[index].1.clone(), (index as f32 + 0.5) / tokens.len() as f32))
            };
            let ((query, down), (key, across)) = (at(queries, y)?, at(keys, x)?);
            let [beside, above] = edge_labels([&query, &key], cell, (across, down), seen);
            Some([(query, beside), (key, above)])
        })
    });
    let label = |class: &'static str, (text, place): (String, Place)| {
        view! {
            <span
                class=format!("edge-token {class}")
                style:left=px(place.left)
                style:top=px(place.top)
                style:width=px(place.width)
            >
                {text}
            </span>
        }
    };
    move || {
        edges.get().map(|[query, key]| {
            view! { <div class="edge-tokens" aria-hidden="true">{label("query", query)}{label("key", key)}</div> }
        })
    }
}

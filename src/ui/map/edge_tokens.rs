//! The tokens under the pointer, at the edges of the thumbnail that it is over.

use leptos::prelude::*;

use super::model::{Map, Pointed};
use crate::state::scales::options::CellStyle;
use crate::trace::Side;
use crate::ui::erased::{Derived, view};
use crate::ui::small::css::px;

/// Room that a label needs beside or above a thumbnail, in CSS pixels.
const ROOM: (f32, f32) = (104.0, 20.0);

/// A label at an edge.
#[derive(Clone, PartialEq)]
struct Edge {
    text: String,
    left: f32,
    top: f32,
    /// Whether it stands after the edge, where there is no room before it.
    is_after: bool,
}

/// The query on the left, and the key above; on the other side where the map ends.
#[component]
pub fn EdgeTokens(map: Map) -> impl IntoView {
    let Map { page, layout, scroll, pointed, options, .. } = map;
    let tokens = page.memo(|state| [Side::Query, Side::Key].map(|side| state.map_tokens(side)));
    let edges = Derived::new(move || {
        let Pointed { row, column, share: (x, y) } = pointed.get()?;
        if options.with(|options| options.style != CellStyle::Heat) {
            return None;
        }
        let (left, top, width, height) =
            layout.with(|layout| (layout.cell_left(row, column), layout.row_top(row), layout.width, layout.height));
        tokens.with(|[queries, keys]| {
            let at = |tokens: &[(usize, String)], share: f32| {
                let index = ((share * tokens.len() as f32) as usize).min(tokens.len().checked_sub(1)?);
                Some((tokens[index].1.clone(), (index as f32 + 0.5) / tokens.len() as f32))
            };
            let ((query, down), (key, across)) = (at(queries, y)?, at(keys, x)?);
            let (is_right, is_below) = (left < ROOM.0, top - scroll.get() < ROOM.1);
            let query_left = if is_right { left + width } else { left };
            let key_top = if is_below { top + height } else { top };
            Some([
                Edge { text: query, left: query_left, top: top + down * height, is_after: is_right },
                Edge { text: key, left: left + across * width, top: key_top, is_after: is_below },
            ])
        })
    });
    let label = |class: &'static str, edge: Edge| {
        view! {
            <span
                class=format!("edge-token {class}")
                class:after=edge.is_after
                style:left=px(edge.left)
                style:top=px(edge.top)
            >
                {edge.text}
            </span>
        }
    };
    move || {
        edges.get().map(|[query, key]| {
            view! { <div class="edge-tokens" aria-hidden="true">{label("query", query)}{label("key", key)}</div> }
        })
    }
}

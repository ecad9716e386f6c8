//! The query tokens as rows; only those in view.

use leptos::prelude::*;

use super::rows::{Rows, row_id};
use crate::state::Looked;
use crate::trace::Side;
use crate::ui::erased::{Derived, keyed, view};
use crate::ui::small::css::px;
use crate::ui::small::token_text::{predicted_text, token_text};

/// The query tokens; the neurons of one of them are shown.
#[component]
pub fn QueryRows(rows: Rows) -> impl IntoView {
    let Rows { neurons, columns, window, reached } = rows;
    let visible = Derived::new(move || {
        neurons.positions.with(|(queries, _)| {
            let looked = neurons.looked.get();
            let visible = window.get().visible_rows(queries.len());
            visible.map(|row| (looked, row, queries[row])).collect::<Vec<_>>()
        })
    });
    let chosen = neurons.page.memo(|state| state.selection.queries.clone());
    let row = move |(_, row, position): (Option<Looked>, usize, usize)| {
        let label = neurons.page.peek(|state| {
            let shown = state.shown.as_ref()?;
            let read = shown.labels(Side::Query).get(position).map(token_text);
            Some((read, shown.predicted().and_then(|labels| labels.get(position)).map(predicted_text)))
        });
        let is_current = Derived::new(move || neurons.query.get() == Some(position));
        view! {
            <div
                class="token"
                class:marked=move || is_current.get()
                class:faded=move || !is_current.get()
                class:pinned=move || chosen.with(|chosen| chosen.contains(&position))
                class:reached=move || reached.get() == (Side::Query, row)
                role="option"
                id=neurons.page.id(&row_id(Side::Query, row))
                data-row=row.to_string()
                aria-selected=move || is_current.get().to_string()
                style:top=move || px(row as f32 * window.get().row_height)
                style:height=move || px(window.get().row_height)
            >
                <span class="text">{label}</span>
            </div>
        }
    };
    view! {
        <div
            class="tokens query"
            class:none=move || columns.with(|columns| columns.query_token.width == 0.0)
            role="listbox"
            aria-label="Query tokens"
            tabindex="0"
            aria-activedescendant=move || {
                let (side, row) = reached.get();
                (side == Side::Query).then(|| neurons.page.id(&row_id(Side::Query, row)))
            }
            data-side="query"
            style:left=move || px(columns.with(|columns| columns.query_token.x))
            style:width=move || px(columns.with(|columns| columns.query_token.width))
            style:transform=move || format!("translateY({}px)", -window.get().scroll)
        >
            {keyed(visible, row)}
        </div>
    }
}

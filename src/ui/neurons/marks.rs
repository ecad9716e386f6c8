//! Frames around the column of the marked neuron.

use leptos::prelude::*;

use super::model::Neurons;
use crate::render::{Block, NeuronColumns};
use crate::ui::erased::{Derived, view};
use crate::ui::small::css::px;

/// A frame in each block of cells.
#[component]
pub fn ColumnMarks(neurons: Neurons, columns: Derived<NeuronColumns>) -> impl IntoView {
    let Neurons { page, neuron, order, .. } = neurons;
    let column = Derived::new(move || {
        let neuron = neuron.get()?;
        order.with(|order| order.iter().position(|at| *at == neuron)).map(|column| (column, order.with(Vec::len)))
    });
    let is_pinned = page.memo(|state| state.selection.neuron.is_some());
    let mark = move |block: Block| {
        let span = move || {
            columns.with(|columns| {
                column.get().map(|(column, n)| columns.cell(block, column, n)).filter(|span| span.width > 0.0)
            })
        };
        view! {
            <div
                class="column-mark"
                class:none=move || span().is_none()
                class:pinned=move || is_pinned.get()
                style:left=move || px(span().map_or(0.0, |span| span.x - 1.0))
                style:width=move || px(span().map_or(0.0, |span| span.width + 2.0))
            ></div>
        }
    };
    view! {
        {mark(Block::Keys)}
        {mark(Block::Products)}
    }
}

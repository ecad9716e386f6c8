//! Cells as elements over the canvas: those that are hovered, reached by the keyboard, or chosen.

use leptos::prelude::*;

use super::model::{Cell, Stream};
use super::numbers::words;
use crate::render::StreamLayout;
use crate::ui::erased::{Derived, keyed, view};
use crate::ui::small::css::px;

/// Id of the element of a cell.
pub fn cell_id((row, position): Cell) -> String {
    format!("stream-{row}-{position}")
}

/// Outlines of single cells. The cell that the keyboard has reached has its words as its name.
#[component]
pub fn Marks(
    stream: Stream,
    layout: Derived<StreamLayout>,
    window: Derived<(f32, f32)>,
    scroll: RwSignal<(f32, f32)>,
) -> impl IntoView {
    let marked = Derived::new(move || {
        let all = [stream.chosen.get(), stream.hovered.get(), stream.reached.get()];
        let mut cells: Vec<Cell> = all.into_iter().flatten().collect();
        cells.sort_unstable();
        cells.dedup();
        cells
    });
    let corner =
        move |(row, position): Cell| layout.with(|layout| layout.corner(layout.line(row), position, scroll.get()));
    let is_hidden = move |cell: Cell| {
        let (left, top) = corner(cell);
        let (width, height) = window.get();
        let (label_width, header_height) = layout.with(|layout| (layout.label_width, layout.header_height));
        left < label_width - 1.0 || top < header_height - 1.0 || left > width || top > height
    };
    let mark = move |cell: Cell| {
        let (row, position) = cell;
        let label = move || {
            stream.content.track();
            stream.page.peek(|state| words(state, row, position))
        };
        view! {
            <div
                role="row"
                class:hidden=move || is_hidden(cell)
                aria-rowindex=move || layout.with(|layout| layout.line(row) + 1).to_string()
            >
                <div
                    role="gridcell"
                    class="stream-cell"
                    class:chosen=move || stream.chosen.get() == Some(cell)
                    id=stream.page.id(&cell_id(cell))
                    aria-colindex=(position + 1).to_string()
                    aria-selected=move || (stream.chosen.get() == Some(cell)).to_string()
                    aria-label=label
                    style:left=move || px(corner(cell).0)
                    style:top=move || px(corner(cell).1)
                    style:width=move || px(layout.with(|layout| layout.cell.0 - 1.0))
                    style:height=move || px(layout.with(|layout| layout.cell.1 - 1.0))
                ></div>
            </div>
        }
    };
    view! { <div class="stream-marks">{keyed(marked, mark)}</div> }
}

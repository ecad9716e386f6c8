//! What the parts of the stream view share.

use leptos::prelude::*;

use super::numbers::scale_of;
use crate::render::{StreamLayout, StreamScale};
use crate::state::stream::numbers::{DirectNumbers, StreamNumbers};
use crate::state::stream::options::{StreamNumber, StreamOptions};
use crate::state::{Event, Looked, Shown, State, StreamEvent, Variant};
use crate::ui::erased::{Derived, effect};
use crate::ui::shell::page::Page;
use crate::ui::small::same::Same;

/// A row of the table (a layer, or the number of layers for the output) and a position.
pub type Cell = (usize, usize);

/// Everything that the numbers of the table depend on.
#[derive(Clone, PartialEq)]
pub struct Content {
    looked: Option<Looked>,
    variant: Variant,
    /// Counts the answers of the lens.
    n_answers: u32,
    numbers: Option<Same<StreamNumbers>>,
    /// The outcome as a sum, where cells show it.
    direct: Option<Same<DirectNumbers>>,
    options: StreamOptions,
}

/// What the parts of the stream view share.
#[derive(Clone, Copy)]
pub struct Stream {
    pub page: Page,
    pub options: Derived<StreamOptions>,
    pub content: Derived<Content>,
    pub scale: Derived<Option<StreamScale>>,

    /// Rows and positions.
    pub size: Derived<(usize, usize)>,
    /// The cell under the pointer.
    pub hovered: RwSignal<Option<Cell>>,
    /// The cell that the keyboard has reached.
    pub reached: RwSignal<Option<Cell>>,
    /// The cell that is chosen.
    pub chosen: Derived<Option<Cell>>,
}

impl Stream {
    /// The stream view of a page.
    pub fn new(page: Page) -> Self {
        let content = page.memo(|state| Content {
            looked: state.shown.as_ref().map(Shown::looked),
            variant: state.editing.variant,
            n_answers: state.stream.columns.n_answers,
            numbers: state.stream.numbers.value().cloned().map(Same),
            direct: state.stream.direct.value().cloned().map(Same),
            options: state.scales.stream.clone(),
        });
        Self {
            page,
            options: page.memo(|state| state.scales.stream.clone()),
            content,
            scale: Derived::new(move || {
                content.track();
                page.peek(scale_of)
            }),
            size: page.memo(size_of),
            hovered: RwSignal::new(None),
            reached: RwSignal::new(None),
            chosen: page.memo(|state| {
                let (n_rows, n_columns) = size_of(state);
                let position = state.selection.queries.last().copied().filter(|position| *position < n_columns)?;
                let layer = state.selection.layer;
                // The output is the row above the last layer, which no other view can choose.
                let is_output = state.stream.row == Some(layer + 1) && layer + 2 == n_rows;
                (layer < n_rows).then_some((layer + usize::from(is_output), position))
            }),
        }
    }

    /// The table in a window.
    pub fn layout(self, window: Derived<(f32, f32)>) -> Derived<StreamLayout> {
        Derived::new(move || {
            let (n_rows, n_columns) = self.size.get();
            let (has_tokens, is_first_on_top) =
                self.options.with(|options| (options.number == StreamNumber::TopToken, options.is_first_on_top));
            StreamLayout::fit(n_rows, n_columns, has_tokens, is_first_on_top, window.get())
        })
    }

    /// Tells the state which positions are in view, so that these are asked for first.
    pub fn report_seen(self, layout: Derived<StreamLayout>, window: Derived<(f32, f32)>, scroll: RwSignal<(f32, f32)>) {
        let seen = Derived::new(move || {
            let columns = layout.with(|layout| layout.in_view(scroll.get(), window.get())).columns;
            (!columns.is_empty()).then(|| (columns.start, columns.end - 1))
        });
        effect(move || {
            if let Some(seen) = seen.get() {
                self.page.dispatch(Event::Stream(StreamEvent::PositionsSeen(seen)));
            }
        });
    }

    /// Chooses a cell.
    pub fn choose(self, (row, position): Cell) {
        self.reached.set(Some((row, position)));
        self.page.dispatch(Event::Stream(StreamEvent::CellPicked { row, position }));
    }
}

/// Rows and positions of the table.
fn size_of(state: &State) -> (usize, usize) {
    let shape = state.shown.as_ref().map(Shown::shape);
    shape.map_or((0, 0), |shape| (shape.n_layers + 1, shape.n_query))
}

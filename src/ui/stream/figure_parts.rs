//! The table as it is exported.

use super::legend::meaning_of;
use super::numbers::{row_name, scale_of, short, text_of};
use crate::render::figure::{StreamCell, StreamFigure};
use crate::state::{State, Variant};
use crate::trace::Side;

/// A cell by its line from the top.
pub fn stream_cell(state: &State, line: usize, position: usize) -> StreamCell {
    let row = row_at(state, line);
    let value = state.stream_number(state.scales.stream.number, row, position);
    StreamCell { text: text_of(state, row, position), value }
}

/// The table; `None` while nothing of it is here.
pub fn stream_figure<'a>(state: &State, cell: &'a dyn Fn(usize, usize) -> StreamCell) -> Option<StreamFigure<'a>> {
    let shown = state.shown.as_ref()?;
    let scale = scale_of(state)?;
    let number = state.scales.stream.number;
    let is_difference = state.editing.variant == Variant::Difference;
    let n_rows = shown.shape().n_layers + 1;
    let (low, high) = scale.ends();
    Some(StreamFigure {
        row_names: (0..n_rows).map(|line| row_name(row_at(state, line), n_rows)).collect(),
        labels: shown.labels(Side::Query).iter().map(|label| label.plain.clone()).collect(),
        cell,
        scale: Some(scale),
        ends: (short(number, low, is_difference), short(number, high, is_difference)),
        meaning: meaning_of(number).to_owned(),
    })
}

/// The row of the stream on a line from the top.
fn row_at(state: &State, line: usize) -> usize {
    let last = state.shown.as_ref().map_or(0, |shown| shown.shape().n_layers);
    if state.scales.stream.is_first_on_top { line } else { last.saturating_sub(line) }
}

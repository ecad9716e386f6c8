//! The table as it is exported.

use std::sync::Arc;

use super::legend::meaning_of;
use super::numbers::{about, row_name, scale_of, short, text_of};
use crate::render::figure::{StreamCell, StreamFigure, StreamStep};
use crate::state::stream::path::{PathNumbers, StepNumbers};
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
        meaning: about(state, number, meaning_of(number)),
        path: path_of(state),
    })
}

/// The steps of the path that is open.
fn path_of(state: &State) -> Vec<StreamStep> {
    let opened = state.stream.opened.path.zip(state.stream.path.value());
    let chosen = state.selection.queries.last().map(|position| (state.selection.layer, *position));
    let is_chosen = |(_, path): &(u8, &Arc<PathNumbers>)| {
        Some(path.cell) == chosen && state.stream.row == Some(state.selection.layer)
    };
    let Some((threshold, path)) = opened.filter(is_chosen) else { return Vec::new() };
    // A row and its line from the top are the same either way.
    let cell = |row: usize, position: usize| (row_at(state, row), position);
    let step = |step: &StepNumbers| StreamStep {
        from: cell(step.layer, step.from),
        to: cell(step.layer + 1, step.to),
        amount: step.amount,
    };
    path.from_threshold(threshold).map(step).collect()
}

/// The row of the stream on a line from the top.
fn row_at(state: &State, line: usize) -> usize {
    let last = state.shown.as_ref().map_or(0, |shown| shown.shape().n_layers);
    if state.scales.stream.is_first_on_top { line } else { last.saturating_sub(line) }
}

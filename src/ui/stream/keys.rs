//! What the keyboard does in the table.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::model::{Cell, Stream};
use crate::render::StreamLayout;
use crate::ui::erased::Derived;

/// Moves through the cells and chooses one. `reveal` brings a cell into view.
pub fn on_key(stream: Stream, layout: Derived<StreamLayout>, event: &KeyboardEvent, reveal: impl Fn(Cell)) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let layout = layout.get_untracked();
    let (Some(last_line), Some(last_column)) = (layout.n_rows.checked_sub(1), layout.n_columns.checked_sub(1)) else {
        return;
    };
    let (row, column) = stream.reached.get_untracked().unwrap_or((0, 0));
    let line = layout.line(row);
    let (line, column) = match event.key().as_str() {
        "ArrowRight" => (line, column + 1),
        "ArrowLeft" => (line, column.saturating_sub(1)),
        "ArrowDown" => (line + 1, column),
        "ArrowUp" => (line.saturating_sub(1), column),
        "Home" => (line, 0),
        "End" => (line, last_column),
        "PageUp" => (0, column),
        "PageDown" => (last_line, column),
        "Enter" | " " => {
            event.prevent_default();
            return stream.choose((row, column));
        }
        _ => return,
    };
    event.prevent_default();
    let cell = (layout.line(line.min(last_line)), column.min(last_column));
    stream.reached.set(Some(cell));
    reveal(cell);
}

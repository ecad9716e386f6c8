//! What the keyboard does in a map.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::model::Map;
use super::pointer::target_of;
use crate::ui::change::edit_menu::open_at_key;

/// Moves through the cells, picks a head, opens it, or edits it. `reveal` brings a row into view.
pub fn on_key(map: Map, event: &KeyboardEvent, reveal: impl Fn(usize)) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let is_of_head = !map.quantity.get_untracked().is_layer_wide();
    if is_of_head && open_at_key(map.page, event, || map.reached.get_untracked().map(target_of)) {
        return;
    }
    let layout = map.layout.get_untracked();
    let at = map.reached.get_untracked().and_then(|place| layout.find(place)).unwrap_or((0, 0));
    let last_row = layout.rows.len().saturating_sub(1);
    let last_column = |row: usize| layout.rows.get(row).map_or(0, |row| row.len().saturating_sub(1));
    let (row, column) = match event.key().as_str() {
        "ArrowRight" => (at.0, at.1 + 1),
        "ArrowLeft" => (at.0, at.1.saturating_sub(1)),
        "ArrowDown" => (at.0 + 1, at.1),
        "ArrowUp" => (at.0.saturating_sub(1), at.1),
        "Home" if event.shift_key() => (0, 0),
        "End" if event.shift_key() => (last_row, last_column(last_row)),
        "Home" => (at.0, 0),
        "End" => (at.0, last_column(at.0)),
        "PageDown" => (last_row, at.1),
        "PageUp" => (0, at.1),
        name @ ("Enter" | " ") => {
            event.prevent_default();
            let Some(place) = layout.place(at.0, at.1) else { return };
            return map.pick(place, name == "Enter" && event.shift_key());
        }
        _ => return,
    };
    event.prevent_default();
    let row = row.min(last_row);
    let column = column.min(last_column(row));
    map.reached.set(layout.place(row, column));
    reveal(row);
}

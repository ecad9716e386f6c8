//! The keyboard in a table of cells that are buttons: one tab stop, with arrow keys between the cells.

use leptos::ev::KeyboardEvent;
use leptos::html::Table;
use leptos::prelude::*;

use super::focus::focus;

/// The table, and the cell that Tab reaches, by its index.
#[derive(Clone, Copy)]
pub struct CellTable {
    pub table: NodeRef<Table>,
    pub reached: RwSignal<usize>,
}

impl CellTable {
    /// Tab reaches the first cell.
    pub fn new() -> Self {
        Self { table: NodeRef::new(), reached: RwSignal::new(0) }
    }

    /// The `tabindex` of a cell.
    pub fn tab_index(self, index: usize) -> &'static str {
        if self.reached.get() == index { "0" } else { "-1" }
    }

    /// Arrow keys go to the cell beside, Home and End to the ends of a row. The buttons of the table have the class `cell`.
    pub fn on_key(self, event: &KeyboardEvent, n_rows: usize, n_columns: usize) {
        let (last_row, last_column) = (n_rows.saturating_sub(1), n_columns.saturating_sub(1));
        let at = self.reached.get_untracked();
        let (row, column) = (at / n_columns.max(1), at % n_columns.max(1));
        let (row, column) = match event.key().as_str() {
            "ArrowRight" => (row, (column + 1).min(last_column)),
            "ArrowLeft" => (row, column.saturating_sub(1)),
            "ArrowDown" => ((row + 1).min(last_row), column),
            "ArrowUp" => (row.saturating_sub(1), column),
            "Home" => (row, 0),
            "End" => (row, last_column),
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        let to = row * n_columns + column;
        self.reached.set(to);
        let cells = self.table.get_untracked().map(|table| table.get_elements_by_class_name("cell"));
        focus(cells.and_then(|cells| cells.item(u32::try_from(to).ok()?)));
    }
}

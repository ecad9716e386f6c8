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

    /// The `tabindex` of a cell of `n_cells`. Tab reaches the last one where a larger table was left further on.
    pub fn tab_index(self, index: usize, n_cells: usize) -> &'static str {
        tab_index(self.reached, index, n_cells)
    }

    /// Arrow keys go to the cell beside, Home and End to the ends of a row. The buttons of the table have the class `cell`.
    pub fn on_key(self, event: &KeyboardEvent, n_rows: usize, n_columns: usize) {
        let (last_row, last_column) = (n_rows.saturating_sub(1), n_columns.saturating_sub(1));
        let at = tab_stop(self.reached.get_untracked(), n_rows * n_columns);
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

/// The `tabindex` of one of `n_items`, of which Tab reaches one.
pub fn tab_index(reached: RwSignal<usize>, index: usize, n_items: usize) -> &'static str {
    if tab_stop(reached.get(), n_items) == index { "0" } else { "-1" }
}

/// The item that Tab reaches: the one that was reached last, or the last of fewer items than there were then.
pub fn tab_stop(reached: usize, n_items: usize) -> usize {
    reached.min(n_items.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::tab_stop;

    #[test]
    fn tab_reaches_an_item_of_a_smaller_table_too() {
        assert_eq!(
            [(3, 10), (9, 10), (9, 4), (9, 0)].map(|(reached, n_items)| tab_stop(reached, n_items)),
            [3, 9, 3, 0]
        );
    }
}

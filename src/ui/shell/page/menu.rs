//! Opens and closes the menu of edits.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::Page;
use crate::ui::change::edit_menu::OpenMenu;

impl Page {
    /// The menu of edits that is open, if any.
    pub fn menu(self) -> RwSignal<Option<OpenMenu>> {
        self.menu
    }

    /// Opens the menu of edits, unless it would offer none.
    pub fn open_menu(self, menu: OpenMenu) {
        if self.peek(|state| state.edit_menu(&menu.target).groups.is_empty()) {
            return;
        }
        let focused = document().active_element().and_then(|element| element.dyn_into().ok());
        if self.menu.with_untracked(Option::is_none) {
            self.focus_before.set_value(focused);
        }
        self.menu.set(Some(menu));
    }

    /// Closes the menu; the focus returns to the element that had it.
    pub fn close_menu(self) {
        self.menu.set(None);
        if let Some(element) = self.focus_before.try_update_value(Option::take).flatten() {
            // An element that has left the document needs no focus.
            let _ = element.focus();
        }
    }
}

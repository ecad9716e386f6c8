//! The menu of edits, for the thing under the pointer or the keyboard. A right click, a long press, the menu key, E and the button
//! over the views open it.
//!
//! One menu serves every view, and `state::editing::offers` decides what it offers. It stands over the page and takes the focus, which
//! returns to its element when the menu closes.

mod button;
mod long_press;
mod menu;

use std::sync::Arc;

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::state::editing::offers::Target;
use crate::state::{State, Variant};
use crate::ui::erased::Derived;
use crate::ui::shell::page::Page;
pub use button::EditButton;
pub use menu::EditMenu;

/// Gap between the menu and the edge of the window, in CSS pixels.
const MARGIN: f64 = 8.0;

/// An open menu.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenMenu {
    /// What its edits apply to.
    pub target: Target,
    /// Where it opens, in CSS pixels of the window.
    pub at: (f64, f64),
}

/// Opens the menu at the pointer, or below the focused element, in place of the browser's menu.
pub fn open_at_event(page: Page, event: &MouseEvent, target: Target) {
    if !page.peek(|state| state.can_edit()) {
        return;
    }
    event.prevent_default();
    event.stop_propagation();
    // The menu key reports the point 0, 0: the menu then opens at the element.
    let by_pointer = event.client_x() != 0 || event.client_y() != 0;
    let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let at = match element.filter(|_| !by_pointer) {
        Some(element) => below(&element),
        None => (f64::from(event.client_x()), f64::from(event.client_y())),
    };
    page.open_menu(OpenMenu { target, at });
}

/// Opens the menu below the focused element if the key is E. Returns whether it did.
pub fn open_at_key(page: Page, event: &KeyboardEvent, target: impl FnOnce() -> Option<Target>) -> bool {
    let is_asked =
        matches!(event.key().as_str(), "e" | "E") && !event.ctrl_key() && !event.meta_key() && !event.alt_key();
    if !is_asked || !page.peek(|state| state.can_edit()) {
        return false;
    }
    let Some(target) = target() else { return false };
    event.prevent_default();
    event.stop_propagation();
    let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let at = element.map_or((MARGIN, MARGIN), |element| below(&element));
    page.open_menu(OpenMenu { target, at });
    true
}

/// A value derived from the selection and the patterns shown. It is computed again when these change, and not with every move of the
/// pointer.
pub fn of_selection<T: PartialEq + Send + Sync + 'static>(
    page: Page,
    derive: impl Fn(&State) -> T + Send + Sync + 'static,
) -> Derived<T> {
    let depends_on = page.memo(|state| {
        let drawn = |side| {
            let shown = state.result(side)?;
            Some((shown.request, shown.drawn.as_ref().map(|drawn| Arc::as_ptr(drawn) as usize)))
        };
        (state.selected_target(), state.can_edit(), Variant::EACH.map(drawn))
    });
    Derived::new(move || {
        // Reading the memo, and not only tracking it, makes it follow its sources.
        depends_on.with(|_| page.peek(&derive))
    })
}

fn below(element: &Element) -> (f64, f64) {
    let bounds = element.get_bounding_client_rect();
    // The upper part of a figure that fills the window.
    (bounds.left() + 12.0, bounds.bottom().min(bounds.top() + 40.0))
}

/// The menu's place in the document; empty while it is closed.
#[component]
pub fn MenuPlace(page: Page) -> impl IntoView {
    move || {
        let made = |open: OpenMenu| page.parts().later(move |views| (views.edit_menu)(page, open.clone()));
        page.menu().get().map(made)
    }
}

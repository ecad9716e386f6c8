//! A swipe anywhere on the stage turns to the next view, or to the one before.

use leptos::ev::{PointerEvent, TouchEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::page::Page;
use crate::state::{Event, SelectionEvent, State, View};
use crate::ui::small::pointer::{ClientPoint, client_point, is_touch};

/// How far a swipe goes at least, in CSS pixels.
const REACH: i32 = 64;

/// What has a use of its own for a finger that moves sideways.
const MOVED_SIDEWAYS: &str = "input, select, textarea, [role=separator], dialog";

/// A finger on the views.
#[derive(Clone, Copy)]
pub struct Swipe {
    page: Page,
    /// Where the finger came down, and how far what lies there was scrolled sideways.
    start: StoredValue<Option<(ClientPoint, i32)>>,
}

impl Swipe {
    /// No finger yet.
    pub fn new(page: Page) -> Self {
        Self { page, start: StoredValue::new(None) }
    }

    /// A finger comes down; two of them do not swipe.
    pub fn on_down(self, event: &PointerEvent) {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let target = target.filter(|_| is_touch(event) && event.is_primary());
        self.start.set_value(target.map(|target| (client_point(event), scrolled(&target))));
    }

    /// The finger leaves. Touch events tell where even if the browser has followed the finger.
    pub fn on_end(self, event: &TouchEvent) {
        let start = self.start.get_value();
        self.start.set_value(None);
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let (Some(((x, y), was_scrolled)), Some(target), Some(touch)) =
            (start, target, event.changed_touches().item(0))
        else {
            return;
        };
        let (right, down) = (touch.client_x() - x, touch.client_y() - y);
        let is_swipe = right.abs() >= REACH && right.abs() > 2 * down.abs();
        let is_inside = |selector: &str| target.closest(selector).is_ok_and(|found| found.is_some());
        if is_swipe
            && is_inside(".stage")
            && !is_inside(MOVED_SIDEWAYS)
            && scrolled(&target) == was_scrolled
            && !is_magnified()
        {
            self.turn(right < 0);
        }
    }

    /// Turns to the view after the present one, or before it; a map of effects is left by its own button.
    fn turn(self, is_next: bool) {
        let (view, shows_sweep) = self.page.peek(|state| (state.selection.view, State::shows_sweep(state)));
        let at = View::EACH.iter().position(|each| *each == view).filter(|_| !shows_sweep);
        let to = at.and_then(|at| if is_next { at.checked_add(1) } else { at.checked_sub(1) });
        if let Some(view) = to.and_then(|to| View::EACH.get(to)) {
            self.page.dispatch(Event::Select(SelectionEvent::ViewPicked(*view)));
        }
    }
}

/// How far an element and what holds it are scrolled sideways, in CSS pixels.
fn scrolled(element: &Element) -> i32 {
    let each = std::iter::successors(Some(element.clone()), |element| element.parent_element());
    each.map(|element| element.scroll_left()).sum()
}

/// Whether the page is pinched larger: a finger that moves sideways then looks around.
fn is_magnified() -> bool {
    window().visual_viewport().is_some_and(|viewport| viewport.scale() > 1.01)
}

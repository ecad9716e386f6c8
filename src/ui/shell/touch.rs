//! What a finger does anywhere on the views: a swipe turns to the next view, a long press opens the menu of edits.
//!
//! Where a browser reports a long press as `contextmenu`, the views hear that themselves; others, as those of iOS, report nothing, and
//! the views get the event from here.

use gloo::timers::callback::Timeout;
use leptos::ev::{MouseEvent, PointerEvent, TouchEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, MouseEventInit};

use super::page::Page;
use crate::state::{Event, SelectionEvent, State, View};
use crate::ui::small::pointer::{ClientPoint, client_point, is_touch};

/// How long a finger rests until that is a long press: longer than browsers take that report one.
const LONG_PRESS_MS: u32 = 600;

/// How far a resting finger may move, in CSS pixels.
const SLIP: i32 = 10;

/// How far a swipe goes at least.
const REACH: i32 = 64;

/// What has a use of its own for a finger that moves sideways.
const MOVED_SIDEWAYS: &str = "input, select, textarea, [role=separator], dialog";

/// A finger on the views.
#[derive(Clone, Copy)]
pub struct Touch {
    page: Page,
    /// Where the finger came down, and how far what lies there was scrolled sideways.
    start: StoredValue<Option<(ClientPoint, i32)>>,
    timer: StoredValue<Option<Timeout>, LocalStorage>,
    /// Whether the menu was opened from here: the click that ends the press does nothing.
    has_pressed: StoredValue<bool>,
}

impl Touch {
    /// No finger yet.
    pub fn new(page: Page) -> Self {
        let (start, timer, has_pressed) =
            (StoredValue::new(None), StoredValue::new_local(None), StoredValue::new(false));
        Self { page, start, timer, has_pressed }
    }

    /// A finger comes down; with a second one it is neither a swipe nor a press.
    pub fn on_down(self, event: &PointerEvent) {
        self.has_pressed.set_value(false);
        self.forget();
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(target) = target.filter(|_| is_touch(event) && event.is_primary()) else { return };
        let point = client_point(event);
        self.start.set_value(Some((point, scrolled(&target))));
        let press = move || self.press(&target, point);
        self.timer.set_value(Some(Timeout::new(LONG_PRESS_MS, press)));
    }

    /// The finger moves.
    pub fn on_move(self, event: &PointerEvent) {
        let (x, y) = client_point(event);
        let is_away = |&((x0, y0), _): &(ClientPoint, i32)| (x - x0).abs().max((y - y0).abs()) > SLIP;
        if self.start.with_value(|start| start.as_ref().is_some_and(is_away)) {
            self.timer.set_value(None);
        }
    }

    /// The browser takes the finger over: it scrolls, or reports a long press itself.
    pub fn on_cancel(self) {
        self.timer.set_value(None);
    }

    /// The finger leaves. Touch events tell where even if the browser has followed the finger.
    pub fn on_end(self, event: &TouchEvent) {
        let start = self.start.get_value();
        self.forget();
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

    /// A click after a long press from here is the end of the press.
    pub fn on_click(self, event: &MouseEvent) {
        if self.has_pressed.get_value() {
            self.has_pressed.set_value(false);
            event.stop_propagation();
            event.prevent_default();
        }
    }

    fn forget(self) {
        self.start.set_value(None);
        self.timer.set_value(None);
    }

    /// The finger has rested: as the views see it, a right click.
    fn press(self, target: &EventTarget, (x, y): ClientPoint) {
        if self.page.menu().get_untracked().is_some() {
            return;
        }
        let init = MouseEventInit::new();
        init.set_bubbles(true);
        init.set_cancelable(true);
        init.set_client_x(x);
        init.set_client_y(y);
        let Ok(event) = web_sys::MouseEvent::new_with_mouse_event_init_dict("contextmenu", &init) else { return };
        // Whoever opens a menu prevents the browser's.
        if target.dispatch_event(&event) == Ok(false) {
            self.start.set_value(None);
            self.has_pressed.set_value(true);
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

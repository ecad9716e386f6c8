//! A long press where the browser makes no `contextmenu` event of it, as on iOS: the event is made here after a while, so that
//! whatever hears a right click hears the press as well.

use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::Timeout;
use leptos::ev;
use leptos::prelude::*;
use web_sys::{EventTarget, MouseEvent, MouseEventInit, PointerEvent};

use crate::ui::shell::page::Page;
use crate::ui::small::pointer::{ClientPoint, client_point};

/// How long a finger rests before the event is made; browsers that make it themselves do so after half a second.
const HELD_MS: u32 = 700;

/// How far a resting finger moves, in CSS pixels.
const REST: i32 = 10;

/// A finger that is down; the timer stops with it.
struct Press {
    start: ClientPoint,
    _timer: Timeout,
}

/// Hears fingers for as long as the component that calls it is there.
pub fn listen(page: Page) {
    let press = StoredValue::new_local(None::<Press>);
    // Whether the finger that is down has opened the menu: no click follows when it is lifted.
    let has_opened = StoredValue::new_local(false);
    let down = window_event_listener(ev::pointerdown, move |event| {
        has_opened.set_value(false);
        press.set_value(started(page, &event, has_opened));
    });
    let moved = window_event_listener(ev::pointermove, move |event| {
        let (x, y) = client_point(&event);
        let is_at_rest = |press: &Press| (x - press.start.0).abs() <= REST && (y - press.start.1).abs() <= REST;
        if press.with_value(|press| press.as_ref().is_some_and(|press| !is_at_rest(press))) {
            press.set_value(None);
        }
    });
    let lifted = window_event_listener(ev::pointerup, move |_| press.set_value(None));
    // The browser scrolls instead, or makes the event itself.
    let taken = window_event_listener(ev::pointercancel, move |_| press.set_value(None));
    let asked = window_event_listener(ev::contextmenu, move |_| press.set_value(None));
    let in_capture = EventListenerOptions { phase: gloo::events::EventListenerPhase::Capture, passive: false };
    let clicked = EventListener::new_with_options(&window(), "click", in_capture, move |event| {
        if has_opened.try_update_value(std::mem::take).unwrap_or_default() {
            event.stop_propagation();
            event.prevent_default();
        }
    });
    // It stops with its owner, the component.
    let _ = StoredValue::new_local(clicked);
    on_cleanup(move || {
        for listener in [down, moved, lifted, taken, asked] {
            listener.remove();
        }
    });
}

/// The first finger that comes down.
fn started(page: Page, event: &PointerEvent, has_opened: StoredValue<bool, LocalStorage>) -> Option<Press> {
    let target = event.target().filter(|_| event.pointer_type() == "touch" && event.is_primary())?;
    let start = client_point(event);
    let timer = Timeout::new(HELD_MS, move || {
        if page.menu().with_untracked(Option::is_none) && opens_menu(&target, start) {
            has_opened.try_set_value(true);
        }
    });
    Some(Press { start, _timer: timer })
}

/// Tells the element of a long press; returns whether a menu has opened.
fn opens_menu(target: &EventTarget, (x, y): ClientPoint) -> bool {
    let at = MouseEventInit::new();
    at.set_bubbles(true);
    at.set_cancelable(true);
    at.set_client_x(x);
    at.set_client_y(y);
    let event = MouseEvent::new_with_mouse_event_init_dict("contextmenu", &at);
    // Who opens a menu prevents the browser's.
    event.is_ok_and(|event| target.dispatch_event(&event).is_ok_and(|is_unheard| !is_unheard))
}

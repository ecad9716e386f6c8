//! The tour: a note beside one control after another, which stays usable.

use leptos::ev::KeyboardEvent;
use leptos::html::Div;
use leptos::prelude::*;
use web_sys::{DomRect, Element};

use super::page::Page;
use crate::state::tour::STEPS;
use crate::state::{Event, LayoutChange, ViewEvent};
use crate::ui::erased::{Derived, effect, view};
use crate::ui::palette::for_this_keyboard;
use crate::ui::small::css::px;
use crate::ui::small::focus::focus;

/// Between the note, the place and the edge of the window, in CSS pixels.
const GAP: f64 = 12.0;

/// The note of the present step, and a frame around its place. Once begun or declined, the tour is offered no more.
#[component]
pub fn Tour(page: Page) -> impl IntoView {
    let step = page.tour();
    let at = move || step.get().and_then(|step| STEPS.get(step));
    // What moves the place: the window's size, and whatever changes the page.
    let moved = RwSignal::new(());
    let listener = window_event_listener(leptos::ev::resize, move |_| moved.set(()));
    on_cleanup(move || listener.remove());
    let place = Derived::new(move || {
        moved.track();
        page.with(|_| ());
        at().and_then(|step| step.places.iter().find_map(|place| on_screen(place)))
    });
    let note = NodeRef::<Div>::new();
    effect(move || {
        if step.get().is_some() {
            page.dispatch(Event::View(ViewEvent::LayoutChanged(LayoutChange::TourOffered(false))));
            focus(note.get().map(Element::from));
        }
    });
    let go = move |to: Option<usize>| step.set(to.filter(|to| *to < STEPS.len()));
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            go(None);
        }
    };
    let shown = move |index: usize| {
        let side = move |pick: fn([f64; 4]) -> f64| {
            move || place.get().map_or_else(String::new, |place| px(pick(place) as f32))
        };
        let note_at = move || beside(place.get());
        view! {
            <div class="tour-frame" aria-hidden="true" class:none=move || place.get().is_none()
                style:left=side(|[left, ..]| left - 4.0)
                style:top=side(|[_, top, ..]| top - 4.0)
                style:width=side(|[left, _, right, _]| right - left + 8.0)
                style:height=side(|[_, top, _, bottom]| bottom - top + 8.0)
            ></div>
            <div
                class="tour-note"
                role="dialog"
                aria-label=move || format!("Tour, step {} of {}", index + 1, STEPS.len())
                tabindex="-1"
                node_ref=note
                style:left=move || px(note_at().0 as f32)
                style:top=move || px(note_at().1 as f32)
                on:keydown=on_key
            >
                <h2>{STEPS[index].title}<span class="aside">{format!("{} of {}", index + 1, STEPS.len())}</span></h2>
                <p>{for_this_keyboard(STEPS[index].text)}</p>
                <div class="tour-actions">
                    <button type="button" class="link" on:click=move |_| go(None)>"End the tour"</button>
                    <span class="spring"></span>
                    <button type="button" class="link" prop:disabled=index == 0 on:click=move |_| go(index.checked_sub(1))>
                        "Back"
                    </button>
                    <button type="button" class="primary" on:click=move |_| go(Some(index + 1))>
                        {if index + 1 < STEPS.len() { "Next" } else { "Done" }}
                    </button>
                </div>
            </div>
        }
    };
    move || step.get().filter(|step| *step < STEPS.len()).map(shown)
}

/// Left, top, right and bottom of a place in the window; nothing where it is not on screen.
fn on_screen(selector: &str) -> Option<[f64; 4]> {
    let element = document().query_selector(selector).ok().flatten()?;
    let bounds: DomRect = element.get_bounding_client_rect();
    let is_seen =
        bounds.width() > 0.0 && bounds.height() > 0.0 && bounds.top() < window_size().1 && bounds.bottom() > 0.0;
    is_seen.then(|| [bounds.left(), bounds.top(), bounds.right(), bounds.bottom()])
}

fn window_size() -> (f64, f64) {
    let length = |length: Result<wasm_bindgen::JsValue, _>| length.ok().and_then(|it| it.as_f64()).unwrap_or(0.0);
    (length(window().inner_width()), length(window().inner_height()))
}

/// Where the note stands: under its place, else over it, else within it; always in the window.
fn beside(place: Option<[f64; 4]>) -> (f64, f64) {
    // As large as style/palette.css makes it, its text at its longest.
    const SIZE: (f64, f64) = (320.0, 184.0);
    let (width, height) = window_size();
    let [left, top, _, bottom] = place.unwrap_or([GAP, height, GAP, height]);
    let y = match (bottom + GAP + SIZE.1 < height, top - GAP - SIZE.1 > 0.0) {
        (true, _) => bottom + GAP,
        (false, true) => top - GAP - SIZE.1,
        (false, false) => height - GAP - SIZE.1,
    };
    (left.min(width - SIZE.0 - GAP).max(GAP), y.max(GAP))
}

//! The notice that stands over a page whose program has stopped, and the texts kept over its reload.
//!
//! The notice is made of plain elements: after a trap neither the state nor Leptos can be relied on. The link to the view is in the
//! address bar, which a reload keeps; typed texts are read from their fields and put back once the page has settled.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Document, Element, HtmlTextAreaElement, window};

use super::page::Page;
use crate::platform::fault::on_trap;
use crate::platform::page::{fragment, keep_for_reload, take_after_reload};
use crate::state::{EntryChange, EntryEvent, EntryKind, Event, FirstScreen, State};
use crate::ui::erased::effect;

/// Id of the notice.
const ID: &str = "fault";

/// What the address is kept as.
const ADDRESS: &str = "address";

/// Fields with typed text, by id.
const FIELDS: [&str; 4] = ["text", "pair", "ids", "target"];

/// Shows the notice when the program stops.
pub fn show_faults() {
    on_trap(|| {
        let document = window().and_then(|window| window.document());
        if let Some(document) = document.filter(|document| document.get_element_by_id(ID).is_none()) {
            // A document that takes no elements shows nothing either way.
            let _ = show(&document);
        }
    });
}

fn show(document: &Document) -> Option<()> {
    let element = |name: &str| document.create_element(name).ok();
    let (notice, sentence, button) = (element("div")?, element("p")?, element("button")?);
    notice.set_id(ID);
    set(&notice, &[("class", "fault"), ("role", "alert")]);
    set(&button, &[("type", "button")]);
    sentence.set_text_content(Some(
        "Headlight has stopped because of an internal error. Reload it to go on: your text and the link to this view are kept.",
    ));
    button.set_text_content(Some("Reload"));
    let reload = Closure::<dyn Fn()>::new(|| {
        keep_texts();
        // Where the browser refuses to reload, the notice stays.
        let _ = window().map(|window| window.location().reload());
    });
    button.add_event_listener_with_callback("click", reload.as_ref().unchecked_ref()).ok()?;
    reload.forget();
    notice.append_with_node_2(&sentence, &button).ok()?;
    document.body()?.prepend_with_node_1(&notice).ok()
}

fn set(element: &Element, attributes: &[(&str, &str)]) {
    for (name, value) in attributes {
        // These names are valid.
        let _ = element.set_attribute(name, value);
    }
}

fn key(field: &str) -> String {
    format!("headlight.reload.{field}")
}

fn keep_texts() {
    let Some(document) = window().and_then(|window| window.document()) else { return };
    // Without storage a word is lost, as it was before.
    let _ = keep_for_reload(&key(ADDRESS), &fragment());
    for id in FIELDS {
        let field = document.get_element_by_id(id).and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok());
        if let Some(field) = field {
            let _ = keep_for_reload(&key(id), &field.value());
        }
    }
}

/// Keeps the texts of a page that is left while they have not been run.
pub fn keep_unrun_texts(page: Page) {
    let leaving = window_event_listener_untyped("pagehide", move |_| {
        if page.peek(State::has_unrun_text) {
            keep_texts();
        }
    });
    on_cleanup(move || leaving.remove());
}

/// Puts the texts kept over a reload back into their fields, once the page has settled: whatever it shows first has texts too.
pub fn restore_texts(page: Page) {
    let kept = FIELDS.map(|id| take_after_reload(&key(id)));
    // Under another address the tab has come back to something else.
    let is_same = take_after_reload(&key(ADDRESS)).is_some_and(|kept| kept == fragment());
    let kept = StoredValue::new(if is_same { kept } else { Default::default() });
    let is_settled = page.memo(is_settled);
    effect(move || {
        if !is_settled.get() {
            return;
        }
        let Some([text, pair, ids, target]) = kept.try_update_value(std::mem::take) else { return };
        let changed = |change: EntryChange| page.dispatch(Event::Entry(EntryEvent::FieldChanged(change)));
        if let Some(text) = text {
            page.dispatch(Event::Entry(EntryEvent::TextEdited(text)));
        }
        if let Some(pair) = pair {
            page.dispatch(Event::Entry(EntryEvent::PairEdited(pair)));
        }
        if let Some(ids) = ids {
            changed(EntryChange::Kind(EntryKind::Ids));
            changed(EntryChange::Ids(ids));
        }
        if let Some(target) = target {
            changed(EntryChange::Target(target));
        }
    });
}

/// Whether the page shows what it begins with, and nothing is on its way.
fn is_settled(state: &State) -> bool {
    let is_opening = state.first == FirstScreen::Coming || state.traces.opening.is_some();
    !state.models.is_empty() && !is_opening && !state.is_busy()
}

//! The keys that work everywhere on the page: the palette, the list of keys, undo and redo.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::state::editing::EditEvent;
use crate::state::{Event, RUNS_MODELS};
use crate::ui::shell::page::Page;

/// What is typed into, where keys are letters.
const FIELDS: &str = "textarea, select, [contenteditable], \
    input:not([type=checkbox], [type=radio], [type=range], [type=button], [type=file])";

/// Hears keys as long as the component that calls it is there: the page itself, since keys may be pressed before the palette has
/// been fetched.
pub fn listen(page: Page) {
    let listener = window_event_listener(leptos::ev::keydown, move |event| on_key(page, &event));
    on_cleanup(move || listener.remove());
}

fn on_key(page: Page, event: &KeyboardEvent) {
    if event.default_prevented() || event.is_composing() || event.alt_key() {
        return;
    }
    let is_command = event.ctrl_key() || event.meta_key();
    let is_free = !has_dialog();
    match event.key().to_ascii_lowercase().as_str() {
        "k" if is_command && !event.shift_key() && (is_free || page.palette().get_untracked()) => {
            page.palette().update(|is_open| *is_open = !*is_open);
        }
        "/" if !is_command && is_free && !is_typing(event) => page.palette().set(true),
        "?" if !is_command && is_free && !is_typing(event) => page.help().set(true),
        "z" if RUNS_MODELS && is_command && is_free && !is_typing(event) => {
            let change = if event.shift_key() { EditEvent::Redone } else { EditEvent::Undone };
            page.dispatch(Event::Editing(change));
        }
        _ => return,
    }
    event.prevent_default();
}

/// Whether a dialog over the page is open, which has keys of its own.
fn has_dialog() -> bool {
    document().query_selector("dialog[open]").is_ok_and(|dialog| dialog.is_some())
}

fn is_typing(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| target.matches(FIELDS).unwrap_or(false))
}

/// Keys as this keyboard has them: Ctrl is ⌘ on a Mac.
pub fn for_this_keyboard(keys: &str) -> String {
    let platform = window().navigator().platform().unwrap_or_default();
    if platform.starts_with("Mac") || platform.starts_with("iP") {
        keys.replace("Ctrl", "⌘")
    } else {
        keys.to_owned()
    }
}

//! What Enter does in the input's fields.

use leptos::ev::KeyboardEvent;

use crate::state::{Event, WorkEvent};
use crate::ui::shell::page::Page;

/// Enter runs the model, Shift+Enter starts a new line. Enter while composing (Japanese, Chinese …) ends the composition.
pub fn run_with_enter(page: Page, event: &KeyboardEvent) {
    if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
        event.prevent_default();
        page.dispatch(Event::Work(WorkEvent::RunAsked));
    }
}

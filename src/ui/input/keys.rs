//! What Enter does in the input's fields.

use leptos::ev::KeyboardEvent;

use crate::state::{Event, WorkEvent};
use crate::ui::shell::page::Page;

/// Whether a key runs the model: Enter does, Shift+Enter starts a new line. Enter while composing (Japanese, Chinese …) ends the
/// composition.
pub fn runs_model(event: &KeyboardEvent) -> bool {
    event.key() == "Enter" && !event.shift_key() && !event.is_composing()
}

/// Runs the model if the key does that.
pub fn run_with_enter(page: Page, event: &KeyboardEvent) {
    if runs_model(event) {
        event.prevent_default();
        page.dispatch(Event::Work(WorkEvent::RunAsked));
    }
}

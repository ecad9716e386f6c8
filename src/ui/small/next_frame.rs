//! Drawing when something changed, once per frame at most.

use leptos::prelude::*;

use crate::ui::erased::effect;

/// Calls `draw` with the next frame after each change of what `track` reads, however many changes there are until then. What was
/// unmounted meanwhile is not drawn.
pub fn next_frame(track: impl Fn() + 'static, draw: impl Fn() + Copy + 'static) {
    let is_due = StoredValue::new(false);
    let frame = move || {
        // A value that is disposed of is handed back.
        if is_due.try_set_value(false).is_none() {
            draw();
        }
    };
    effect(move || {
        track();
        if !is_due.get_value() {
            is_due.set_value(true);
            request_animation_frame(frame);
        }
    });
}

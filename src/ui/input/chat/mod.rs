//! The input that is a conversation: a line at rest, and its messages while they are edited.

mod fields;
mod line;
mod message;

pub use fields::ChatFields;
pub use line::ChatLine;

use leptos::prelude::*;

use super::text_form::TOGGLE;
use crate::ui::small::focus::focus;

/// The controls of a message that get the focus again after a change.
#[derive(Clone, Copy, PartialEq)]
enum Control {
    Content,
    Up,
    Down,
    Remove,
}

impl Control {
    fn id(self, index: usize) -> String {
        let name = match self {
            Control::Content => "content",
            Control::Up => "up",
            Control::Down => "down",
            Control::Remove => "remove",
        };
        format!("chat-{name}-{index}")
    }
}

/// Gives the focus to a control once the change that it follows is on screen; to the message where the control is off.
fn focus_soon(control: Control, index: usize) {
    let found = move |control: Control| document().get_element_by_id(&control.id(index));
    request_animation_frame(move || {
        let wanted = found(control).filter(|element| !element.has_attribute("disabled"));
        focus(wanted.or_else(|| found(Control::Content)));
    });
}

/// Gives the focus to the button that opens the fields, which stays while they close.
fn focus_toggle() {
    request_animation_frame(|| focus(document().get_element_by_id(TOGGLE)));
}

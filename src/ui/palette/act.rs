//! Carries a command out.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement};

use super::dialog::DIALOG;
use crate::state::palette::{Act, Command, Control};
use crate::state::{Event, SelectionEvent};
use crate::ui::shell::page::Page;
use crate::ui::small::focus::focus;

/// Closes the palette and does what the command says.
pub(super) fn carry_out(page: Page, act: Act) {
    // At once, so that the focus is where it was before another dialog or control gets it.
    let dialog = document().get_element_by_id(DIALOG).and_then(|dialog| dialog.dyn_into::<HtmlDialogElement>().ok());
    if let Some(dialog) = dialog {
        dialog.close();
    }
    page.palette().set(false);
    match act {
        Act::Help => page.help().set(true),
        Act::Tour => page.tour().set(Some(0)),
        Act::Press(control) => {
            if let Some(element) = element(control) {
                element.click();
            }
        }
        Act::GoTo(control) => focus(document().get_element_by_id(control.id())),
        Act::GoToToken(token) => {
            page.dispatch(Event::Select(SelectionEvent::TokenPicked(token)));
            page.sought().set(Some(token));
        }
        act => {
            if let Some(event) = act.event() {
                page.dispatch(event);
            }
        }
    }
}

/// Whether the command's control is on the page and can be used.
pub(super) fn is_there(command: &Command) -> bool {
    match command.act {
        Act::Press(control) | Act::GoTo(control) => {
            element(control).is_some_and(|element| !element.has_attribute("disabled"))
        }
        _ => true,
    }
}

fn element(control: Control) -> Option<HtmlElement> {
    document().get_element_by_id(control.id())?.dyn_into().ok()
}

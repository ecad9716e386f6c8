//! The button that opens the menu for the selection.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{MARGIN, OpenMenu, below, long_press, of_selection};
use crate::state::palette::Control;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// "Edit L2H9", which opens the menu for the selection.
#[component]
pub fn EditButton(page: Page) -> impl IntoView {
    long_press::listen(page);
    let can_edit = page.memo(|state| state.can_edit());
    let title = of_selection(page, |state| state.edit_menu(&state.selected_target()).title);
    let is_open = move || page.menu().with(Option::is_some);
    let open = move |event: MouseEvent| {
        let target = page.peek(|state| state.selected_target());
        let element = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
        let at = element.map_or((MARGIN, MARGIN), |element| below(&element));
        page.open_menu(OpenMenu { target, at });
    };
    view! {
        <button
            type="button"
            id=Control::EditSelected.id()
            class="edit-button"
            class:none=move || !can_edit.get()
            aria-haspopup="menu"
            aria-expanded=move || is_open().to_string()
            title="Change what is selected (E). Heads, tokens, links and neurons have the same menu by right click, long press or E."
            on:click=open
        >
            "Edit "
            <span class="edit-of">{move || title.get()}</span>
            <span class="more" aria-hidden="true">" …"</span>
        </button>
    }
}

//! The palette's dialog.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::search::Search;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::dialog::follow;

/// Id of the dialog.
pub(super) const DIALOG: &str = "palette";

/// The dialog. Its contents are made anew each time it is opened.
#[component]
pub fn Palette(page: Page) -> impl IntoView {
    let is_open = page.palette();
    let node = NodeRef::<html::Dialog>::new();
    follow(node, is_open);
    // A press beside the palette hits the dialog itself, which its content covers.
    let on_press = move |event: leptos::ev::PointerEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if target.is_some_and(|target| target.id() == DIALOG) {
            is_open.set(false);
        }
    };
    view! {
        <dialog
            id=DIALOG
            class="palette"
            aria-label="Commands"
            node_ref=node
            on:close=move |_| is_open.set(false)
            on:pointerdown=on_press
        >
            {move || is_open.get().then(|| view! { <Search page /> })}
        </dialog>
    }
}

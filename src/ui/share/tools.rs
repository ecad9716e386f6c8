//! The end of the top bar: what shares the result on screen.

use leptos::ev::{FocusEvent, KeyboardEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::buttons::ShareButtons;
use crate::ui::erased::{Derived, view};
use crate::ui::head::scene::Scene;
use crate::ui::shell::page::Page;

/// The buttons at the end of the top bar; where there is no room for them, "Share" opens them, until the focus goes elsewhere.
#[component]
pub fn Tools(page: Page, scene: Derived<Option<Scene>>, is_saving: RwSignal<bool>) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let leave = move |event: FocusEvent| {
        let to = event.related_target().and_then(|target| target.dyn_into::<Element>().ok());
        if !to.is_some_and(|to| to.closest(".tools").is_ok_and(|tools| tools.is_some())) {
            is_open.set(false);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            is_open.set(false);
        }
    };
    view! {
        <div class="tools" class:open=move || is_open.get() on:focusout=leave on:keydown=on_key>
            <button
                type="button"
                class="quiet share-toggle"
                aria-expanded=move || is_open.get().to_string()
                on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
            >
                "Share"
            </button>
            <ShareButtons page scene is_saving />
        </div>
    }
}

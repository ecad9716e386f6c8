//! The button over the views that opens the column "Change the model".

use leptos::prelude::*;
use leptos_use_media_query::use_media_query;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::column::{BESIDE, HEADING};
use crate::state::Event;
use crate::state::editing::EditEvent;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// Opens and closes the column, or scrolls to it where it stands after the views.
#[component]
pub fn PanelButton(page: Page, is_open: Signal<bool>) -> impl IntoView {
    let beside = use_media_query(BESIDE);
    let n_active = page.memo(|state| state.editing.list.iter().filter(|listed| listed.edit.on).count());
    let press = move |_| {
        if beside.get_untracked() {
            page.dispatch(Event::Editing(EditEvent::PanelOpened(!is_open.get_untracked())));
        } else if let Some(heading) = document().get_element_by_id(HEADING) {
            heading.scroll_into_view();
            if let Ok(heading) = heading.dyn_into::<HtmlElement>() {
                // An element that has left the document needs no focus.
                let _ = heading.focus();
            }
        }
    };
    view! {
        <button
            type="button"
            class="quiet panel-button"
            aria-controls="editing"
            aria-expanded=move || beside.get().then(|| is_open.get().to_string())
            on:click=press
        >
            "Change the model"
            {move || (n_active.get() > 0).then(|| format!(" ({})", n_active.get()))}
            <span class="for-after" aria-hidden="true">" ↓"</span>
        </button>
    }
}

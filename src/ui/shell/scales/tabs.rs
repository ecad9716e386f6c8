//! The tabs of the views: one tab stop, with arrow keys between them.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::{panel_id, tab_id};
use crate::state::{Event, SelectionEvent, View};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// A tab for each view.
#[component]
pub fn Tabs(page: Page) -> impl IntoView {
    let current = page.memo(|state| state.selection.view);
    let go = move |view: View| page.dispatch(Event::Select(SelectionEvent::ViewPicked(view)));
    let on_key = move |event: KeyboardEvent| {
        let at = View::EACH.iter().position(|view| *view == current.get_untracked()).unwrap_or(0);
        let n = View::EACH.len();
        let to = match event.key().as_str() {
            "ArrowRight" => (at + 1) % n,
            "ArrowLeft" => (at + n - 1) % n,
            "Home" => 0,
            "End" => n - 1,
            _ => return,
        };
        event.prevent_default();
        go(View::EACH[to]);
        let tab = document().get_element_by_id(&tab_id(View::EACH[to]));
        if let Some(tab) = tab.and_then(|tab| tab.dyn_into::<web_sys::HtmlElement>().ok()) {
            // An element that has left the document needs no focus.
            let _ = tab.focus();
        }
    };
    let tab = move |view: View| {
        view! {
            <button
                type="button"
                role="tab"
                id=tab_id(view)
                aria-controls=panel_id(view)
                aria-selected=move || (current.get() == view).to_string()
                tabindex=move || if current.get() == view { "0" } else { "-1" }
                on:click=move |_| go(view)
                on:keydown=on_key
            >
                {view.label().trim_end_matches(" view")}
                <span class="only-spoken">" view"</span>
            </button>
        }
    };
    view! { <div class="tabs" role="tablist" aria-label="Scale">{View::EACH.map(tab).collect_view()}</div> }
}

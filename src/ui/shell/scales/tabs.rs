//! The tabs of the views: one tab stop, with arrow keys between them.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::{panel_id, tab_id};
use crate::state::{Event, SelectionEvent, View};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::focus::{focus, next_tab};

/// A tab for each view.
#[component]
pub fn Tabs(page: Page) -> impl IntoView {
    let current = page.memo(|state| state.selection.view);
    let go = move |view: View| page.dispatch(Event::Select(SelectionEvent::ViewPicked(view)));
    let on_key = move |event: KeyboardEvent| {
        let at = View::EACH.iter().position(|view| *view == current.get_untracked()).unwrap_or(0);
        let Some(to) = next_tab(&event.key(), at, View::EACH.len()) else { return };
        event.prevent_default();
        go(View::EACH[to]);
        focus(document().get_element_by_id(&tab_id(View::EACH[to])));
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
    view! { <div class="tabs" role="tablist" aria-label="Scale">{View::EACH.iter().copied().map(tab).collect_view()}</div> }
}

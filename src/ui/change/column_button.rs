//! The button in the status line that says how many edits are in force and opens their tab.

use leptos::prelude::*;
use leptos::task::{spawn_local, tick};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::column::HEADING;
use crate::state::{Column, Event, InspectorTab, LayoutChange, ViewEvent, wording};
use crate::ui::erased::view;
use crate::ui::shell::floor::WIDE;
use crate::ui::shell::page::Page;
use crate::ui::small::watched::media_query;

/// "No edits" or "2 edits", which opens the inspector's tab "Change", or scrolls to it where the inspector stands under the stage.
#[component]
pub fn PanelButton(page: Page) -> impl IntoView {
    let is_wide = media_query(WIDE);
    let is_open = page.memo(|state| state.layout.has(Column::Inspector) && state.layout.tab == InspectorTab::Change);
    let n_active = page.memo(|state| state.editing.list.iter().filter(|listed| listed.edit.on).count());
    let press = move |_| {
        let change = match is_wide.get_untracked() && is_open.get_untracked() {
            true => LayoutChange::Unfolded(Column::Inspector, false),
            false => LayoutChange::Tab(InspectorTab::Change),
        };
        page.dispatch(Event::View(ViewEvent::LayoutChanged(change)));
        if !is_wide.get_untracked() {
            spawn_local(async {
                // The tab is on screen only after this.
                tick().await;
                go_to_heading();
            });
        }
    };
    view! {
        <button
            type="button"
            class="quiet panel-button"
            aria-expanded=move || is_wide.get().then(|| is_open.get().to_string())
            title="Change the model and compare what it does"
            on:click=press
        >
            <span class="only-spoken">"Change the model: "</span>
            {move || match n_active.get() {
                0 => "No edits".to_owned(),
                several => wording::count(several, "edit"),
            }}
        </button>
    }
}

fn go_to_heading() {
    let Some(heading) = document().get_element_by_id(HEADING) else { return };
    heading.scroll_into_view();
    if let Ok(heading) = heading.dyn_into::<HtmlElement>() {
        // An element that has left the document needs no focus.
        let _ = heading.focus();
    }
}

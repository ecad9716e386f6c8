//! Everything about changing the model: edits, outcome and predictions side by side, sweeps, writing on.
//!
//! On a wide window it is a column beside the views, which can be shut; where there is no room for one it stands after them,
//! and the button over the views leads there.

use leptos::prelude::*;
use leptos_use_media_query::use_media_query;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::against_panel::AgainstChoice;
use super::edits_panel::EditsPanel;
use super::outcome_panel::OutcomePanel;
use super::sweep_panel::SweepPanel;
use super::writing_panel::WritingPanel;
use crate::state::Event;
use crate::state::editing::EditEvent;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// From this width on there is room for a column beside the views. The same in style/shell.css.
const BESIDE: &str = "(min-width: 1041px)";
/// From this width on it stands there without being asked: the neuron view still has all its columns.
const ROOMY: &str = "(min-width: 1420px)";
/// Id of the heading.
const HEADING: &str = "editing-heading";

/// Whether the column is open: as somebody has said, or by the room there is.
pub fn panel_is_open(page: Page) -> Signal<bool> {
    let said = page.memo(|state| state.editing.is_open);
    let (beside, roomy) = (use_media_query(BESIDE), use_media_query(ROOMY));
    Signal::derive(move || !beside.get() || said.get().unwrap_or(roomy.get()))
}

/// Opens and shuts the column, or leads to it where it stands after the views.
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
                // An element that is gone needs no focus.
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

/// The column.
#[component]
pub fn EditingColumn(page: Page, is_open: Signal<bool>) -> impl IntoView {
    view! {
        <section id="editing" class="editing" aria-label="Change the model" class:shut=move || !is_open.get()>
            <h2 class="editing-heading" id=HEADING tabindex="-1">"Change the model"</h2>
            {page.parts().awaited(move |views| (views.editing)(page))}
        </section>
    }
}

/// The panels.
#[component]
pub fn Editing(page: Page) -> impl IntoView {
    let can_edit = page.memo(|state| state.can_edit());
    let is_busy = page.memo(|state| state.is_busy());
    view! {
        <p class="hint" class:none=move || can_edit.get()>
            "What is on screen was computed before. Run the text in the model: then its heads, links, tokens and neurons can \
            be changed, here and where they are shown. "
            <button
                type="button"
                class="link"
                prop:disabled=move || is_busy.get()
                on:click=move |_| page.dispatch(Event::RunAsked)
            >
                "Run it"
            </button>
        </p>
        <AgainstChoice page />
        <div class="editing-panels" class:idle=move || !can_edit.get()>
            <EditsPanel page />
            <OutcomePanel page />
            <SweepPanel page />
            <WritingPanel page />
        </div>
    }
}

//! The input: one line at rest, opened while it is edited.

use leptos::ev::{FocusEvent, KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, Node};

use super::entry_fields::EntryFields;
use super::keys::runs_model;
use super::target_field::TargetField;
use crate::state::{Event, WorkEvent, wording};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::focus::focus;
use crate::ui::small::problem::Problem;

/// Id of the button that opens the input.
pub const TOGGLE: &str = "input-options";

/// The fields of the chosen kind of input, what belongs to them while they are edited, and "Run".
#[component]
pub fn TextForm(page: Page) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let has_models = page.memo(|state| !state.models.is_empty());
    let loads_first = page.memo(|state| state.loads_first());
    let problem = page.memo(|state| state.notices.input.clone());
    let open_at_field = move |target: Option<EventTarget>| {
        if is_field(target) {
            is_open.set(true);
        }
    };
    let on_click = move |event: MouseEvent| {
        if is_example(event.target()) {
            // Its result is what the reader wants to see now.
            is_open.set(false);
            focus(document().get_element_by_id(TOGGLE));
        } else {
            open_at_field(event.target());
        }
    };
    let on_focus_out = move |event: FocusEvent| {
        let inside = event.current_target().and_then(|entry| entry.dyn_into::<Element>().ok());
        let to = event.related_target().and_then(|to| to.dyn_into::<Node>().ok());
        if !inside.is_some_and(|entry| entry.contains(to.as_ref())) {
            is_open.set(false);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" || runs_model(&event) && is_field(event.target()) {
            is_open.set(false);
        }
    };
    view! {
        <div
            class="entry"
            class:open=move || is_open.get()
            on:focusin=move |event| open_at_field(event.target())
            on:click=on_click
            on:input=move |event| open_at_field(event.target())
            on:focusout=on_focus_out
            on:keydown=on_key
        >
            <div class="entry-box" tabindex="-1">
                <div class="entry-fields">
                    <EntryFields page />
                    <TargetField page />
                    <button
                        type="button"
                        id=TOGGLE
                        class="quiet icon entry-toggle"
                        aria-label="Input options"
                        title="Kind of input, tokens and examples"
                        aria-controls="entry-more"
                        aria-expanded=move || is_open.get().to_string()
                        on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
                    >
                        <span class="fold-icon" aria-hidden="true"></span>
                    </button>
                </div>
                <div class="text-note" id="text-note" class:none=move || problem.with(Option::is_none)>
                    {move || problem.get().map(|problem| view! {
                        <Problem message=problem.message>
                            {problem.cut_to.map(|n_ctx| view! {
                                <button type="button" class="link" on:click=move |_| page.dispatch(Event::Work(WorkEvent::CutAsked))>
                                    {format!("Cut to {n_ctx} tokens")}
                                </button>
                            })}
                        </Problem>
                    })}
                </div>
                <div class="entry-more" id="entry-more" class:none=move || !is_open.get()>
                    {page.parts().awaited(move |views| (views.entry_options)(page))}
                </div>
            </div>
        </div>
        <button
            type="button"
            class="run"
            prop:disabled=move || !has_models.get()
            on:click=move |_| page.dispatch(Event::Work(WorkEvent::RunAsked))
        >
            "Run"
            <span class="size" aria-hidden="true">
                {move || loads_first.get().map(|size| format!("loads {}", wording::bytes(size)))}
            </span>
        </button>
    }
}

/// Whether an event came from a field that is typed into.
fn is_field(target: Option<EventTarget>) -> bool {
    let element = target.and_then(|target| target.dyn_into::<Element>().ok());
    element.is_some_and(|element| element.matches("textarea, input[type=number]").unwrap_or(false))
}

/// Whether an event came from an example of the gallery.
fn is_example(target: Option<EventTarget>) -> bool {
    let element = target.and_then(|target| target.dyn_into::<Element>().ok());
    element.is_some_and(|element| element.closest(".example").is_ok_and(|example| example.is_some()))
}

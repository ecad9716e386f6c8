//! The line under the view that runs a text.

use leptos::prelude::*;

use crate::platform::page::fragment;
use crate::state::link::Link;
use crate::state::more_models::Lookup;
use crate::state::{EntryEvent, EntryKind, Event, WorkEvent, wording};
use crate::ui::erased::{Derived, Show, view};
use crate::ui::models::more::Outcome;
use crate::ui::shell::fault_notice::FaultNotice;
use crate::ui::shell::page::Page;
use crate::ui::shell::status::FrameStatus;
use crate::ui::small::problem::Problem;

/// The text, and the button that loads and runs the model.
#[component]
pub fn RunLine(page: Page, is_still: RwSignal<bool>) -> impl IntoView {
    let text = page.memo(|state| state.entry.text.clone());
    let pair = page.memo(|state| state.entry.pair.clone());
    // Token ids have no field; Run runs them as they are.
    let has_text = page.memo(|state| state.entry.kind == EntryKind::Text);
    let has_pair = page.memo(|state| !state.entry.pair.is_empty());
    // An emptied field stays.
    let keeps_pair = once_true(has_pair);
    // A frame without an input is a line of text: an empty form would help nobody. An emptied field stays.
    let names_input =
        page.memo(|state| state.shown.is_some() || state.entry.kind != EntryKind::Text || !state.entry.text.is_empty());
    let has_input = once_true(names_input);
    let is_empty = move || !has_input.get() && Link::parse(&fragment()).0.trace.is_none();
    let has_models = page.memo(|state| !state.models.is_empty());
    // The first run of a model from the Hub looks it up, and asks which files to download.
    let asks = page.memo(|state| state.more.lookup != Lookup::None);
    let is_busy = page.memo(|state| state.is_busy());
    let loads = page.memo(|state| state.loads_first());
    let problem = page.memo(|state| {
        let input = state.notices.input.as_ref().map(|notice| notice.message.clone());
        input.or_else(|| state.notices.model.clone())
    });
    let run = move || {
        is_still.set(false);
        page.dispatch(Event::Work(WorkEvent::RunAsked));
    };
    let on_enter = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Enter" && !event.is_composing() {
            event.prevent_default();
            run();
        }
    };
    let field = move |name: &'static str, value: Derived<String>, edited: fn(String) -> EntryEvent| {
        view! {
            <input
                type="text"
                aria-label=name
                spellcheck="false"
                prop:value=move || value.get()
                on:input:target=move |event| page.dispatch(Event::Entry(edited(event.target().value())))
                on:keydown=on_enter
            />
        }
    };
    view! {
        <p class="note" class:none=move || !is_empty()>
            "This frame shows nothing: its address names neither a trace nor a text."
        </p>
        <div class="run-line" class:none=move || !has_input.get()>
            {move || has_text.get().then(|| field("Text", text, EntryEvent::TextEdited))}
            {move || (has_text.get() && keeps_pair.get()).then(|| field("Second text", pair, EntryEvent::PairEdited))}
            <button type="button" class="run" prop:disabled=move || !has_models.get() on:click=move |_| run()>
                "Run"
                <span class="size" aria-hidden="true">
                    {move || loads.get().map(|size| format!("loads {}", wording::bytes(size)))}
                </span>
            </button>
            <Show when=move || is_busy.get()>
                <button type="button" class="cancel" on:click=move |_| page.dispatch(Event::Work(WorkEvent::CancelAsked))>
                    "Cancel"
                </button>
            </Show>
        </div>
        <Show when=move || asks.get()>
            <Outcome page />
        </Show>
        {move || problem.get().map(|problem| view! { <Problem message=problem class="note" /> })}
        <FaultNotice page />
        <FrameStatus page />
    }
}

/// Whether something is so, or was so before.
fn once_true(is_so: Derived<bool>) -> Derived<bool> {
    let was_so = StoredValue::new(false);
    Derived::new(move || {
        if is_so.get() {
            was_so.set_value(true);
        }
        was_so.get_value()
    })
}

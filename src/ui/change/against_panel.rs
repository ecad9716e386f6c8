//! Chooses B: this text under the edits, another text, a trace, or another model.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::second_question::SecondQuestion;
use crate::protocol::InputText;
use crate::state::Event;
use crate::state::editing::{Against, EditEvent};
use crate::ui::erased::{effect, view};
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// The kinds of B.
const KINDS: [&str; 4] = ["this text, edited", "another text", "a trace file", "another model"];

/// The combobox "Compare with", and the fields of the chosen kind.
#[component]
pub fn AgainstChoice(page: Page) -> impl IntoView {
    let against = page.memo(|state| state.editing.against.clone());
    let problem = page.memo(|state| state.editing.against_problem.clone());
    let status = page.memo(|state| state.second_model_status());
    let is_pair =
        page.memo(|state| state.shown.as_ref().is_some_and(|shown| matches!(shown.input.text, InputText::Pair(..))));
    let models = page.memo(|state| state.models.iter().map(|entry| entry.name.clone()).collect::<Vec<_>>());
    // The kind chosen here, until there is such a B.
    let wanted = RwSignal::new(None::<usize>);
    let kind = move || {
        let present = match against.get() {
            Against::Edits => 0,
            Against::Text(_) => 1,
            Against::Trace(_) => 2,
            Against::Model(_) => 3,
        };
        wanted.get().unwrap_or(present)
    };
    let send = move |against: Against| page.dispatch(Event::Editing(EditEvent::AgainstPicked(against)));
    // A new B decides the kind again.
    effect(move || {
        against.track();
        wanted.set(None);
    });
    let text = RwSignal::new(String::new());
    let pair = RwSignal::new(String::new());
    let run_text = move |_| {
        let (text, pair) = (text.get_untracked(), pair.get_untracked());
        if !text.trim().is_empty() {
            let is_pair = is_pair.get_untracked() && !pair.trim().is_empty();
            send(Against::Text(if is_pair { format!("{text}\n{pair}") } else { text }));
        }
    };
    let open = move |event: leptos::ev::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(input) = input else { return };
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            spawn_local(async move { page.open_trace_beside(file).await });
        }
        // An empty field lets the same file be chosen again.
        input.set_value("");
    };
    let option = move |(index, name): (usize, &'static str)| {
        view! { <option value=index.to_string() prop:selected=move || kind() == index>{name}</option> }
    };
    let model_option = move |(index, name): (usize, String)| {
        let is_picked = move || against.with(|against| *against == Against::Model(index));
        view! { <option value=index.to_string() prop:selected=is_picked>{name}</option> }
    };
    view! {
        <div class="against">
            <label for="against">"Compare with"</label>
            <select
                id="against"
                on:change:target=move |event| {
                    let kind = event.target().value().parse().unwrap_or(0);
                    wanted.set(Some(kind));
                    if kind == 0 {
                        send(Against::Edits);
                    }
                }
            >
                {KINDS.into_iter().enumerate().map(option).collect_view()}
            </select>
            <div class="against-details" class:none=move || kind() != 1>
                <label>
                    "Text to compare"
                    <input type="text" prop:value=move || text.get() on:input:target=move |event| text.set(event.target().value()) />
                </label>
                <label class:none=move || !is_pair.get()>
                    "Second text to compare"
                    <input type="text" prop:value=move || pair.get() on:input:target=move |event| pair.set(event.target().value()) />
                </label>
                <button type="button" class="add" prop:disabled=move || text.with(|text| text.trim().is_empty()) on:click=run_text>
                    "Run and compare"
                </button>
            </div>
            <label class="against-details" class:none=move || kind() != 2>
                "Trace of the same tokens"
                <input type="file" accept=".safetensors" on:change=open />
            </label>
            <div class="against-details" class:none=move || kind() != 3>
                <label>
                    "Model of the same shape"
                    <select on:change:target=move |event| {
                        if let Ok(model) = event.target().value().parse() {
                            send(Against::Model(model));
                        }
                    }>
                        <option value="" prop:selected=move || !matches!(against.get(), Against::Model(_))>"choose …"</option>
                        {move || models.get().into_iter().enumerate().map(model_option).collect_view()}
                    </select>
                </label>
            </div>
            <SecondQuestion page />
            <p class="hint" role="status" aria-label="Comparison" class:none=move || status.get().is_none()>
                {move || status.get()}
            </p>
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
        </div>
    }
}

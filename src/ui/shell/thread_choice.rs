//! Chooses how many of the device's processors the model runs on.

use leptos::prelude::*;

use super::page::Page;
use crate::state::{Event, WorkEvent};
use crate::ui::erased::view;

/// The combobox "Threads"; hidden where the page has only one.
#[component]
pub fn ThreadChoice(page: Page) -> impl IntoView {
    let available = page.memo(|state| state.work.threads.available);
    let wanted = page.memo(|state| state.work.threads.wanted);
    let is_busy = page.memo(|state| state.is_busy());
    let choice = move |threads: u32| {
        view! {
            <option value=threads.to_string() selected=move || wanted.get() == threads>
                {threads.to_string()}
            </option>
        }
    };
    view! {
        <label
            class="threads"
            class:none=move || available.get() < 2
            title="Number of threads that run the model. Changing it restarts the model."
        >
            "Threads"
            <select
                prop:value=move || wanted.get().to_string()
                disabled=move || is_busy.get()
                on:change:target=move |event| {
                    if let Ok(threads) = event.target().value().parse() {
                        page.dispatch(Event::Work(WorkEvent::ThreadsPicked(threads)));
                    }
                }
            >
                {move || (1..=available.get()).map(choice).collect_view()}
            </select>
        </label>
    }
}

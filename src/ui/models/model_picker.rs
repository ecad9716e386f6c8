//! Chooses the model: its name with its quantisation, its size, and what is wrong with it.

use leptos::prelude::*;

use super::more::MoreModels;
use crate::state::catalogue::ModelLocation;
use crate::state::{Event, WorkEvent, WorkerPhase, wording};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// The combobox "Model", and what there is to say about the chosen model.
#[component]
pub fn ModelPicker(page: Page) -> impl IntoView {
    let names = page.memo(|state| state.models.iter().map(|model| model.name.clone()).collect::<Vec<_>>());
    let picked = page.memo(|state| state.picked_model);
    let facts = page.memo(|state| {
        let entry = state.picked()?;
        let size = wording::bytes(entry.size());
        let licence = if entry.licence.is_empty() { String::new() } else { format!(", {}", entry.licence) };
        let from_storage = state.work.model.as_ref().is_some_and(|model| model.from_storage);
        let origin = if from_storage { ", stored here" } else { "" };
        let origin =
            if matches!(entry.location, ModelLocation::Disk { .. }) { ", nothing leaves this machine" } else { origin };
        Some(format!("{size}{licence}{origin}"))
    });
    let has_model = page.memo(|state| state.work.model.is_some());
    let problem = page.memo(|state| state.notices.model.clone());
    let is_wrong_version = page.memo(|state| state.work.worker == WorkerPhase::WrongVersion);
    let reload = move |_| {
        // Where the browser refuses to reload, the page stays as it is.
        let _ = window().location().reload();
    };
    view! {
        <div class="field model">
            <label class="only-spoken" for="model">"Model"</label>
            <select
                id="model"
                aria-describedby="model-note"
                title=move || facts.get()
                prop:disabled=move || names.with(Vec::is_empty)
                on:change:target=move |event| page.dispatch(Event::Work(WorkEvent::ModelPicked(index_of(&event.target().value()))))
            >
                {move || {
                    names
                        .get()
                        .into_iter()
                        .enumerate()
                        .map(|(index, name)| {
                            view! {
                                <option value=index.to_string() prop:selected=move || picked.get() == index>
                                    {name}
                                </option>
                            }
                        })
                        .collect_view()
                }}
            </select>
            <div class="model-note" id="model-note" class:wrong=move || problem.with(Option::is_some)>
                {move || match problem.get() {
                    None => view! {
                        <span class="only-spoken">{facts.get().unwrap_or_default()}</span>
                    },
                    Some(message) => view! {
                        <Problem message>
                            {if is_wrong_version.get() {
                                view! { <button type="button" class="link" on:click=reload>"Reload"</button> }
                            } else {
                                view! {
                                    <button type="button" class="link" on:click=move |_| page.dispatch(Event::Work(WorkEvent::RetryAsked))>
                                        "Try again"
                                    </button>
                                }
                            }}
                        </Problem>
                    },
                }}
            </div>
            {move || has_model.get().then(|| {
                view! {
                    <details class="about-model" id="about-model">
                        <summary title="About this model"><span class="only-spoken">"About this model"</span></summary>
                        <div class="popover">
                            <p>{move || facts.get()}</p>
                            {page.parts().later(move |views| (views.about_model)(page))}
                        </div>
                    </details>
                }
            })}
            <MoreModels page />
        </div>
    }
}

fn index_of(value: &str) -> usize {
    value.parse().unwrap_or(usize::MAX)
}

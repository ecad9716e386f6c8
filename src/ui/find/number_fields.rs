//! The positive label, and permutations.

use leptos::prelude::*;

use super::measure::change;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// How many permutations stand behind a p.
#[component]
pub fn NumberFields(page: Page) -> impl IntoView {
    let n_permutations = page.memo(|state| state.find.form.n_permutations.clone());
    let form = page.memo(|state| state.find.form.clone());
    let labels = page.memo(|state| state.find.set.as_ref().map(|set| set.labels()).unwrap_or_default());
    let is_area = move || form.with(|form| form.is_area);
    let option = move |label: String| {
        let (value, shown) = (label.clone(), label.clone());
        let picked = move || form.with(|form| form.positive == label);
        view! { <option value=value prop:selected=picked>{shown}</option> }
    };
    view! {
        {move || is_area().then(|| view! {
            <label class="short">
                "Positive label"
                <select on:change:target=move |event| {
                    let label = event.target().value();
                    change(page, |form| form.positive = label);
                }>
                    <option value="" prop:selected=move || form.with(|form| form.positive.is_empty())>"larger one"</option>
                    {labels.get().into_iter().map(option).collect_view()}
                </select>
            </label>
        })}
        <label class="short">
            "Permutations"
            <input
                type="text"
                inputmode="numeric"
                prop:value=move || n_permutations.get()
                on:input:target=move |event| {
                    let text = event.target().value();
                    change(page, |form| form.n_permutations = text);
                }
            />
        </label>
    }
}

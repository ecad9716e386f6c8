//! The positive label, and permutations.

use leptos::prelude::*;

use super::chosen_set;
use super::count_field::CountField;
use super::measure::change;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::select_field::{SelectField, same_name};

/// The label that counts as positive, where labels are told apart, and how many permutations stand behind a p.
#[component]
pub fn NumberFields(page: Page) -> impl IntoView {
    let n_permutations = page.memo(|state| state.find.form.n_permutations.clone());
    let positive = page.memo(|state| state.find.form.positive.clone());
    let is_area = page.memo(|state| state.find.form.is_area);
    let set = chosen_set(page);
    let labels = Derived::new(move || set.with(|set| set.as_ref().map(|set| set.labels()).unwrap_or_default()));
    let options = Signal::derive(move || {
        let larger = (String::new(), "the larger one".to_owned());
        std::iter::once(larger).chain(labels.get().into_iter().map(same_name)).collect()
    });
    view! {
        {move || is_area.get().then(|| view! {
            <SelectField
                label="Positive label"
                class="short"
                options
                picked=Signal::derive(move || positive.get())
                pick=move |label| change(page, |form| form.positive = label)
            />
        })}
        <CountField
            label="Permutations"
            value=n_permutations
            on_typed=move |text| change(page, |form| form.n_permutations = text)
        />
    }
}

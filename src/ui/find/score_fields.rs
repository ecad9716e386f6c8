//! Which score is measured.

use leptos::prelude::*;

use super::measure::change;
use crate::analysis::scores::Score;
use crate::state::find::form::offered_scores;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::check_box::CheckBox;

/// Which score, and of which positions.
#[component]
pub fn ScoreFields(page: Page) -> impl IntoView {
    let score = page.memo(|state| state.find.form.score);
    let is_without = page.memo(|state| state.find.form.is_without);
    let option = move |option: Score| {
        view! { <option value=option.id() prop:selected=move || score.get() == option>{option.name()}</option> }
    };
    let pick = move |id: String| {
        if let Some(picked) = offered_scores().find(|score| score.id() == id) {
            change(page, |form| form.score = picked);
        }
    };
    view! {
        <label>
            "Score"
            <select title=move || score.get().sentence() on:change:target=move |event| pick(event.target().value())>
                {offered_scores().map(option).collect_view()}
            </select>
        </label>
        <CheckBox
            name="Without special tokens and the first"
            is_on=Signal::derive(move || is_without.get())
            change=move |is_on| change(page, |form| form.is_without = is_on)
        />
    }
}

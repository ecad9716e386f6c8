//! Which score is measured.

use leptos::prelude::*;

use super::measure::change;
use crate::state::find::form::offered_scores;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::check_box::CheckBox;
use crate::ui::small::select_field::SelectField;

/// Which score, and of which positions.
#[component]
pub fn ScoreFields(page: Page) -> impl IntoView {
    let score = page.memo(|state| state.find.form.score);
    let is_without = page.memo(|state| state.find.form.is_without);
    let options =
        Signal::stored(offered_scores().map(|score| (score.id().to_owned(), score.name().to_owned())).collect());
    let pick = move |id: String| {
        if let Some(picked) = offered_scores().find(|score| score.id() == id) {
            change(page, |form| form.score = picked);
        }
    };
    view! {
        <SelectField
            label="Score"
            title=Signal::derive(move || score.get().sentence())
            options
            picked=Signal::derive(move || score.get().id().to_owned())
            pick
        />
        <CheckBox
            name="Without special tokens and the first"
            is_on=Signal::derive(move || is_without.get())
            change=move |is_on| change(page, |form| form.is_without = is_on)
        />
    }
}

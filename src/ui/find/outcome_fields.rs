//! Answers for rows that name none.

use leptos::prelude::*;

use super::measure::change;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::text_field::TextField;

/// Answers for rows that name none.
#[component]
pub fn OutcomeFields(page: Page) -> impl IntoView {
    let answer = page.memo(|state| state.find.form.answer.clone());
    let other = page.memo(|state| state.find.form.other.clone());
    view! {
        <TextField
            label="Answer, where a row has none"
            value=move || answer.get()
            on_changed=move |text| change(page, |form| form.answer = text)
            spellchecked=false
        />
        <TextField
            label="Other answer"
            value=move || other.get()
            on_changed=move |text| change(page, |form| form.other = text)
            spellchecked=false
        />
        <p class="hint">
            "Outcome: logit of the answer minus that of the others. The head’s output is replaced by its mean over the rows of the set; \
            effect: outcome with that minus without. Negative: the head supported the answer. With a space in front: “ she”."
        </p>
    }
}

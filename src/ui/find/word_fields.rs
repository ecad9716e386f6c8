//! Two words, or a pattern, between which a weight is measured.

use leptos::prelude::*;

use super::measure::change;
use crate::state::find::Kind;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::text_field::TextField;

/// The word that reads and the one that is read, or a pattern with two parts.
#[component]
pub fn WordFields(page: Page) -> impl IntoView {
    let is_pattern = page.memo(|state| state.find.form.kind == Kind::Pattern);
    let reading = page.memo(|state| state.find.form.reading.clone());
    let read = page.memo(|state| state.find.form.read.clone());
    let pattern = page.memo(|state| state.find.form.pattern.clone());
    view! {
        {move || match is_pattern.get() {
            true => view! {
                <TextField
                    label="Pattern"
                    value=move || pattern.get()
                    on_changed=move |text| change(page, |form| form.pattern = text)
                    spellchecked=false
                />
                <p class="hint">
                    "Words in order, as in “the [nurse] … (she|he)”: the part in ( ) reads, the part in [ ] is read, … stands for any \
                    words, * for any letters of a word, | between alternatives."
                </p>
            },
            false => view! {
                <TextField
                    label="Word that reads"
                    value=move || reading.get()
                    on_changed=move |text| change(page, |form| form.reading = text)
                    spellchecked=false
                />
                <TextField
                    label="Word that is read"
                    value=move || read.get()
                    on_changed=move |text| change(page, |form| form.read = text)
                    spellchecked=false
                />
                <p class="hint">
                    "A word or several, * for any letters, | between alternatives: “she|he”. Of each row the two that stand nearest to \
                    each other count; rows without both are left out. Choose a head to list these rows by its weight."
                </p>
            },
        }}
    }
}

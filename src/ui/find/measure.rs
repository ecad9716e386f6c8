//! What is measured of each head, and the button that begins.

use leptos::prelude::*;

use super::number_fields::NumberFields;
use super::outcome_fields::OutcomeFields;
use super::score_fields::ScoreFields;
use super::stop::StopButton;
use super::weight_fields::WeightFields;
use super::word_fields::WordFields;
use super::{chosen_set, send};
use crate::state::FindEvent;
use crate::state::find::{Form, Kind};
use crate::ui::erased::{Derived, Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::check_box::CheckBox;
use crate::ui::small::select_field::{SelectField, same_name};

/// Changes a field of the form.
pub(super) fn change(page: Page, change: impl FnOnce(&mut Form)) {
    let mut form = page.peek(|state| state.find.form.clone());
    change(&mut form);
    send(page, FindEvent::FormChanged(form));
}

/// The measure, its fields, and "Measure every head".
#[component]
pub fn Measure(page: Page) -> impl IntoView {
    let form = page.memo(|state| state.find.form.clone());
    let set = chosen_set(page);
    let has_labels = Derived::new(move || set.with(|set| set.as_ref().is_some_and(|set| set.labels().len() > 1)));
    let has_edits = page.memo(|state| state.editing.has_active());
    let is_running = page.memo(|state| state.find.search.as_ref().is_some_and(|search| search.is_under_way()));
    let n_searches = page.memo(|state| state.find.n_searches);
    let is_first = move || n_searches.get() < 2;
    let kind = page.memo(|state| state.find.form.kind);
    let kinds = Signal::stored(Kind::EACH.map(|kind| same_name(kind.label())).to_vec());
    let pick = move |label: String| {
        let picked = Kind::EACH.into_iter().find(|kind| kind.label() == label).unwrap_or_default();
        change(page, |form| form.kind = picked);
    };
    view! {
        <section class="find-part" aria-label="Measure">
            <h2>"Measure"</h2>
            <form on:submit=move |event| {
                event.prevent_default();
                send(page, FindEvent::SearchAsked);
            }>
                <div class="find-fields">
                    <SelectField
                        label="Of each head"
                        options=kinds
                        picked=Signal::derive(move || kind.get().label().to_owned())
                        pick
                    />
                    {move || match kind.get() {
                        Kind::Score => view! { <ScoreFields page /> },
                        Kind::Weight => view! { <WeightFields page /> },
                        Kind::Words | Kind::Pattern => view! { <WordFields page /> },
                        Kind::Effect | Kind::Estimate => view! { <OutcomeFields page /> },
                    }}
                    <NumberFields page />
                </div>
                <div class="find-fields">
                    <Show when=move || has_labels.get()>
                        <CheckBox
                            name="How well it tells labels apart (AUC)"
                            is_on=Signal::derive(move || form.with(|form| form.is_area))
                            change=move |is_on| change(page, |form| form.is_area = is_on)
                        />
                    </Show>
                    <Show when=move || has_edits.get()>
                        <CheckBox
                            name="Under the edits of this page"
                            is_on=Signal::derive(move || form.with(|form| form.has_edits))
                            change=move |is_on| change(page, |form| form.has_edits = is_on)
                        />
                    </Show>
                    <button type="submit" class="action primary">"Measure every head"</button>
                    <StopButton page is_running />
                </div>
                <p class="hint" class:none=is_first>
                    {move || format!(
                        "{} searches were started on this set: no p is corrected for choosing among them.",
                        n_searches.get(),
                    )}
                </p>
            </form>
        </section>
    }
}

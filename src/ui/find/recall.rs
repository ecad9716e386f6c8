//! Recall of needles: whether the answer is first, by distance and depth, without and with the edits of the page.

use leptos::prelude::*;

use super::recall_table::RecallTable;
use super::save_trials::SaveTrials;
use super::trials_progress::TrialsProgress;
use super::{chosen_set, send, trials};
use crate::state::FindEvent;
use crate::state::find::Grouping;
use crate::ui::erased::{Derived, Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::check_box::CheckBox;

/// The button that begins, how far it is, and both tables.
#[component]
pub fn RecallSection(page: Page) -> impl IntoView {
    let set = chosen_set(page);
    let has_needles = Derived::new(move || set.with(|set| set.as_ref().is_some_and(|set| set.has_needles())));
    let has_edits = page.memo(|state| state.editing.has_active());
    let trials = trials(page, false);
    let statement = move || trials.get().map(|trials| trials.statement().join(" "));
    let is_of_all_tokens = RwSignal::new(false);
    let label = move || match has_edits.get() {
        true => "Measure recall without and with the edits",
        false => "Measure recall",
    };
    view! {
        <Show when=move || has_needles.get() || trials.get().is_some()>
            <section class="find-part" aria-label="Recall">
                <h2>"Recall"</h2>
                <div class="find-fields">
                    <button
                        type="button"
                        class="action"
                        prop:disabled=move || !has_needles.get()
                        on:click=move |_| send(page, FindEvent::RecallAsked)
                    >
                        {label}
                    </button>
                    <TrialsProgress page trials label="Progress of recall" />
                    <p class="hint">
                        "How often a fact is found again, by its distance from the question and its depth in the text. Edits of the page act \
                        in the second run of each row; without edits there is one run."
                    </p>
                </div>
                <Show when=move || trials.get().is_some()>
                    <p class="statement">{statement}</p>
                    <CheckBox
                        name="First among all tokens, not among the answers"
                        is_on=Signal::derive(move || is_of_all_tokens.get())
                        change=move |is_on| is_of_all_tokens.set(is_on)
                    />
                    <div class="find-plots">
                        <RecallTable page grouping=Grouping::Distance is_of_all_tokens />
                        <RecallTable page grouping=Grouping::Depth is_of_all_tokens />
                    </div>
                    <SaveTrials page />
                </Show>
            </section>
        </Show>
    }
}

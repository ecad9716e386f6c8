//! The workbench on the stage.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::atlas::AtlasSection;
use super::columns::ColumnChoice;
use super::given::GivenSet;
use super::kept::KeptSets;
use super::made::MadeSet;
use super::mask::MaskSection;
use super::measure::Measure;
use super::recall::RecallSection;
use super::result::FindResult;
use super::resume::ResumeOffer;
use super::set::ChosenSet;
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// Set, measure, result, recall, masks and atlases, one under the other.
#[component]
pub fn FindView(page: Page) -> impl IntoView {
    let problem = page.memo(|state| state.find.problem.clone());
    let has_columns = page.memo(|state| state.find.column_names.len() > 1);
    let has_set = page.memo(|state| state.find.set.is_some());
    let has_search = page.memo(|state| state.find.search.is_some());
    // Letters that are typed here do not command the views.
    let on_key = |event: KeyboardEvent| {
        if !(event.ctrl_key() || event.meta_key() || event.alt_key()) {
            event.stop_propagation();
        }
    };
    view! {
        <div class="find-view" on:keydown=on_key>
            <p class="note">
                "Measures every head over many texts: is it so in general? A weight says where a head reads, not whether it matters."
            </p>
            <ResumeOffer page />
            <section class="find-part" aria-label="Set">
                <h2>"Set"</h2>
                <MadeSet page />
                <GivenSet page />
                {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
                <Show when=move || has_columns.get()><ColumnChoice page /></Show>
                <Show when=move || has_set.get()><ChosenSet page /></Show>
                <KeptSets page />
            </section>
            <Show when=move || has_set.get()><Measure page /></Show>
            <Show when=move || has_search.get()><FindResult page /></Show>
            <RecallSection page />
            <MaskSection page />
            <AtlasSection page />
        </div>
    }
}

//! What was found: of what it is, the map, the ranked table, and the chosen head.

use leptos::prelude::*;

use super::head::FoundHeadPanel;
use super::map::FoundMap;
use super::ranked::RankedHeads;
use super::save::{save_heads, save_map};
use crate::state::find::{Kind, Search, Stage};
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// The last search.
#[component]
pub fn FindResult(page: Page) -> impl IntoView {
    let search = page.memo(|state| state.find.search.clone());
    let has_numbers = page.memo(|state| state.find.search.as_ref().is_some_and(|search| !search.values.is_empty()));
    let has_head = page.memo(|state| state.find.head.is_some());
    let title = page.memo(|state| state.find.search.as_ref().map(|search| search.form.meaning()));
    let problem = RwSignal::new(None::<String>);
    let save = move |write: fn(&Search) -> Result<(), String>| {
        problem.set(search.get_untracked().and_then(|search| write(&search).err()));
    };
    let statement = page.memo(|state| state.find.search.as_ref().map(|search| search.statement()).unwrap_or_default());
    let status = page.memo(|state| {
        let search = state.find.search.as_ref()?;
        Some(match &search.stage {
            Stage::Done => "complete".to_owned(),
            Stage::Stopped(reason) => format!("ended before all rows were measured: {reason}"),
            _ => search.status(),
        })
    });
    let caution = page.memo(|state| state.find.search.as_ref().and_then(|search| caution(search)));
    view! {
        <section class="find-part find-result" aria-label="Result">
            <div class="sweep-head">
                <h2>{move || title.get()}</h2>
                <span class="label" role="status" aria-label="Progress of the search">{move || status.get()}</span>
                <span class="spring"></span>
                <Show when=move || has_numbers.get()>
                    <button type="button" class="link" on:click=move |_| save(save_heads)>"Save CSV"</button>
                    <button type="button" class="link" on:click=move |_| save(save_map)>"Save SVG"</button>
                </Show>
            </div>
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
            <p class="statement">{move || statement.get().join(" ")}</p>
            {move || caution.get().map(|caution| view! { <p class="statement caution">{caution}</p> })}
            <Show when=move || has_numbers.get()>
                <div class="sweep-parts">
                    <FoundMap page />
                    <RankedHeads page />
                </div>
                <Show when=move || has_head.get()><FoundHeadPanel page /></Show>
            </Show>
        </section>
    }
}

/// What the numbers of a set do not say.
fn caution(search: &Search) -> Option<&'static str> {
    let names_pronoun = search.form.from == "pronoun" && search.form.kind == Kind::Weight;
    if names_pronoun {
        Some(
            "A difference between she and he in where a pronoun reads is a preference, not coreference, and a weight is not an effect. \
            Compare with the control (factual-gender).",
        )
    } else if search.form.is_area {
        Some(
            "A head that tells labels apart need not be one whose removal lowers the accuracy: measure its effect too.",
        )
    } else if search.form.kind == Kind::Estimate {
        Some("An estimate is linear: it misses what saturates. Measure the effect of the heads that it puts first.")
    } else if search.form.kind == Kind::Effect {
        Some("Later heads may repair a loss: a small effect does not prove that a head plays no role.")
    } else {
        None
    }
}

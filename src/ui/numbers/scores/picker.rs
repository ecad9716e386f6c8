//! Chooses what heads are ranked by.

use leptos::prelude::*;

use super::ends::Ends;
use super::ranking::{Ranking, has_score};
use crate::analysis::scores::Score;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The combobox "Score", and what the choice means or needs.
#[component]
pub fn RankingPicker(page: Page, ranking: RwSignal<Ranking>) -> impl IntoView {
    let available = page.memo(|state| Score::ALL.map(|score| has_score(state, score)));
    let options = move || {
        let available = available.get();
        let option = |score: &Score| {
            let (score, index) = (*score, score.index());
            view! {
                <option value=index.to_string() prop:selected=move || ranking.get() == Ranking::Score(score)>
                    {score.name()}
                </option>
            }
        };
        Score::ALL.iter().filter(|score| available[score.index()]).map(option).collect_view()
    };
    let pick = move |value: String| {
        let score = value.parse().ok().and_then(|index: usize| Score::ALL.get(index).copied());
        ranking.set(score.map_or(Ranking::Link, Ranking::Score));
    };
    view! {
        <div class="field ranking">
            <label for="ranking" class="only-spoken">"Score"</label>
            <select id="ranking" on:change:target=move |event| pick(event.target().value())>
                <option value="link" prop:selected=move || ranking.get() == Ranking::Link>
                    "weight between two tokens"
                </option>
                {options}
            </select>
        </div>
        {move || match ranking.get() {
            Ranking::Score(score) => view! {
                <p class="hint explained">
                    {score.sentence()} <span class="score-formula">{score.formula()}</span>
                </p>
            },
            Ranking::Link => view! { <Ends page /> },
        }}
    }
}

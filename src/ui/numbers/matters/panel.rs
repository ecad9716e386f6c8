//! The panel: what is ranked, for which outcome, and the button that estimates it.

use leptos::prelude::*;

use super::choice::RankedChoice;
use super::ranking::RankingPart;
use super::saliency::SaliencyPart;
use crate::state::{Event, MattersEvent, wording};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// Estimates of what editing each part would do to the outcome, and the tokens that it rests on.
#[component]
pub fn MattersPanel(page: Page) -> impl IntoView {
    let about = page.memo(|state| {
        wording::outcome(state).unwrap_or_else(|| match state.outcome_name() {
            name if name.is_empty() => "No outcome is chosen yet".to_owned(),
            name => format!("Outcome {name}"),
        })
    });
    let obstacle = page.memo(|state| {
        let part = state.matters.choice.ranked.part();
        state.estimates_problem(part).map(str::to_owned)
    });
    let failure = page.memo(|state| state.matters.estimate.problem().map(str::to_owned));
    let is_pending = page.memo(|state| state.matters.estimate.is_pending());
    let ask = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        page.dispatch(Event::Matters(MattersEvent::EstimateAsked));
    };
    let is_here = page.memo(|state| state.ranking().is_some());
    view! {
        <section class="panel matters" aria-label="What matters for the outcome">
            <h2><span>"What matters for the outcome"</span></h2>
            <p class="note"><bdi>{move || about.get()}</bdi></p>
            <form on:submit=ask>
                <RankedChoice page />
                <div class="sweep-start">
                    <button
                        type="submit"
                        class="primary"
                        prop:disabled=move || is_pending.get() || obstacle.with(Option::is_some)
                    >
                        "Estimate"
                    </button>
                    <span class="label" role="status" aria-label="Estimate">
                        {move || match (obstacle.get(), is_pending.get()) {
                            (Some(obstacle), _) => obstacle,
                            (None, true) => "Estimating …".to_owned(),
                            (None, false) => String::new(),
                        }}
                    </span>
                </div>
            </form>
            {move || failure.get().map(|message| view! { <Problem message /> })}
            {move || is_here.get().then(|| view! { <RankingPart page /> })}
            <SaliencyPart page />
        </section>
    }
}

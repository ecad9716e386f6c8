//! The ranking: what it is about, its list, and the button that tries the largest exactly.

use leptos::prelude::*;

use super::agreement::{AgreementLine, words};
use super::list::list;
use super::paths::PathsPart;
use super::plot::{plot, points};
use super::verify::Verify;
use crate::platform::download::save_bytes;
use crate::render::figure::{Caption, Preset, ScatterFigure, figure};
use crate::state::matters::Listed;
use crate::state::{CaptionText, Event, MattersEvent, State, wording};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::csv_button::CsvButton;
use crate::ui::small::problem::Problem;

/// The ranking, and what was tried of it.
#[component]
pub fn RankingPart(page: Page) -> impl IntoView {
    let listed = page.memo(State::listed_matters);
    let has_map = page.memo(State::has_matters_map);
    let on_stage = page.memo(|state| state.shows_sweep() && state.matters.is_on_stage);
    let graph = page.memo(State::link_graph);
    let has_graph = Derived::new(move || graph.with(Option::is_some));
    let problem = RwSignal::new(None::<String>);
    let save_plot = move |_| {
        let caption = page.peek(State::matters_caption);
        let Some((listed, CaptionText { title, text, fields })) = listed.get_untracked().zip(caption) else { return };
        let view = ScatterFigure { points: points(&listed), agreement: words(&listed.agreement, listed.drawn.len()) };
        let drawn = figure(&view, Preset::Column, &Caption { title, text, fields });
        problem.set(save_bytes(drawn.svg.as_bytes(), "image/svg+xml", "estimates-plot.svg").err());
    };
    let summary = move |listed: &Listed| {
        let count = match listed.ranked.noun() {
            "head at a position" => format!("{} heads at positions", listed.n_parts),
            noun => wording::count(listed.n_parts, noun),
        };
        format!(
            "Outcome {}, {count}. Effect: outcome with the edit minus without it.",
            wording::short_weight(listed.outcome)
        )
    };
    view! {
        {move || listed.get().map(|listed| view! {
            <p class="hint"><bdi>{listed.about.clone()}</bdi></p>
            <p class="hint">{summary(&listed)}</p>
            {list(page, "Largest estimated effects", &listed.largest)}
            {(!listed.drawn.is_empty()).then(|| view! {
                <h3>"Drawn at random from the rest"</h3>
                {list(page, "Drawn at random", &listed.drawn)}
            })}
        })}
        <div class="matters-files">
            <CsvButton name="estimated-effects" table=Box::new(move || page.peek(State::matters_csv)) />
            <button
                type="button"
                class="link"
                class:none=move || !has_map.get()
                on:click=move |_| page.dispatch(Event::Matters(MattersEvent::MapShown(!on_stage.get_untracked())))
            >
                {move || match (on_stage.get(), has_graph.get()) {
                    (true, _) => "Back to the view",
                    (false, true) => "Show the graph",
                    (false, false) => "Show the map",
                }}
            </button>
        </div>
        {move || has_graph.get().then(|| view! { <PathsPart page graph /> })}
        <Verify page />
        {move || {
            listed.get().filter(|listed| listed.progress.is_some()).map(|listed| view! {
                {plot(&points(&listed))}
                <AgreementLine listed />
                <button type="button" class="link" on:click=save_plot>"Save the plot as SVG"</button>
            })
        }}
        {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
    }
}

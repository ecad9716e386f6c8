//! The ranking: what it is about, its list, and the button that tries the largest exactly.

use leptos::html::Button;
use leptos::prelude::*;

use super::agreement::{AgreementLine, words};
use super::list::list;
use super::paths::PathsPart;
use super::plot::{plot, points, scatter_figure};
use super::verify::Verify;
use crate::render::figure::Preset;
use crate::state::matters::{Listed, Ranked};
use crate::state::{Event, MattersEvent, State, wording};
use crate::ui::erased::{Derived, effect, view};
use crate::ui::share::figure_buttons::FigureButtons;
use crate::ui::shell::page::Page;
use crate::ui::small::bring::bring;
use crate::ui::small::csv_button::CsvButton;

/// The ranking, and what was tried of it.
#[component]
pub fn RankingPart(page: Page) -> impl IntoView {
    let listed = page.memo(State::listed_matters);
    let has_map = page.memo(State::has_matters_map);
    let on_stage = page.memo(|state| state.shows_sweep() && state.matters.is_on_stage);
    let graph = page.memo(State::link_graph);
    let has_graph = Derived::new(move || graph.with(Option::is_some));
    let plot_figure = move || {
        let listed = listed.get_untracked()?;
        page.peek(|state| scatter_figure(state, points(&listed), &words(&listed.agreement, listed.drawn.len())))
    };
    // Where the columns of the page stand below each other, what opens and closes is out of sight.
    let opener = NodeRef::<Button>::new();
    let was_on_stage = StoredValue::new(false);
    effect(move || {
        let is_on_stage = on_stage.get();
        if was_on_stage.get_value() && !is_on_stage {
            bring(move || opener.try_get_untracked().flatten().map(Into::into));
        }
        was_on_stage.set_value(is_on_stage);
    });
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
            <p class="hint">{summary(&listed)}{colours(listed.ranked)}</p>
            {list(page, "Largest estimated effects", &listed.largest)}
            {(!listed.drawn.is_empty()).then(|| view! {
                <h3>"Drawn at random from the rest"</h3>
                {list(page, "Drawn at random", &listed.drawn)}
            })}
        })}
        <div class="matters-files">
            <CsvButton name="estimated-effects" table=Box::new(move || page.peek(State::matters_csv)) />
            <button
                node_ref=opener
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
                <FigureButtons page what="estimates-plot" preset=Preset::Column make=Box::new(plot_figure) />
            })
        }}
    }
}

/// Which view wears the estimates as colours.
fn colours(ranked: Ranked) -> Option<&'static str> {
    match ranked {
        Ranked::Heads => Some(" The model view colours heads by it (“Number”)."),
        Ranked::HeadPositions => Some(
            " The head view colours its query tokens by the sum over the selected heads: orange lowers the outcome, blue raises it.",
        ),
        Ranked::Stream | Ranked::AttnOutputs | Ranked::MlpOutputs => {
            Some(" The stream view colours its cells by it (“Estimated effect on the outcome”).")
        }
        Ranked::HeadNeurons => Some(" The neuron view shows those of the selected head over its neurons."),
        Ranked::MlpNeurons => Some(" The stream view colours what each MLP adds as a whole: rank “MLP outputs”."),
        Ranked::Links => Some(" The graph colours them between their tokens."),
    }
}

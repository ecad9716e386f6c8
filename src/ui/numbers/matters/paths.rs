//! Links as paths to the outcome: how many of them the graph has, and the outcome with only these.

use leptos::prelude::*;

use super::kept_curve::{kept_curve, kept_figure};
use super::list::list;
use crate::render::figure::Preset;
use crate::state::matters::{LinkChoice, LinkGraph, ListedPart};
use crate::state::{Event, MattersEvent, State, wording};
use crate::ui::erased::{Derived, view};
use crate::ui::share::figure_buttons::FigureButtons;
use crate::ui::shell::page::Page;
use crate::ui::small::csv_button::CsvButton;
use crate::ui::small::problem::Problem;
use crate::ui::small::radio_group::RadioGroup;
use crate::ui::small::same::Same;

/// Stops of the slider.
const N_STOPS: f64 = 100.0;

/// The slider, the graph's links, and "Keep only these".
#[component]
pub fn PathsPart(page: Page, graph: Derived<Option<LinkGraph>>) -> impl IntoView {
    let choice = page.memo(|state| state.matters.links);
    let choose = move |choice: LinkChoice| page.dispatch(Event::Matters(MattersEvent::LinksChosen(choice)));
    let n_all = Derived::new(move || graph.with(|graph| graph.as_ref().map_or(0, |graph| graph.links.len())));
    let n = move || choice.get().n.min(n_all.get());
    // Stops are as far apart in the logarithm of the number.
    let n_at = move |stop: f64| (n_all.get_untracked() as f64).powf(stop / N_STOPS).round() as usize;
    let stop_of = move || match n_all.get() {
        0 | 1 => N_STOPS,
        all => N_STOPS * (n().max(1) as f64).ln() / (all as f64).ln(),
    };
    let words = Derived::new(move || {
        let least = graph
            .with(|graph| graph.as_ref().and_then(|graph| graph.links.get(n().checked_sub(1)?)).map(|link| link.1));
        match least {
            Some(least) => format!("{} from {} on", wording::count(n(), "link"), wording::short_weight(least)),
            None => "No link leads to the outcome.".to_owned(),
        }
    });
    let obstacle = page.memo(|state| state.kept_problem().map(str::to_owned));
    let failure = page.memo(|state| state.matters.kept.problem().map(str::to_owned));
    let is_pending = page.memo(|state| state.matters.kept.is_pending());
    let kept = page.memo(|state| state.kept_links().cloned().map(Same));
    let listed = move || {
        graph.with(|graph| {
            let links = graph.iter().flat_map(|graph| graph.links.iter().take(n()));
            links.map(|(listed, _)| listed.clone()).collect::<Vec<ListedPart>>()
        })
    };
    view! {
        <section class="link-paths" aria-label="Paths to the outcome">
            <h3>"Paths to the outcome"</h3>
            <label class="threshold">
                "Threshold"
                <input
                    type="range"
                    min="0"
                    max=N_STOPS
                    step="1"
                    aria-valuetext=move || words.get()
                    prop:value=move || stop_of().to_string()
                    on:input:target=move |event| {
                        let stop = event.target().value().parse().unwrap_or(N_STOPS);
                        choose(LinkChoice { n: n_at(stop).max(1), ..choice.get_untracked() });
                    }
                />
            </label>
            <p class="note" role="status" aria-label="Links of the graph">{move || words.get()}</p>
            {move || list(page, "Links that lead to the outcome", &listed())}
            <RadioGroup
                name="ablation"
                label="All others"
                options=[(false, "zero"), (true, "mean")].map(|(is_mean, name)| (is_mean, name.to_owned())).to_vec()
                picked=move || Some(choice.get().is_mean)
                pick=move |is_mean| choose(LinkChoice { is_mean, ..choice.get_untracked() })
            />
            <div class="sweep-start">
                <button
                    type="button"
                    class="add"
                    prop:disabled=move || is_pending.get() || obstacle.with(Option::is_some) || n_all.get() == 0
                    on:click=move |_| page.dispatch(Event::Matters(MattersEvent::KeepAsked))
                >
                    "Keep only these"
                </button>
                <span class="label" role="status" aria-label="Kept">
                    {move || obstacle.get().or(is_pending.get().then(|| "Running with some links …".to_owned()))}
                </span>
            </div>
            {move || failure.get().map(|message| view! { <Problem message /> })}
            {move || kept.get().map(|kept| view! {
                {kept_curve(&kept.0)}
                <CsvButton name="kept-links" table=Box::new(move || page.peek(State::kept_csv)) />
                <FigureButtons
                    page
                    what="kept-links"
                    preset=Preset::Column
                    make=Box::new(move || page.peek(kept_figure))
                />
            })}
        </section>
    }
}

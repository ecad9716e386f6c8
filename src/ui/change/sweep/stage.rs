//! A sweep on the stage: its progress, its map, and the largest effects.

use leptos::html::Section;
use leptos::prelude::*;

use super::effects::Effects;
use super::files::StageFiles;
use super::link_stage::LinkStage;
use super::map::SweepMap;
use super::ranked::Ranked;
use crate::render::figure::Preset;
use crate::render::scatter::ScatterPoint;
use crate::state::{Event, State, WorkEvent, wording};
use crate::ui::erased::{Derived, view};
use crate::ui::numbers::matters::{plot, scatter_figure};
use crate::ui::share::figure_buttons::FigureButtons;
use crate::ui::shell::page::Page;
use crate::ui::small::bring::bring;
use crate::ui::small::problem::Problem;

/// The map of the last sweep, in the place of the views.
#[component]
pub fn SweepStage(page: Page) -> impl IntoView {
    let effects = page.memo(Effects::from_state);
    let is_running = page.memo(|state| {
        let sweep = state.editing.sweep.as_ref().filter(|_| !state.matters.is_on_stage).map(|sweep| sweep.request);
        state.work.request.as_ref().is_some_and(|work| Some(work.request) == sweep)
    });
    let is_graph = page.memo(State::shows_link_graph);
    let outcome_kind = page.memo(State::outcome_kind);
    let progress = Derived::new(move || {
        effects.with(|effects| effects.as_ref().map(|effects| effects.map.progress())).unwrap_or_default()
    });
    // The effects of a sweep beside estimates of the same, where there are some.
    let points = page.memo(|state| {
        let point = |(name, estimate, exact)| ScatterPoint { name, estimate, exact, is_drawn: false };
        let points = state.swept_beside_estimates().unwrap_or_default();
        points.into_iter().map(point).collect::<Vec<_>>()
    });
    let problem = RwSignal::new(None::<String>);
    let stage = NodeRef::<Section>::new();
    // What the panel of estimates opens.
    if page.peek(|state| state.matters.is_on_stage && !state.shows_link_graph()) {
        bring(move || stage.try_get_untracked().flatten());
    }
    view! {
        {move || is_graph.get().then(|| view! { <LinkStage page /> })}
        <section
            class="sweep-stage"
            class:none=move || is_graph.get()
            node_ref=stage
            tabindex="-1"
            aria-label="Map of effects"
        >
            <div class="sweep-head">
                <h2>{move || effects.with(|effects| effects.as_ref().map(|effects| effects.title.clone()))}</h2>
                <span class="label" role="status" aria-label="Progress of the sweep">
                    {move || match (progress.get(), is_running.get()) {
                        ((n_done, n_all), true) => format!("{n_done} of {n_all}"),
                        ((n_done, n_all), false) if n_done < n_all => format!("stopped at {n_done} of {n_all}"),
                        ((_, n_all), false) => wording::count(n_all, "cell"),
                    }}
                </span>
                <button
                    type="button"
                    class="link"
                    class:none=move || !is_running.get()
                    on:click=move |_| page.dispatch(Event::Work(WorkEvent::CancelAsked))
                >
                    "Stop"
                </button>
                <span class="spring"></span>
                <StageFiles page problem />
            </div>
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
            {move || effects.get().map(|Effects { map, names, measured, applies, .. }| view! {
                <div class="sweep-parts">
                    <SweepMap
                        page
                        map=map.clone()
                        names=names.clone()
                        measured
                        applies
                        is_running=is_running.get()
                        outcome_kind=outcome_kind.get()
                    />
                    <Ranked page map names applies />
                    {move || points.with(|points| (!points.is_empty()).then(|| plot(points)))}
                    <span class:none=move || points.with(Vec::is_empty)>
                        <FigureButtons
                            page
                            what="estimates-plot"
                            preset=Preset::Column
                            make=Box::new(move || page.peek(|state| scatter_figure(state, points.get_untracked(), "")))
                        />
                    </span>
                </div>
            })}
        </section>
    }
}

//! A sweep on the stage: its progress, its map, and the largest effects.

use leptos::prelude::*;

use super::map::SweepMap;
use super::ranked::Ranked;
use crate::platform::download::save_bytes;
use crate::render::figure::{Caption, Drawn, EffectsFigure, Preset, csv, figure};
use crate::state::editing::{EditEvent, Map, MapCell};
use crate::state::{CaptionText, Event, Shown, State, WorkEvent, wording};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// The map of the last sweep, in the place of the views.
#[component]
pub fn SweepStage(page: Page) -> impl IntoView {
    let map = page.memo(map_of);
    let title = page.memo(|state| {
        let sweep = state.editing.sweep.as_ref()?;
        Some((sweep.title(), sweep.measured(), sweep.applies()))
    });
    let names = page.memo(column_names);
    let is_running = page.memo(|state| {
        let sweep = state.editing.sweep.as_ref().map(|sweep| sweep.request);
        state.work.request.as_ref().is_some_and(|work| Some(work.request) == sweep)
    });
    let outcome_kind = page.memo(State::outcome_kind);
    let progress = Derived::new(move || map.with(|map| map.as_ref().map(Map::progress)).unwrap_or_default());
    let problem = RwSignal::new(None::<String>);
    let save = move |_| {
        let Some(map) = map.get_untracked() else { return };
        let table = names.with_untracked(|names| table(&map, names));
        let stem = page.peek(|state| format!("{}-sweep", state.file_stem()));
        problem.set(save_bytes(table.as_bytes(), "text/csv;charset=utf-8", &format!("{stem}.csv")).err());
    };
    let save_figure = move |_| {
        let Some(map) = map.get_untracked() else { return };
        let (stem, caption) = page.peek(|state| (format!("{}-sweep", state.file_stem()), state.sweep_caption()));
        let Some((caption, (_, measured, _))) = caption.zip(title.get_untracked()) else { return };
        let drawn = names.with_untracked(|names| drawn(&map, names, measured, caption));
        problem.set(save_bytes(drawn.svg.as_bytes(), "image/svg+xml", &format!("{stem}.svg")).err());
    };
    view! {
        <section class="sweep-stage" aria-label="Map of effects">
            <div class="sweep-head">
                <h2>{move || title.get().map(|(title, ..)| title)}</h2>
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
                <button type="button" class="link" on:click=save>"Save CSV"</button>
                <button type="button" class="link" on:click=save_figure>"Save SVG"</button>
                <button type="button" class="link" on:click=move |_| page.dispatch(Event::Editing(EditEvent::SweepShown(false)))>
                    "Back to the view"
                </button>
            </div>
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
            {move || map.get().zip(title.get()).map(|(map, (_, measured, applies))| view! {
                <div class="sweep-parts">
                    <SweepMap page map=map.clone() names=names.get() measured applies is_running=is_running.get() outcome_kind=outcome_kind.get() />
                    <Ranked page map names=names.get() applies />
                </div>
            })}
        </section>
    }
}

fn map_of(state: &State) -> Option<Map> {
    let (sweep, shown) = (state.editing.sweep.as_ref()?, state.shown.as_ref()?);
    Some(sweep.map(shown.spec.n_layers, shown.spec.n_heads, shown.predicting().0.len()))
}

/// The tokens over the columns; empty where columns are heads.
fn column_names(state: &State) -> Vec<String> {
    let is_by_position = state.editing.sweep.as_ref().is_some_and(|sweep| sweep.is_by_position());
    let shown = state.shown.as_ref().filter(|_| is_by_position);
    let plain = |shown: &Shown| shown.predicting().1.iter().map(|label| label.plain.clone()).collect();
    shown.map(plain).unwrap_or_default()
}

fn table(map: &Map, names: &[String]) -> String {
    let n_columns = map.n_columns.max(1);
    let line = |(index, cell): (usize, &Option<MapCell>)| {
        let (row, column) = (index / n_columns, index % n_columns);
        (row, column, names.get(column).cloned().unwrap_or_default(), cell.as_ref().and_then(|cell| cell.effect))
    };
    csv::effects(map.is_by_position, map.cells.iter().enumerate().map(line))
}

/// The map as a figure.
fn drawn(map: &Map, names: &[String], measured: &str, CaptionText { title, text, fields }: CaptionText) -> Drawn {
    let column = |column: usize| names.get(column).cloned().unwrap_or_else(|| column.to_string());
    let effects = EffectsFigure {
        effects: map.cells.iter().map(|cell| cell.as_ref().and_then(|cell| cell.effect)).collect(),
        columns: (0..map.n_columns).map(column).collect(),
        is_by_position: map.is_by_position,
        largest: map.largest,
        meaning: measured.to_owned(),
    };
    figure(&effects, Preset::Page, &Caption { title, text, fields })
}

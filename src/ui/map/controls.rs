//! The controls above the map: what a cell shows, in which order cells stand, and which layers and heads are hidden.

use leptos::prelude::*;

use super::column_labels::ColumnLabels;
use super::filter::Filter;
use super::model::Map;
use super::numbers::name;
use crate::analysis::scores::Score;
use crate::protocol::Reduce;
use crate::state::scales::options::{CellNumber, CellStyle, MapOptions};
use crate::state::scales::thumbnails::MAX_CELLS;
use crate::state::{Event, ScoreEvent, Shown, Variant, ViewEvent};
use crate::ui::erased::view;
use crate::ui::small::radio_group::RadioGroup;
use crate::ui::small::tick::Tick;

/// The controls above the map, and the heads' numbers.
#[component]
pub fn MapControls(map: Map) -> impl IntoView {
    let Map { page, options, .. } = map;
    let change = move |change: &dyn Fn(&mut MapOptions)| {
        let mut changed = options.get_untracked();
        change(&mut changed);
        page.dispatch(Event::View(ViewEvent::MapChanged(changed)));
    };
    // A difference has only the mean.
    let is_reduced = page.memo(|state| {
        let shape = state.shown.as_ref().map(Shown::shape);
        let is_long = shape.is_some_and(|shape| shape.n_query.max(shape.n_key) > MAX_CELLS);
        is_long && state.editing.variant != Variant::Difference
    });
    let every = || {
        let scores = (0..Score::ALL.len()).map(CellNumber::Score);
        CellNumber::BEFORE_SCORES.into_iter().chain(scores)
    };
    let number = move |(index, number): (usize, CellNumber)| {
        view! {
            <option value=index.to_string() prop:selected=move || options.with(|options| options.number == number)>
                {name(number)}
            </option>
        }
    };
    view! {
        <div class="controls map-controls">
            <RadioGroup
                name="map-style"
                label="Cells"
                options=[(CellStyle::Heat, "Heat map"), (CellStyle::Lines, "Lines"), (CellStyle::Number, "Score")]
                    .map(|(style, name)| (style, name.to_owned()))
                    .to_vec()
                picked=move || Some(options.with(|options| options.style))
                pick=move |style| change(&|options| options.style = style)
            />
            <div class="control">
                <label for=page.id("map-number")>"Score"</label>
                <select
                    id=page.id("map-number")
                    on:change:target=move |event| {
                        let index = event.target().value().parse().unwrap_or(0);
                        let number = every().nth(index).unwrap_or_default();
                        change(&|options| options.number = number);
                        if matches!(number, CellNumber::Score(_)) {
                            page.dispatch(Event::Scores(ScoreEvent::Asked));
                        }
                    }
                >
                    {every().enumerate().map(number).collect_view()}
                </select>
                <Tick
                    name="sort"
                    is_on=Signal::derive(move || options.with(|options| options.is_sorted))
                    change=move |is_sorted| change(&|options| options.is_sorted = is_sorted)
                />
            </div>
            <Tick
                name="mean instead of maximum"
                is_on=Signal::derive(move || options.with(|options| options.reduce == Reduce::Mean))
                is_hidden=Signal::derive(move || !is_reduced.get())
                change=move |is_mean| {
                    change(&|options| options.reduce = if is_mean { Reduce::Mean } else { Reduce::Max })
                }
            />
            <Filter map name="Layers" />
            <Filter map name="Heads" />
        </div>
        <ColumnLabels map />
    }
}

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
        [CellNumber::Entropy, CellNumber::Strongest].into_iter().chain(scores)
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
                <label for="map-number">"Score"</label>
                <select
                    id="map-number"
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
                <label class="tick">
                    <input
                        type="checkbox"
                        prop:checked=move || options.with(|options| options.is_sorted)
                        on:change:target=move |event| {
                            let is_sorted = event.target().checked();
                            change(&|options| options.is_sorted = is_sorted);
                        }
                    />
                    "sort"
                </label>
            </div>
            <label class="tick" class:none=move || !is_reduced.get()>
                <input
                    type="checkbox"
                    prop:checked=move || options.with(|options| options.reduce == Reduce::Mean)
                    on:change:target=move |event| {
                        let reduce = if event.target().checked() { Reduce::Mean } else { Reduce::Max };
                        change(&|options| options.reduce = reduce);
                    }
                />
                "mean instead of largest"
            </label>
            <Filter map name="Layers" />
            <Filter map name="Heads" />
        </div>
        <ColumnLabels map />
    }
}

//! How the map is drawn: what a cell shows, in which order, and which layers and heads there are.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::Map;
use super::cells::ColumnLabels;
use super::numbers::name;
use crate::analysis::scores::Score;
use crate::protocol::Reduce;
use crate::state::scales::options::{CellNumber, CellStyle, MapOptions};
use crate::state::scales::thumbnails::MAX_CELLS;
use crate::state::{EditSide, Event, ScaleEvent, Shown};
use crate::ui::erased::{Derived, view};

/// The controls above the map, and the heads' numbers.
#[component]
pub fn MapControls(map: Map) -> impl IntoView {
    let Map { page, options, .. } = map;
    let change = move |change: &dyn Fn(&mut MapOptions)| {
        let mut changed = options.get_untracked();
        change(&mut changed);
        page.dispatch(Event::Scale(ScaleEvent::MapChanged(changed)));
    };
    // Of a difference there is only the mean.
    let is_reduced = page.memo(|state| {
        let shape = state.shown.as_ref().map(Shown::shape);
        let is_long = shape.is_some_and(|shape| shape.n_query.max(shape.n_key) > MAX_CELLS);
        is_long && state.editing.side != EditSide::Difference
    });
    let style = move |(style, name): (CellStyle, &'static str)| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="map-style"
                    prop:checked=move || options.with(|options| options.style == style)
                    on:change=move |_| change(&|options| options.style = style)
                />
                <span>{name}</span>
            </label>
        }
    };
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
            <fieldset class="control" role="radiogroup" aria-label="Cells">
                <legend class="label">"Cells"</legend>
                <div class="joined">
                    {[(CellStyle::Heat, "Heat map"), (CellStyle::Lines, "Lines"), (CellStyle::Number, "Score")]
                        .map(style)
                        .collect_view()}
                </div>
            </fieldset>
            <div class="control">
                <label for="map-number">"Score"</label>
                <select
                    id="map-number"
                    on:change:target=move |event| {
                        let index = event.target().value().parse().unwrap_or(0);
                        let number = every().nth(index).unwrap_or_default();
                        change(&|options| options.number = number);
                        if matches!(number, CellNumber::Score(_)) {
                            page.dispatch(Event::ScoresAsked);
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

/// Which layers, or heads, are there: a list of ticks that opens.
#[component]
fn Filter(map: Map, name: &'static str) -> impl IntoView {
    let Map { page, options, .. } = map;
    let is_layers = name == "Layers";
    let n = page.memo(move |state| {
        let spec = state.shown.as_ref().map(Shown::stack_spec);
        spec.map_or(0, |spec| if is_layers { spec.n_layers } else { spec.n_heads })
    });
    let hidden = Derived::new(move || options.with(|options| hidden_of(options, is_layers).clone()));
    let set = move |hidden: BTreeSet<usize>| {
        let mut changed = options.get_untracked();
        *(if is_layers { &mut changed.hidden_layers } else { &mut changed.hidden_heads }) = hidden;
        page.dispatch(Event::Scale(ScaleEvent::MapChanged(changed)));
    };
    let toggle = move |index: usize, is_on: bool| {
        let mut hidden = hidden.get_untracked();
        if is_on {
            hidden.remove(&index);
        } else if hidden.iter().filter(|&&hidden| hidden < n.get_untracked()).count() + 1 < n.get_untracked() {
            // The last one stays.
            hidden.insert(index);
        }
        set(hidden);
    };
    let tick = move |index: usize| {
        view! {
            <label class="tick">
                <input
                    type="checkbox"
                    prop:checked=move || hidden.with(|hidden| !hidden.contains(&index))
                    on:change:target=move |event| toggle(index, event.target().checked())
                />
                {index}
            </label>
        }
    };
    let summary = move || {
        let n_hidden = hidden.with(|hidden| hidden.iter().filter(|&&index| index < n.get()).count());
        if n_hidden == 0 { format!("{name}: all") } else { format!("{name}: {} of {}", n.get() - n_hidden, n.get()) }
    };
    view! {
        <details class="filter">
            <summary>{summary}</summary>
            <div class="ticks" role="group" aria-label=name>
                {move || (0..n.get()).map(tick).collect_view()}
                <button type="button" class="link" on:click=move |_| set(BTreeSet::new())>"All"</button>
            </div>
        </details>
    }
}

fn hidden_of(options: &MapOptions, is_layers: bool) -> &BTreeSet<usize> {
    if is_layers { &options.hidden_layers } else { &options.hidden_heads }
}

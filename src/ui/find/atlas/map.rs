//! Heads of an atlas on the map of layers and heads, by one score.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::{Shown, number};
use crate::state::find::atlas::score_name;
use crate::state::wording::head_name;
use crate::ui::erased::{Derived, view};
use crate::ui::small::cell_table::CellTable;

/// A score of every head.
#[derive(Clone, PartialEq)]
struct Cells {
    name: String,
    n_heads: usize,
    /// Mean and bounds of its interval.
    values: Vec<[f64; 3]>,
    low: f64,
    high: f64,
}

/// The map: one tab stop, with arrow keys between heads; Enter chooses one.
#[component]
pub fn AtlasMap(shown: Shown) -> impl IntoView {
    let axis = shown.page.memo(|state| state.find.atlas.axes[0].clone());
    let measured = Derived::new(move || {
        let (atlas, id) = (shown.atlas.get()?, axis.get());
        let score = atlas.file.score(&id)?;
        let value = |head: usize| {
            let summary = atlas.file.summary(head, score);
            [summary.mean, summary.low, summary.high]
        };
        let values: Vec<[f64; 3]> = (0..atlas.file.n_all_heads()).map(value).collect();
        let means = || values.iter().map(|[mean, ..]| *mean).filter(|mean| mean.is_finite());
        let (low, high) = (means().fold(f64::INFINITY, f64::min), means().fold(f64::NEG_INFINITY, f64::max));
        Some(Cells { name: score_name(&id), n_heads: atlas.file.n_heads, values, low, high })
    });
    let chosen = shown.head;
    let cells = CellTable::new();
    let cell = move |head: usize, [n_all, n_heads]: [usize; 2], strength: f64, [mean, low, high]: [f64; 3]| {
        let value = match mean.is_nan() {
            true => "no value".to_owned(),
            false => format!("{}, 95 % {} to {}", number(mean), number(low), number(high)),
        };
        let label = format!("{}: {value}", head_name(head / n_heads, head % n_heads));
        view! {
            <td>
                <button
                    type="button"
                    class="cell"
                    class:missing=mean.is_nan()
                    class:positive=!mean.is_nan()
                    class:chosen=move || chosen.get() == Some(head)
                    aria-pressed=move || (chosen.get() == Some(head)).to_string()
                    aria-label=label.clone()
                    title=label
                    tabindex=move || cells.tab_index(head, n_all)
                    style:--strength=format!("{:.1}%", strength * 100.0)
                    on:focus=move |_| cells.reached.set(head)
                    on:click=move |_| shown.pick(head)
                ></button>
            </td>
        }
    };
    let body = move |Cells { n_heads, values, low, high, .. }: Cells| {
        let strength = move |mean: f64| if high > low { ((mean - low) / (high - low)).max(0.0) } else { 0.5 };
        let row = |(layer, row): (usize, &[[f64; 3]])| {
            let row = row.iter().enumerate();
            let sizes = [values.len(), n_heads];
            let row = row.map(|(head, value)| cell(layer * n_heads + head, sizes, strength(value[0]), *value));
            view! { <tr><th scope="row">{layer}</th>{row.collect_view()}</tr> }
        };
        values.chunks(n_heads).enumerate().map(row).collect_view()
    };
    let on_key = move |event: KeyboardEvent| {
        let shape = measured.get_untracked().map(|cells| (cells.values.len() / cells.n_heads, cells.n_heads));
        let (n_layers, n_heads) = shape.unwrap_or((0, 0));
        cells.on_key(&event, n_layers, n_heads);
    };
    let heads =
        move || (0..measured.get().map_or(0, |cells| cells.n_heads)).map(|head| view! { <th scope="col">{head}</th> });
    let title = move || measured.get().map(|cells| format!("Every head by {}", cells.name));
    let ends = move || {
        measured.get().filter(|cells| cells.low.is_finite()).map(|cells| (number(cells.low), number(cells.high)))
    };
    view! {
        <div class="sweep-map">
            <div class="sweep-scroll">
                <table node_ref=cells.table aria-label=title on:keydown=on_key>
                    <thead><tr><th scope="col">"L"</th>{move || heads().collect_view()}</tr></thead>
                    <tbody>{move || measured.get().map(body)}</tbody>
                </table>
            </div>
            {move || ends().map(|(low, high)| {
                let label = format!("Colours from {low} to {high}");
                view! {
                    <div class="map-legend" role="img" aria-label=label>
                        <span class="number">{low}</span>
                        <span class="ramp atlas-ramp"></span>
                        <span class="number">{high}</span>
                    </div>
                }
            })}
            {move || measured.get().is_none().then(|| view! { <p class="hint">"This atlas lacks the measure."</p> })}
        </div>
    }
}

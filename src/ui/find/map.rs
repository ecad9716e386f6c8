//! Every head on the map of layers and heads.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::save::{largest, map_values};
use super::send;
use crate::analysis::statistics::HeadFound;
use crate::state::find::Search;
use crate::state::find::words::{interval, number};
use crate::state::{FindEvent, wording};
use crate::trace::numeral::{signed, with_minus};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::cell_table::CellTable;

/// The map: one tab stop, with arrow keys between heads; Enter chooses one.
#[component]
pub fn FoundMap(page: Page) -> impl IntoView {
    let search = page.memo(|state| state.find.search.clone());
    let chosen = page.memo(|state| state.find.head);
    let cells = CellTable::new();
    let cell = move |index: usize, n_cells: usize, value: Option<f32>, largest: f32, name: String| {
        let strength = value.map_or(0.0, |value| if largest > 0.0 { value.abs() / largest } else { 0.0 });
        view! {
            <td>
                <button
                    type="button"
                    class="cell"
                    class:missing=value.is_none()
                    class:positive=value.is_some_and(|value| value > 0.0)
                    class:negative=value.is_some_and(|value| value < 0.0)
                    class:chosen=move || chosen.get() == Some(index)
                    aria-pressed=move || (chosen.get() == Some(index)).to_string()
                    aria-label=name.clone()
                    title=name
                    tabindex=move || cells.tab_index(index, n_cells)
                    style:--strength=format!("{:.1}%", strength * 100.0)
                    on:focus=move |_| cells.reached.set(index)
                    on:click=move |_| send(page, FindEvent::HeadPicked(index))
                ></button>
            </td>
        }
    };
    let measured = Derived::new(move || {
        let search = search.get()?;
        let heads = search.heads();
        let values = map_values(&search, &heads);
        Some((search, heads, values))
    });
    let body = move || {
        let (search, heads, values) = measured.get()?;
        let largest = largest(&values);
        let row = |layer: usize| {
            let row_cells = (0..search.n_heads).map(|head| {
                let index = layer * search.n_heads + head;
                let name = heads.get(index).map(|found| name(&search, index, found)).unwrap_or_default();
                let n_cells = search.n_layers * search.n_heads;
                cell(index, n_cells, values.get(index).copied().flatten(), largest, name)
            });
            view! { <tr><th scope="row">{layer}</th>{row_cells.collect_view()}</tr> }
        };
        Some((0..search.n_layers).map(row).collect_view())
    };
    let shape =
        page.memo(|state| state.find.search.as_ref().map_or((0, 0), |search| (search.n_layers, search.n_heads)));
    let on_key = move |event: KeyboardEvent| {
        let (n_layers, n_heads) = shape.get_untracked();
        cells.on_key(&event, n_layers, n_heads);
    };
    let ends = move || {
        let (search, _, values) = measured.get()?;
        let (largest, middle) = (f64::from(largest(&values)), search.middle());
        Some([-largest, largest].map(|end| with_minus(&format!("{:.3}", middle + end))))
    };
    view! {
        <div class="sweep-map">
            <div class="sweep-scroll">
                <table node_ref=cells.table aria-label="Every head" on:keydown=on_key>
                    <thead><tr>
                        <th scope="col">"L"</th>
                        {move || (0..shape.get().1).map(|head| view! { <th scope="col">{head}</th> }).collect_view()}
                    </tr></thead>
                    <tbody>{body}</tbody>
                </table>
            </div>
            {move || ends().map(|[low, high]| {
                let label = format!("Colours from {low} to {high}");
                view! {
                    <div class="map-legend" role="img" aria-label=label>
                        <span class="number">{low}</span>
                        <span class="ramp diverging"></span>
                        <span class="number">{high}</span>
                    </div>
                }
            })}
        </div>
    }
}

/// "L2H3: +0.0123, 95 % 0.0010 to 0.0200, p corrected 0.0123".
fn name(search: &Search, index: usize, HeadFound { estimate, p }: &HeadFound) -> String {
    let (layer, head) = search.place(index);
    let value = if search.form.is_area { number(estimate.value) } else { signed(&format!("{:+.4}", estimate.value)) };
    let interval = estimate.interval.map(|bounds| format!(", 95 % {}", interval(Some(bounds)))).unwrap_or_default();
    let p = p.map(|p| format!(", p corrected {}", number(p.p_corrected))).unwrap_or_default();
    match estimate.value.is_nan() {
        true => format!("{}: nothing to measure", wording::head_name(layer, head)),
        false => format!("{}: {value}{interval}{p}", wording::head_name(layer, head)),
    }
}

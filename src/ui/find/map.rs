//! Every head on the map of layers and heads.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::save::{largest, map_values};
use super::send;
use crate::analysis::statistics::HeadFound;
use crate::state::find::Search;
use crate::state::{FindEvent, wording};
use crate::trace::numeral::{signed, with_minus};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The map: one tab stop, with arrow keys between heads; Enter chooses one.
#[component]
pub fn FoundMap(page: Page) -> impl IntoView {
    let search = page.memo(|state| state.find.search.clone());
    let chosen = page.memo(|state| state.find.head);
    let reached = RwSignal::new(0usize);
    let table = NodeRef::<leptos::html::Table>::new();
    let on_key = move |event: KeyboardEvent| {
        let Some((n_layers, n_heads)) =
            search.with_untracked(|search| Some((search.as_ref()?.n_layers, search.as_ref()?.n_heads)))
        else {
            return;
        };
        let at = reached.get_untracked();
        let (layer, head) = (at / n_heads.max(1), at % n_heads.max(1));
        let to = match event.key().as_str() {
            "ArrowRight" if head + 1 < n_heads => at + 1,
            "ArrowLeft" if head > 0 => at - 1,
            "ArrowDown" if layer + 1 < n_layers => at + n_heads,
            "ArrowUp" if layer > 0 => at - n_heads,
            "Home" => layer * n_heads,
            "End" => layer * n_heads + n_heads.saturating_sub(1),
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        reached.set(to);
        focus(table, to);
    };
    let cell = move |index: usize, value: Option<f32>, largest: f32, name: String| {
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
                    tabindex=move || if reached.get() == index { "0" } else { "-1" }
                    style:--strength=format!("{:.1}%", strength * 100.0)
                    on:focus=move |_| reached.set(index)
                    on:click=move |_| send(page, FindEvent::HeadPicked(index))
                ></button>
            </td>
        }
    };
    let body = move || {
        let search = search.get()?;
        let (values, heads) = (map_values(&search), search.heads());
        let largest = largest(&values);
        let row = |layer: usize| {
            let cells = (0..search.n_heads).map(|head| {
                let index = layer * search.n_heads + head;
                let name = heads.get(index).map(|found| name(&search, index, found)).unwrap_or_default();
                cell(index, values.get(index).copied().flatten(), largest, name)
            });
            view! { <tr><th scope="row">{layer}</th>{cells.collect_view()}</tr> }
        };
        Some((0..search.n_layers).map(row).collect_view())
    };
    let columns = page.memo(|state| state.find.search.as_ref().map_or(0, |search| search.n_heads));
    let ends = move || {
        let search = search.get()?;
        let (largest, middle) = (f64::from(largest(&map_values(&search))), search.middle());
        Some([-largest, largest].map(|end| with_minus(&format!("{:.3}", middle + end))))
    };
    view! {
        <div class="sweep-map">
            <div class="sweep-scroll">
                <table node_ref=table aria-label="Every head" on:keydown=on_key>
                    <thead><tr>
                        <th scope="col">"L"</th>
                        {move || (0..columns.get()).map(|head| view! { <th scope="col">{head}</th> }).collect_view()}
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

/// "L2H3: 0.0123, 95 % 0.001 to 0.02, p corrected 0.0123".
fn name(search: &Search, index: usize, HeadFound { estimate, p }: &HeadFound) -> String {
    let (layer, head) = search.place(index);
    let value =
        if search.form.is_area { format!("{:.4}", estimate.value) } else { signed(&format!("{:+.4}", estimate.value)) };
    let interval =
        estimate.interval.map(|(low, high)| with_minus(&format!(", 95 % {low:.4} to {high:.4}"))).unwrap_or_default();
    let p = p.map(|p| format!(", p corrected {:.4}", p.p_corrected)).unwrap_or_default();
    match estimate.value.is_nan() {
        true => format!("{}: nothing to measure", wording::head_name(layer, head)),
        false => format!("{}: {value}{interval}{p}", wording::head_name(layer, head)),
    }
}

fn focus(table: NodeRef<leptos::html::Table>, index: usize) {
    let cell = table.get_untracked().and_then(|table| {
        let cells = table.get_elements_by_class_name("cell");
        cells.item(u32::try_from(index).ok()?)?.dyn_into::<web_sys::HtmlElement>().ok()
    });
    if let Some(cell) = cell {
        // An element that has left the document needs no focus.
        let _ = cell.focus();
    }
}

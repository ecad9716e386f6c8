//! Sweeps: one edit after another as a map of signed effects, whose cells apply the edit.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::protocol::{OutcomeAsked, SweepAsked};
use crate::state::Event;
use crate::state::editing::{EditEvent, Map, MapCell};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// What can be tried, a second text for what needs one, the map.
#[component]
pub fn SweepPanel(page: Page) -> impl IntoView {
    let other = RwSignal::new(String::new());
    let ask = move |asked: SweepAsked| page.dispatch(Event::Editing(EditEvent::SweepAsked(asked)));
    let map = page.memo(|state| {
        let (sweep, shown) = (state.editing.sweep.as_ref()?, state.shown.as_ref()?);
        Some(sweep.map(shown.spec.n_layers, shown.spec.n_heads, shown.predicting().0.len()))
    });
    let is_patch = page.memo(|state| {
        state.editing.sweep.as_ref().is_some_and(|sweep| matches!(sweep.asked, SweepAsked::PatchStream { .. }))
    });
    let lines = move || {
        let is_text = |line: &&str| !line.trim().is_empty();
        other.with_untracked(|text| text.lines().filter(is_text).map(str::to_owned).collect::<Vec<String>>())
    };
    let with_text = move |make: fn(String) -> SweepAsked| {
        if let Some(text) = lines().into_iter().next() {
            ask(make(text));
        }
    };
    let with_texts = move || {
        let texts = lines();
        if !texts.is_empty() {
            ask(SweepAsked::MeanHeads(texts));
        }
    };
    // A cosine is of two texts with positions of their own: only heads are the same in both.
    let is_cosine = page.memo(|state| matches!(state.editing.asked, OutcomeAsked::Cosine { .. }));
    let lacks_text = move || other.with(|text| text.trim().is_empty());
    let cannot_patch = move || lacks_text() || is_cosine.get();
    view! {
        <section class="panel sweep" aria-label="Sweep">
            <h3>"Sweep"</h3>
            <p class="hint">
                "Tries one edit after another, each alone, and shows what it does to the outcome. A small effect is no proof of \
                no role: later heads may repair the loss."
            </p>
            <div class="buttons">
                <button type="button" class="add" on:click=move |_| ask(SweepAsked::ZeroHeads)>"Zero every head"</button>
                <button type="button" class="add" on:click=move |_| ask(SweepAsked::PositionMeanHeads)>
                    "Every head to its position mean"
                </button>
                <button type="button" class="add" prop:disabled=move || is_cosine.get() on:click=move |_| ask(SweepAsked::CutKeys)>
                    "Cut every key"
                </button>
            </div>
            <label class="other">
                "Other text; for means, one in each line"
                <textarea
                    rows="2"
                    spellcheck="false"
                    prop:value=move || other.get()
                    on:input:target=move |event| other.set(event.target().value())
                ></textarea>
            </label>
            <div class="buttons">
                <button
                    type="button"
                    class="add"
                    prop:disabled=lacks_text
                    on:click=move |_| with_texts()
                >
                    "Every head to its mean over these texts"
                </button>
                <button
                    type="button"
                    class="add"
                    prop:disabled=cannot_patch
                    on:click=move |_| with_text(|text| SweepAsked::PatchStream { text, is_denoising: false })
                >
                    "Patch its stream in (noising)"
                </button>
                <button
                    type="button"
                    class="add"
                    prop:disabled=cannot_patch
                    on:click=move |_| with_text(|text| SweepAsked::PatchStream { text, is_denoising: true })
                >
                    "Patch this stream into it (denoising)"
                </button>
            </div>
            {move || map.get().map(|map| view! { <SweepMap page map is_patch=is_patch.get() is_cosine=is_cosine.get() /> })}
        </section>
    }
}

/// The map: one tab stop, arrow keys between cells, Enter applies a cell's edit.
#[component]
fn SweepMap(page: Page, map: Map, is_patch: bool, is_cosine: bool) -> impl IntoView {
    let measured = if is_cosine { "cosine" } else { "logit difference" };
    let reached = RwSignal::new(0usize);
    let table = NodeRef::<leptos::html::Table>::new();
    let (n_rows, n_columns, largest) = (map.n_rows, map.n_columns, map.largest);
    let applies = page.peek(|state| state.editing.sweep.as_ref().is_some_and(|sweep| sweep.applies()));
    let on_key = move |event: KeyboardEvent| {
        let at = reached.get_untracked();
        let (row, column) = (at / n_columns.max(1), at % n_columns.max(1));
        let (row, column) = match event.key().as_str() {
            "ArrowRight" => (row, (column + 1).min(n_columns.saturating_sub(1))),
            "ArrowLeft" => (row, column.saturating_sub(1)),
            "ArrowDown" => ((row + 1).min(n_rows.saturating_sub(1)), column),
            "ArrowUp" => (row.saturating_sub(1), column),
            "Home" => (row, 0),
            "End" => (row, n_columns.saturating_sub(1)),
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        reached.set(row * n_columns + column);
        focus(table, row * n_columns + column);
    };
    let what = if map.is_by_position { "position" } else { "head" };
    let cell = |index: usize, cell: &Option<MapCell>| {
        let (row, column) = (index / n_columns, index % n_columns);
        let place = if map.is_by_position { format!("L{row}, position {column}") } else { format!("L{row}H{column}") };
        let effect = cell.as_ref().and_then(|cell| cell.effect);
        let name = match (cell, effect) {
            (None, _) => format!("{place}: not there yet"),
            (Some(_), None) => format!("{place}: no value"),
            (Some(cell), Some(effect)) => {
                let outcome =
                    cell.outcome.map_or_else(String::new, |outcome| format!(", {measured} {:.4}", outcome.value));
                format!("{place}: effect {effect:+.4}{outcome}")
            }
        };
        let json = cell.as_ref().map(|cell| cell.edit_json.clone());
        let apply = move |_| {
            let edits = json.as_ref().filter(|_| applies).map(|json| crate::edit::parse_list(&format!("[{json}]")));
            if let Some(Ok(edits)) = edits {
                page.dispatch(Event::Editing(EditEvent::Added(edits)));
            }
        };
        let strength = effect.map_or(0.0, |effect| if largest > 0.0 { effect.abs() / largest } else { 0.0 });
        view! {
            <td>
                <button
                    type="button"
                    class="cell"
                    class:positive=effect.is_some_and(|effect| effect > 0.0)
                    class:negative=effect.is_some_and(|effect| effect < 0.0)
                    aria-label=name.clone()
                    title=name
                    tabindex=move || if reached.get() == index { "0" } else { "-1" }
                    style:--strength=format!("{:.1}%", strength * 100.0)
                    on:focus=move |_| reached.set(index)
                    on:click=apply
                ></button>
            </td>
        }
    };
    let rows = (0..n_rows)
        .map(|row| {
            let cells =
                (0..n_columns).map(|column| cell(row * n_columns + column, &map.cells[row * n_columns + column]));
            view! { <tr><th scope="row">{row}</th>{cells.collect_view()}</tr> }
        })
        .collect_view();
    let head = (0..n_columns).map(|column| view! { <th scope="col">{column}</th> }).collect_view();
    let caption = match is_patch {
        true => format!("R by layer and {what}: 1 as this text, 0 as the other"),
        false => format!("Effect on the {measured} (without minus with the edit) by layer and {what}"),
    };
    view! {
        <div class="map">
            <p class="map-caption">{caption.clone()}</p>
            <table node_ref=table aria-label=caption.clone() on:keydown=on_key>
                <thead><tr><th scope="col">"L"</th>{head}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
            <div class="map-legend" role="img" aria-label=format!("Colours from {:+.3} to {:+.3}", -largest, largest)>
                <span class="number">{format!("{:+.2}", -largest)}</span>
                <span class="ramp"></span>
                <span class="number">{format!("{largest:+.2}")}</span>
            </div>
        </div>
    }
}

fn focus(table: NodeRef<leptos::html::Table>, index: usize) {
    let cell = table.get_untracked().and_then(|table| {
        let cells = table.get_elements_by_class_name("cell");
        cells.item(u32::try_from(index).ok()?)?.dyn_into::<web_sys::HtmlElement>().ok()
    });
    if let Some(cell) = cell {
        // An element that is gone needs no focus.
        let _ = cell.focus();
    }
}

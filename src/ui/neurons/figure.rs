//! The neuron view's figure: a window on the rows, cells on a canvas behind, text in front, marks on top.

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use leptos_use_device_pixel_ratio::use_device_pixel_ratio;
use leptos_use_element_size::{UseElementSizeReturn, use_element_size};
use leptos_use_media_query::use_media_query;
use wasm_bindgen::JsCast;
use web_sys::PointerEvent;

use super::draw::{Targets, draw_on_change};
use super::header::NeuronHeader;
use super::model::{Neurons, short};
use super::rows::{KeyRows, QueryRows, Rows};
use crate::render::{Block, NeuronColumns, Scheme, Window};
use crate::state::editing::offers::Target as EditTarget;
use crate::state::{Event, ScaleEvent, TokenRef};
use crate::trace::Side;
use crate::trace::display::TokenLabel;
use crate::ui::change::edit_menu::{open_at_event, open_at_key};
use crate::ui::erased::{Derived, view};
use crate::ui::head::token_column::{crisp, px};

/// Width of a character of the tokens' font, in CSS pixels.
const CHARACTER_WIDTH: f32 = 7.83;
/// Left and right of a token's text, in CSS pixels.
const PADDING: f32 = 20.0;

/// What is under the pointer.
#[derive(Clone, Copy, PartialEq)]
struct Target {
    token: TokenRef,
    neuron: Option<usize>,
}

/// Header, rows, marks, and the numbers of the cell under the pointer.
#[component]
pub fn NeuronFigure(neurons: Neurons, scheme: Derived<Scheme>) -> impl IntoView {
    let page = neurons.page;
    let scroller = NodeRef::<Div>::new();
    let (body, strip) = (NodeRef::<Canvas>::new(), NodeRef::<Canvas>::new());
    let UseElementSizeReturn { width, height } = use_element_size(scroller);
    let pixel_ratio = use_device_pixel_ratio();
    let has_coarse_pointer = use_media_query("(pointer: coarse)");
    let scroll = RwSignal::new(0.0_f32);
    let n_rows = Derived::new(move || neurons.positions.with(|(queries, keys)| queries.len().max(keys.len())));
    let window = Derived::new(move || Window {
        width: width.get() as f32,
        height: height.get() as f32,
        scroll: scroll.get(),
        row_height: if has_coarse_pointer.get() { 28.0 } else { 22.0 },
    });
    let longest = page.memo(|state| {
        let shown = state.shown.as_ref()?;
        let both = [Side::Query, Side::Key].into_iter().flat_map(|side| shown.labels(side).iter());
        let read = both.map(TokenLabel::n_columns).max();
        let predicted = shown.predicted().and_then(|labels| {
            let each = shown.labels(Side::Query).iter().zip(labels.iter());
            each.map(|(read, next)| read.n_columns() + 3 + next.n_columns()).max()
        });
        read.max(predicted)
    });
    let columns = Derived::new(move || {
        let token_width = longest.get().unwrap_or(0) as f32 * CHARACTER_WIDTH + PADDING;
        let d_head = neurons.numbers.with(|numbers| numbers.as_ref().map_or(0, super::model::Numbers::d_head));
        NeuronColumns::fit(width.get() as f32, token_width, d_head, neurons.options.get().shows_keys)
    });
    let reached = RwSignal::new((Side::Query, 0_usize));
    draw_on_change(Targets { body, strip, columns, window, pixel_ratio }, neurons, scheme);

    let pick = move |event: &MouseEvent| {
        let bounds = scroller.get_untracked()?.get_bounding_client_rect();
        let x = (f64::from(event.client_x()) - bounds.left()) as f32;
        let y = (f64::from(event.client_y()) - bounds.top()) as f32;
        pick_at(neurons, &columns.get_untracked(), &window.get_untracked(), x, y)
    };
    let look = move |target: Option<Target>| {
        let (token, neuron) = (target.map(|target| target.token), target.and_then(|target| target.neuron));
        if page.peek(|state| state.selection.hover != token) {
            page.dispatch(Event::Hovered(token));
        }
        if page.peek(|state| state.selection.hover_neuron != neuron) {
            page.dispatch(Event::Scale(ScaleEvent::NeuronHovered(neuron)));
        }
    };
    let before_tap = StoredValue::new(None::<(Option<TokenRef>, Option<usize>)>);
    let on_click = move |event: MouseEvent| {
        let Some(target) = pick(&event) else { return };
        // Tap once to look, again to keep.
        if is_touch(&event) && before_tap.get_value() != Some((Some(target.token), target.neuron)) {
            return look(Some(target));
        }
        page.dispatch(match (target.token.side, target.neuron) {
            (_, Some(neuron)) => Event::Scale(ScaleEvent::NeuronToggled(neuron)),
            (Side::Query, None) => Event::Scale(ScaleEvent::QueryPicked(target.token.position)),
            (Side::Key, None) => Event::PinToggled(target.token),
        });
    };
    let on_menu = move |event: MouseEvent| {
        if let Some(Target { token, neuron }) = pick(&event) {
            open_at_event(page, &event, edit_target(neurons, token, neuron));
        }
    };
    let reveal = move |row: usize| {
        if let Some(scroller) = scroller.get_untracked() {
            scroller.set_scroll_top(window.get_untracked().scroll_to(row) as i32);
        }
    };
    let on_key = move |event: KeyboardEvent| key(neurons, reached, &event, reveal);
    let rows = Rows { neurons, columns, window, reached };
    view! {
        <div class="neuron-figure">
            <NeuronHeader neurons columns strip />
            <div
                class="scroller"
                node_ref=scroller
                style:height=move || px(window.get().content_height(n_rows.get()))
                on:scroll:target=move |event| scroll.set(event.target().scroll_top() as f32)
                on:pointerdown=move |_| {
                    let now = page.peek(|state| (state.selection.hover, state.selection.hover_neuron));
                    before_tap.set_value(Some(now));
                }
                on:pointermove=move |event| {
                    if !is_touch(&event) {
                        look(pick(&event));
                    }
                }
                on:pointerleave=move |event| {
                    if !is_touch(&event) {
                        look(None);
                    }
                }
                on:click=on_click
                on:contextmenu=on_menu
                on:keydown=on_key
                on:focusout=move |_| look(None)
            >
                <div class="content" style:height=move || px(window.get().content_height(n_rows.get()))>
                    <div class="pane" style:height=move || px(window.get().height)>
                        <canvas
                            node_ref=body
                            aria-hidden="true"
                            style:width=move || crisp(window.get().width, pixel_ratio.get())
                            style:height=move || crisp(window.get().height, pixel_ratio.get())
                        ></canvas>
                        <QueryRows rows />
                        <KeyRows rows />
                        <ColumnMarks neurons columns />
                    </div>
                </div>
            </div>
            <CellReadout neurons />
        </div>
    }
}

/// A frame around the marked neuron, in every block.
#[component]
fn ColumnMarks(neurons: Neurons, columns: Derived<NeuronColumns>) -> impl IntoView {
    let Neurons { page, neuron, order, .. } = neurons;
    let column = Derived::new(move || {
        let neuron = neuron.get()?;
        order.with(|order| order.iter().position(|at| *at == neuron)).map(|column| (column, order.with(Vec::len)))
    });
    let is_pinned = page.memo(|state| state.selection.neuron.is_some());
    let mark = move |block: Block| {
        let span = move || {
            columns.with(|columns| {
                column.get().map(|(column, n)| columns.cell(block, column, n)).filter(|span| span.width > 0.0)
            })
        };
        view! {
            <div
                class="column-mark"
                class:none=move || span().is_none()
                class:pinned=move || is_pinned.get()
                style:left=move || px(span().map_or(0.0, |span| span.x - 1.0))
                style:width=move || px(span().map_or(0.0, |span| span.width + 2.0))
            ></div>
        }
    };
    view! {
        {mark(Block::Keys)}
        {mark(Block::Products)}
    }
}

/// The numbers of the marked neuron for the query and the key that are looked at.
#[component]
fn CellReadout(neurons: Neurons) -> impl IntoView {
    let text = Derived::new(move || {
        let (query, key, neuron) = (neurons.query.get()?, neurons.key.get()?, neurons.neuron.get());
        neurons.numbers.with(|numbers| {
            let numbers = numbers.as_ref()?;
            let products = numbers.products();
            let names = format!("{} → {}", neurons.plain(Side::Query, query), neurons.plain(Side::Key, key));
            let Some(neuron) = neuron else { return Some(names) };
            let (q, k) = (products.query(query, neuron)?, products.key(key, neuron)?);
            let product = products.product(query, key, neuron)?;
            if numbers.is_difference() {
                let text = format!("{names} · B − A of neuron {neuron}: q {q:+.3} · k {k:+.3} · product {product:+.3}");
                return Some(text.replace('-', "−"));
            }
            let start = format!("{names} · neuron {neuron}: q {q:.3} · k {k:.3} = {product:.3}");
            if !numbers.sees(query, key) {
                return Some(format!("{names} · neuron {neuron}: q {q:.3}, k {k:.3}; the mask hides this key"));
            }
            let dot = products.dot(query, key);
            let share =
                if dot.abs() > 1e-6 { format!(", {:.1}% of q·k", product / dot * 100.0) } else { String::new() };
            Some(format!("{start}{share}").replace('-', "−"))
        })
    });
    let scales = Derived::new(move || {
        neurons.numbers.with(|numbers| {
            let numbers = numbers.as_ref()?;
            let scale = numbers.head.0.numbers.attn_scale;
            let scale = scale.map(|scale| format!("s = attn_scale = {scale:.4}")).unwrap_or_default();
            let missing: Vec<String> =
                numbers.head.0.numbers.missing.iter().map(|(_, reason)| reason.clone()).collect();
            let scale = if numbers.is_difference() { "All numbers: B − A".to_owned() } else { scale };
            Some((numbers.limits, scale, missing))
        })
    });
    let scale = move |name: &'static str, limit: f32| {
        view! {
            <span class="line-scale">
                <span>{name}</span>
                <span>"≤ " {short(-limit)}</span>
                <span class="ramp diverging"></span>
                <span>"≥ " {short(limit)}</span>
            </span>
        }
    };
    view! {
        <p class="readout" class:idle=move || text.with(Option::is_none)>
            {move || text.get().unwrap_or_else(|| "Point at a cell for its numbers".to_owned())}
        </p>
        <div class="legend">
            {move || scales.get().map(|((cells, products), factor, missing)| view! {
                {scale("q, k", cells)}
                {scale("q·k per neuron", products)}
                <span>{factor}</span>
                {missing.into_iter().take(1).map(|reason| view! { <span>{reason}</span> }).collect_view()}
            })}
            <span class="keys">
                <span class="for-touch">"Tap a token or a cell to look, tap again to keep it."</span>
                <span class="for-pointer">
                    "Point at a query to look into it, click to stay with it; click a cell to keep its neuron. Keys: arrows, \
                    Enter keeps, N and Shift+N: next and previous neuron, E or right click: edit, Esc lets go."
                </span>
            </span>
        </div>
    }
}

fn pick_at(neurons: Neurons, columns: &NeuronColumns, window: &Window, x: f32, y: f32) -> Option<Target> {
    if !(0.0..window.height).contains(&y) || window.row_height <= 0.0 {
        return None;
    }
    let row = ((y + window.scroll) / window.row_height) as usize;
    let is_query = columns.query_token.width > 0.0 && x < columns.query_token.end();
    let side = if is_query { Side::Query } else { Side::Key };
    if (columns.links.x..columns.links.end()).contains(&x) {
        return None;
    }
    let position = neurons.positions.with_untracked(|(queries, keys)| {
        let shown = if is_query { queries } else { keys };
        shown.get(row).copied()
    })?;
    let neuron = neurons.order.with_untracked(|order| {
        let (_, column) = columns.pick(x, order.len())?;
        order.get(column).copied()
    });
    Some(Target { token: TokenRef { side, position }, neuron })
}

/// Moves through the rows of a side, keeps, or steps through the neurons.
fn key(neurons: Neurons, reached: RwSignal<(Side, usize)>, event: &KeyboardEvent, reveal: impl Fn(usize)) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let page = neurons.page;
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlElement>().ok());
    let side = match element.and_then(|element| element.get_attribute("data-side")).as_deref() {
        Some("query") => Side::Query,
        Some("key") => Side::Key,
        _ => return,
    };
    let positions = neurons.positions.with_untracked(|(queries, keys)| match side {
        Side::Query => queries.clone(),
        Side::Key => keys.clone(),
    });
    let last = positions.len().saturating_sub(1);
    // The first key press begins where the marks are.
    let current = match side {
        Side::Query => neurons.query.get_untracked(),
        Side::Key => neurons.key.get_untracked(),
    };
    let (reached_side, row) = reached.get_untracked();
    let found = current.and_then(|position| positions.binary_search(&position).ok());
    let row = if reached_side == side { row } else { found.unwrap_or(0) };
    let edited = || {
        let token = TokenRef { side, position: *positions.get(row.min(last))? };
        // The marked neuron, if one is; else the token that the keyboard is on.
        let neuron = neurons.neuron.get_untracked();
        Some(EditTarget { neuron, ..edit_target(neurons, token, None) })
    };
    if open_at_key(page, event, edited) {
        return;
    }
    let to = match event.key().as_str() {
        "ArrowDown" => row + 1,
        "ArrowUp" => row.saturating_sub(1),
        "PageDown" => row + 10,
        "PageUp" => row.saturating_sub(10),
        "Home" => 0,
        "End" => last,
        name @ ("n" | "N") => {
            event.prevent_default();
            event.stop_propagation();
            let to = neurons.order.with_untracked(|order| {
                let at = neurons.neuron.get_untracked().and_then(|neuron| order.iter().position(|at| *at == neuron));
                let to = match (at, name) {
                    (None, _) => 0,
                    (Some(at), "n") => (at + 1) % order.len().max(1),
                    (Some(at), _) => (at + order.len() - 1) % order.len().max(1),
                };
                order.get(to).copied()
            });
            if let Some(neuron) = to.filter(|neuron| page.peek(|state| state.selection.neuron != Some(*neuron))) {
                page.dispatch(Event::Scale(ScaleEvent::NeuronToggled(neuron)));
            }
            return;
        }
        "Enter" | " " => {
            event.prevent_default();
            let Some(&position) = positions.get(row.min(last)) else { return };
            return page.dispatch(match side {
                Side::Query => Event::Scale(ScaleEvent::QueryPicked(position)),
                Side::Key => Event::PinToggled(TokenRef { side, position }),
            });
        }
        _ => return,
    };
    event.prevent_default();
    let to = to.min(last);
    reached.set((side, to));
    reveal(to);
    if let Some(&position) = positions.get(to) {
        page.dispatch(Event::Hovered(Some(TokenRef { side, position })));
    }
}

/// What the menu of edits is about at a token and a neuron of the head that is looked into.
fn edit_target(neurons: Neurons, token: TokenRef, neuron: Option<usize>) -> EditTarget {
    let target = neurons.page.peek(|state| state.selected_target());
    let query = neurons.query.get_untracked();
    let target = EditTarget { neuron: neuron.or(target.neuron), query, ..target };
    match (token.side, neuron) {
        // A cell means its neuron; the row's token is not meant then.
        (_, Some(_)) => EditTarget { query: None, key: None, ..target },
        (Side::Query, None) => EditTarget { query: Some(token.position), key: None, neuron: None, ..target },
        (Side::Key, None) => EditTarget { key: Some(token.position), neuron: None, ..target },
    }
}

fn is_touch(event: &MouseEvent) -> bool {
    event.dyn_ref::<PointerEvent>().is_some_and(|event| event.pointer_type() == "touch")
}

//! The model view: every head as a thumbnail, and its numbers.

mod cells;
mod controls;
mod draw;
pub mod numbers;
mod readout;

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use leptos_use_device_pixel_ratio::use_device_pixel_ratio;
use leptos_use_element_size::{UseElementSizeReturn, use_element_size};
use wasm_bindgen::JsCast;
use web_sys::PointerEvent;

use crate::render::{Contrast, MapLayout, MapSpace, Place, Scheme, Shade, largest_size};
use crate::state::editing::offers::Target;
use crate::state::scales::options::MapOptions;
use crate::state::scales::thumbnails::LayerThumbnails;
use crate::state::{EditSide, Event, Home, ScaleEvent, State};
use crate::ui::change::edit_menu::{open_at_event, open_at_key};
use crate::ui::erased::{Derived, Show, effect, view};
use crate::ui::head::scene::Same;
use crate::ui::head::token_column::{crisp, px};
use crate::ui::shell::page::Page;
use cells::Cells;
use controls::MapControls;
use numbers::Numbers;
use readout::{MapLegend, Readout};
pub use readout::{ends_of, meaning_of};

/// Layers that have come, by number.
pub(super) type Layers = Vec<Option<Same<LayerThumbnails>>>;

/// Height of a large map before it scrolls, as a share of the screen.
const SCREEN_SHARE: f64 = 0.7;
/// The same of a small one, CSS pixels: between other things, and in a column of its own.
const SMALL_HEIGHT: (f32, f32) = (180.0, 360.0);
/// The same in a frame, whose height follows the content and so cannot measure it.
const FRAME_HEIGHT: f32 = 560.0;
/// From this width of the page on it has a column of its own, CSS pixels (style/shell.css).
const HAS_COLUMN: f64 = 1_041.0;

/// What the parts of a map share.
#[derive(Clone, Copy)]
pub(super) struct Map {
    pub page: Page,
    pub layers: Derived<Layers>,
    pub options: Derived<MapOptions>,
    /// The number that colours and sorts, of every head.
    pub numbers: Derived<Numbers>,
    pub layout: Derived<MapLayout>,
    pub scroll: RwSignal<f32>,
    pub window: Derived<(f32, f32)>,
    /// The head under the pointer.
    pub hovered: RwSignal<Option<Place>>,
    /// The head that the keyboard has reached.
    pub reached: RwSignal<Option<Place>>,
    /// The head that is looked at, where it is a single one.
    pub selected: Derived<Option<Place>>,
    /// The scale of differences, where these are shown: of patterns over all layers that are here.
    pub contrast: Derived<Option<Contrast>>,
    pub is_small: bool,
}

/// Thumbnails of all heads in rows (layers) and columns (heads).
#[component]
pub fn ModelMap(
    page: Page,
    scheme: Derived<Scheme>,
    /// Whether it is the small one, without controls.
    is_small: bool,
) -> impl IntoView {
    let scroller = NodeRef::<Div>::new();
    let canvas = NodeRef::<Canvas>::new();
    let UseElementSizeReturn { width, height } = use_element_size(scroller);
    let pixel_ratio = use_device_pixel_ratio();
    let scroll = RwSignal::new(0.0_f32);
    let layers = page.memo(|state| state.scales.thumbnails.layers.iter().map(|it| it.clone().map(Same)).collect());
    let options = page.memo(|state| state.scales.map.clone());
    let numbers = page.memo(Numbers::of);
    let rows = page.memo(rows_of);
    let window = Derived::new(move || (width.get() as f32, height.get() as f32));
    let is_framed = page.peek(|state| state.home == Home::Embed);
    let layout = Derived::new(move || {
        let screen = leptos::prelude::window();
        let length = |of: Result<wasm_bindgen::JsValue, _>| of.ok().and_then(|length| length.as_f64()).unwrap_or(800.0);
        let height = match (is_small, length(screen.inner_width()) >= HAS_COLUMN) {
            (true, false) => SMALL_HEIGHT.0,
            (true, true) => SMALL_HEIGHT.1,
            (false, _) if is_framed => FRAME_HEIGHT,
            (false, _) => (length(screen.inner_height()) * SCREEN_SHARE) as f32,
        };
        let has_names = options.with(|options| options.is_sorted) && !is_small;
        MapLayout::fit(rows.get(), MapSpace { width: width.get() as f32, height, is_small, has_names })
    });
    let hovered = RwSignal::new(None::<Place>);
    let reached = RwSignal::new(None::<Place>);
    let selected = page.memo(|state| {
        let selection = &state.selection;
        (selection.heads.len() == 1 && state.shown.is_some()).then(|| (selection.layer, selection.head()))
    });
    let largest = page.memo(|state| {
        let cells = |layer: &Option<std::sync::Arc<LayerThumbnails>>| layer.as_ref().map(|it| largest_size(&it.cells));
        let is_difference = state.editing.side == EditSide::Difference;
        is_difference.then(|| state.scales.thumbnails.layers.iter().filter_map(cells).fold(0.0, f32::max))
    });
    let contrast = Derived::new(move || largest.get().map(|largest| Contrast::new(largest, scheme.get())));
    let map =
        Map { page, layers, options, numbers, layout, scroll, window, hovered, reached, selected, contrast, is_small };

    draw::draw_on_change(canvas, map, scheme, pixel_ratio);
    tell_what_is_seen(map);

    let pick = move |event: &MouseEvent| {
        let bounds = scroller.get_untracked()?.get_bounding_client_rect();
        let (x, y) = (f64::from(event.client_x()) - bounds.left(), f64::from(event.client_y()) - bounds.top());
        let layout = layout.get_untracked();
        let (row, column) = layout.pick(x as f32, y as f32 + scroll.get_untracked())?;
        layout.place(row, column)
    };
    let before_tap = StoredValue::new(None::<Place>);
    let on_click = move |event: MouseEvent| {
        let Some((layer, head)) = pick(&event) else { return };
        // Tap once to look, again to pick.
        if is_touch(&event) && before_tap.get_value() != Some((layer, head)) {
            return hovered.set(Some((layer, head)));
        }
        reached.set(Some((layer, head)));
        page.dispatch(Event::Scale(ScaleEvent::HeadPicked { layer, head }));
    };
    let is_tapped = StoredValue::new(false);
    let on_double_click = move |event: MouseEvent| {
        // The second of two taps keeps.
        if is_tapped.get_value() {
            return;
        }
        if let Some((layer, head)) = pick(&event) {
            page.dispatch(Event::Scale(ScaleEvent::HeadOpened { layer, head }));
        }
    };
    let reveal = move |row: usize| {
        if let Some(scroller) = scroller.get_untracked() {
            let (_, height) = window.get_untracked();
            let to = layout.with_untracked(|layout| layout.scroll_to(row, scroll.get_untracked(), height));
            scroller.set_scroll_top(to as i32);
        }
    };
    let on_key = move |event: KeyboardEvent| key(map, &event, reveal);
    view! {
        <div class="map" class:small=is_small>
            <Show when=move || !is_small>
                <MapControls map />
            </Show>
            <div
                class="map-scroller"
                node_ref=scroller
                role="grid"
                tabindex="0"
                aria-label=if is_small { "Map of all heads" } else { "Heads of all layers" }
                aria-rowcount=move || layout.with(|layout| layout.rows.len().to_string())
                aria-activedescendant=move || reached.get().map(|place| cells::id_of(place, is_small))
                style:height=move || px(layout.with(MapLayout::content_height))
                on:scroll:target=move |event| scroll.set(event.target().scroll_top() as f32)
                on:pointerdown=move |event| {
                    is_tapped.set_value(is_touch(&event));
                    before_tap.set_value(hovered.get_untracked());
                }
                on:pointermove=move |event| {
                    if !is_touch(&event) {
                        let place = pick(&event);
                        if hovered.get_untracked() != place {
                            hovered.set(place);
                        }
                    }
                }
                on:pointerleave=move |event| {
                    if !is_touch(&event) {
                        hovered.set(None);
                    }
                }
                on:click=on_click
                on:contextmenu=move |event| {
                    let place = pick(&event).or(reached.get_untracked());
                    if let Some((layer, head)) = place {
                        open_at_event(page, &event, target_of((layer, head)));
                    }
                }
                on:dblclick=on_double_click
                on:keydown=on_key
                on:focus=move |_| {
                    if reached.get_untracked().is_none() {
                        let first = layout.with_untracked(|layout| layout.place(0, 0));
                        reached.set(selected.get_untracked().or(first));
                    }
                }
                on:blur=move |_| reached.set(None)
            >
                <div class="content" style:height=move || px(layout.with(MapLayout::content_height))>
                    <div class="pane" style:height=move || px(window.get().1)>
                        <canvas
                            node_ref=canvas
                            aria-hidden="true"
                            style:width=move || crisp(window.get().0, pixel_ratio.get())
                            style:height=move || crisp(window.get().1, pixel_ratio.get())
                        ></canvas>
                        <Cells map />
                    </div>
                </div>
            </div>
            <Readout map />
            <Show when=move || !is_small>
                <MapLegend map />
            </Show>
        </div>
    }
}

/// The heads in the order in which they stand.
pub fn rows_of(state: &State) -> Vec<Vec<Place>> {
    let (layers, heads) = state.mapped();
    let rows: Vec<Vec<Place>> = layers.iter().map(|&layer| heads.iter().map(|&head| (layer, head)).collect()).collect();
    if !state.scales.map.is_sorted {
        return rows;
    }
    let numbers = Numbers::of(state);
    let number = |place: &Place| numbers.at(*place);
    let mut all: Vec<(Place, f32)> =
        rows.concat().into_iter().map(|place| (place, number(&place).unwrap_or(f32::NEG_INFINITY))).collect();
    all.sort_by(|(one, a), (other, b)| b.total_cmp(a).then(one.cmp(other)));
    let places: Vec<Place> = all.into_iter().map(|(place, _)| place).collect();
    places.chunks(heads.len().max(1)).map(<[Place]>::to_vec).collect()
}

/// How dark a weight is: as in the head view, but against 1, so that thumbnails can be compared.
pub fn shade(state: &State) -> Shade {
    let display = &state.options.display;
    Shade { is_log: display.is_log, is_per_row: false, min_weight: f32::from(display.min_weight_thousandths) / 1_000.0 }
}

/// Tells the state which layers are on screen, so that these are asked for first.
fn tell_what_is_seen(map: Map) {
    let seen = Derived::new(move || {
        map.layout.with(|layout| {
            let visible = layout.visible_rows(map.scroll.get(), map.window.get().1);
            let layers = || layout.rows.get(visible.clone()).into_iter().flatten().flatten().map(|(layer, _)| *layer);
            Some((layers().min()?, layers().max()?))
        })
    });
    let page = map.page;
    effect(move || {
        if let Some(seen) = seen.get() {
            page.dispatch(Event::Scale(ScaleEvent::LayersSeen(seen)));
        }
    });
}

/// What the menu of edits is about at a cell.
fn target_of((layer, head): Place) -> Target {
    Target { layer, heads: vec![head], ..Target::default() }
}

/// Moves through the cells, picks one, opens it, or edits it.
fn key(map: Map, event: &KeyboardEvent, reveal: impl Fn(usize)) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    if open_at_key(map.page, event, || map.reached.get_untracked().map(target_of)) {
        return;
    }
    let layout = map.layout.get_untracked();
    let at = map.reached.get_untracked().and_then(|place| layout.find(place)).unwrap_or((0, 0));
    let last_row = layout.rows.len().saturating_sub(1);
    let last_column = |row: usize| layout.rows.get(row).map_or(0, |row| row.len().saturating_sub(1));
    let (row, column) = match event.key().as_str() {
        "ArrowRight" => (at.0, at.1 + 1),
        "ArrowLeft" => (at.0, at.1.saturating_sub(1)),
        "ArrowDown" => (at.0 + 1, at.1),
        "ArrowUp" => (at.0.saturating_sub(1), at.1),
        "Home" if event.shift_key() => (0, 0),
        "End" if event.shift_key() => (last_row, last_column(last_row)),
        "Home" => (at.0, 0),
        "End" => (at.0, last_column(at.0)),
        "PageDown" => (last_row, at.1),
        "PageUp" => (0, at.1),
        name @ ("Enter" | " ") => {
            event.prevent_default();
            let Some((layer, head)) = layout.place(at.0, at.1) else { return };
            let scale = if name == "Enter" && event.shift_key() {
                ScaleEvent::HeadOpened { layer, head }
            } else {
                ScaleEvent::HeadPicked { layer, head }
            };
            return map.page.dispatch(Event::Scale(scale));
        }
        _ => return,
    };
    event.prevent_default();
    let row = row.min(last_row);
    let column = column.min(last_column(row));
    map.reached.set(layout.place(row, column));
    reveal(row);
}

fn is_touch(event: &MouseEvent) -> bool {
    event.dyn_ref::<PointerEvent>().is_some_and(|event| event.pointer_type() == "touch")
}

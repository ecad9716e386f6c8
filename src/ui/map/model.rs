//! What the parts of a map share, and the order in which its heads stand.

use std::sync::Arc;

use leptos::prelude::*;

use super::numbers::Numbers;
use crate::protocol::Quantity;
use crate::render::{Contrast, LayerHead, MapLayout, MapSpace, Scheme, Shade, largest_size};
use crate::state::scales::options::{CellStyle, MapOptions};
use crate::state::scales::thumbnails::LayerThumbnails;
use crate::state::{Event, Home, SelectionEvent, State, Variant, View, ViewEvent};
use crate::ui::erased::{Derived, effect};
use crate::ui::shell::floor::WIDE;
use crate::ui::shell::page::Page;
use crate::ui::small::same::Same;
use crate::ui::small::watched::media_query;

/// Thumbnails of each layer; `None` while they are awaited.
pub type Layers = Vec<Option<Same<LayerThumbnails>>>;

/// Height of a large map that does not fill a stage before it scrolls, as a share of the window's height.
const SCREEN_SHARE: f64 = 0.7;
/// Greatest height of a small map, in CSS pixels: with more layers its cells become smaller.
const SMALL_HEIGHT: f32 = 560.0;
/// Height of a map in a frame before it scrolls, in CSS pixels: the frame follows the content, so its height measures nothing.
const FRAME_HEIGHT: f32 = 560.0;

/// A place within a thumbnail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pointed {
    pub row: usize,
    pub column: usize,
    /// How far it is from the thumbnail's left and top, 0 to 1.
    pub share: (f32, f32),
}

/// What the parts of a map share.
#[derive(Clone, Copy)]
pub struct Map {
    pub page: Page,
    pub layers: Derived<Layers>,
    pub options: Derived<MapOptions>,
    /// What the cells show; one of the layer has a single cell for each, at head 0.
    pub quantity: Derived<Quantity>,
    /// The number of each head that colours and sorts the cells.
    pub numbers: Derived<Numbers>,
    pub layout: Derived<MapLayout>,
    pub scroll: RwSignal<f32>,
    pub window: Derived<(f32, f32)>,
    /// The head under the pointer.
    pub hovered: RwSignal<Option<LayerHead>>,
    /// Where in a thumbnail the pointer is.
    pub pointed: RwSignal<Option<Pointed>>,
    /// The head that the keyboard has reached.
    pub reached: RwSignal<Option<LayerHead>>,
    /// The head that is shown, where it is a single one.
    pub selected: Derived<Option<LayerHead>>,
    /// The colours of differences, where these are shown: one scale for all layers.
    pub contrast: Derived<Option<Contrast>>,
    pub is_small: bool,
    /// Whether the map takes all the room of the stage, instead of being as high as its rows.
    pub is_filled: Signal<bool>,
}

impl Map {
    /// A map in an element of a given size.
    pub fn new(
        page: Page,
        scheme: Derived<Scheme>,
        is_small: bool,
        (width, height): (RwSignal<f64>, RwSignal<f64>),
    ) -> Self {
        let layers = page.memo(move |state| layers_of(state, is_small).iter().map(|it| it.clone().map(Same)).collect());
        let options = page.memo(|state| state.scales.map.clone());
        let quantity = page.memo(move |state| quantity_of(state, is_small));
        let rows = page.memo(move |state| rows_of(state, is_small));
        let is_framed = page.peek(|state| state.home == Home::Embed);
        let is_wide = media_query(WIDE);
        let is_filled = Signal::derive(move || !is_small && !is_framed && is_wide.get());
        let layout = Derived::new(move || {
            let (is_filled, height) = (is_filled.get(), height.get() as f32);
            let height = if is_filled { height } else { greatest_height(is_small, is_framed) };
            let has_names =
                options.with(|options: &MapOptions| options.is_sorted) && !is_small && !quantity.get().is_layer_wide();
            MapLayout::fit(rows.get(), MapSpace { width: width.get() as f32, height, is_filled, is_small, has_names })
        });
        let largest = page.memo(move |state| largest_change(state, is_small));
        Self {
            page,
            layers,
            options,
            numbers: page.memo(Numbers::from_state),
            layout,
            scroll: RwSignal::new(0.0),
            window: Derived::new(move || (width.get() as f32, height.get() as f32)),
            hovered: RwSignal::new(None),
            pointed: RwSignal::new(None),
            reached: RwSignal::new(None),
            selected: page.memo(move |state| {
                let selection = &state.selection;
                if quantity_of(state, is_small).is_layer_wide() {
                    return state.shown.as_ref().map(|_| (selection.layer, 0));
                }
                (selection.heads.len() == 1 && state.shown.is_some()).then(|| (selection.layer, selection.head()))
            }),
            quantity,
            contrast: Derived::new(move || largest.get().map(|largest| Contrast::new(largest, scheme.get()))),
            is_small,
            is_filled,
        }
    }

    /// Picks the head, or the layer, at a place; `opens` it in the head view too.
    pub fn pick(self, (layer, head): LayerHead, opens: bool) {
        let select = |event| self.page.dispatch(Event::Select(event));
        match (self.quantity.get_untracked().is_layer_wide(), opens) {
            (false, false) => select(SelectionEvent::HeadPicked { layer, head }),
            (false, true) => select(SelectionEvent::HeadOpened { layer, head }),
            (true, opens) => {
                select(SelectionEvent::LayerPicked(layer));
                if opens {
                    select(SelectionEvent::ViewPicked(View::Head));
                }
            }
        }
    }

    /// Tells the state which layers are in view, so that these are asked for first.
    pub fn report_seen_layers(self) {
        let seen = Derived::new(move || {
            self.layout.with(|layout| {
                let visible = layout.visible_rows(self.scroll.get(), self.window.get().1);
                let layers =
                    || layout.rows.get(visible.clone()).into_iter().flatten().flatten().map(|(layer, _)| *layer);
                Some((layers().min()?, layers().max()?))
            })
        });
        effect(move || {
            if let Some(seen) = seen.get() {
                self.page.dispatch(Event::View(ViewEvent::LayersSeen(seen)));
            }
        });
    }
}

/// The height from which on a map scrolls, in CSS pixels.
fn greatest_height(is_small: bool, is_framed: bool) -> f32 {
    let window = leptos::prelude::window();
    let length = |size: Result<wasm_bindgen::JsValue, _>| size.ok().and_then(|size| size.as_f64()).unwrap_or(800.0);
    match is_small {
        true => SMALL_HEIGHT,
        false if is_framed => FRAME_HEIGHT,
        false => (length(window.inner_height()) * SCREEN_SHARE) as f32,
    }
}

/// What the cells show. A small map is there to pick heads: it always shows their weights.
fn quantity_of(state: &State, is_small: bool) -> Quantity {
    if is_small { Quantity::Weights } else { state.mapped_quantity() }
}

/// The pictures of that quantity, by layer.
fn layers_of(state: &State, is_small: bool) -> &[Option<Arc<LayerThumbnails>>] {
    if is_small { &state.scales.thumbnails.layers } else { state.map_layers() }
}

/// The largest change of a weight among the thumbnails, where changes are shown.
fn largest_change(state: &State, is_small: bool) -> Option<f32> {
    if is_signed(state) {
        return Some(Numbers::from_state(state).ends.1);
    }
    let cells = |layer: &Option<Arc<LayerThumbnails>>| layer.as_ref().map(|it| largest_size(&it.cells));
    let is_difference = state.editing.variant == Variant::Difference;
    is_difference.then(|| layers_of(state, is_small).iter().filter_map(cells).fold(0.0, f32::max))
}

/// Whether cells show a number that has a sign, whatever the result.
fn is_signed(state: &State) -> bool {
    let map = &state.scales.map;
    map.style == CellStyle::Number && map.number.is_effect()
}

/// The scale of changes of a figure: that of the weights, or of the heads' numbers where cells show these.
pub fn contrast_of(state: &State, scheme: Scheme) -> Option<Contrast> {
    let largest = largest_change(state, false)?;
    if state.scales.map.style == CellStyle::Number {
        let end = Numbers::from_state(state).ends.1;
        return Some(Contrast { end, ..Contrast::new(end, scheme) });
    }
    Some(Contrast::new(largest, scheme))
}

/// The heads in rows: by layer and head, or sorted by their number.
pub fn rows_of(state: &State, is_small: bool) -> Vec<Vec<LayerHead>> {
    let (layers, heads) = if is_small { state.mapped() } else { state.map_places() };
    let rows: Vec<Vec<LayerHead>> =
        layers.iter().map(|&layer| heads.iter().map(|&head| (layer, head)).collect()).collect();
    // Layers have no score to be sorted by.
    if !state.scales.map.is_sorted || quantity_of(state, is_small).is_layer_wide() {
        return rows;
    }
    let numbers = Numbers::from_state(state);
    let mut all: Vec<(LayerHead, f32)> = rows.concat().into_iter().map(|place| (place, numbers.rank(place))).collect();
    all.sort_by(|(one, a), (other, b)| b.total_cmp(a).then(one.cmp(other)));
    let places: Vec<LayerHead> = all.into_iter().map(|(place, _)| place).collect();
    places.chunks(heads.len().max(1)).map(<[LayerHead]>::to_vec).collect()
}

/// How dark a weight is drawn: as in the head view, but always on a scale up to 1, so that thumbnails can be compared.
pub fn shade(state: &State) -> Shade {
    let display = &state.options.display;
    let min_weight = f32::from(display.min_weight_thousandths) / 1_000.0;
    Shade { is_log: display.is_log, min_weight, ..Shade::default() }
}

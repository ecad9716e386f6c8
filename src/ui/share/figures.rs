//! Makes figures and tables of the views on screen, from the state's numbers and the geometry of `render`.

use crate::platform::page::meta;
use crate::protocol::{Quantity, Reduce};
use crate::render::figure::{
    Caption, Draw, Drawn, HeadFigure, MapCell, MapFigure, NeuronFigure, NeuronRow, Preset, csv, figure,
};
use crate::render::{Contrast, HeadView, LayerHead, Scheme};
use crate::state::scales::options::CellStyle;
use crate::state::{CaptionText, OnScreen, RUNS_MODELS, State, TracePlace, View, wording};
use crate::trace::Side;
use crate::ui::change::sweep::{Effects, with_link_figure};
use crate::ui::erased::Derived;
use crate::ui::head::legend::explanation;
use crate::ui::head::scene::Scene;
use crate::ui::map::numbers::Numbers as HeadNumbers;
use crate::ui::map::{change_of, contrast_of, ends_of, ends_of_lengths, meaning_of, rows_of, shade};
use crate::ui::neurons::model::{Numbers, order_of};
use crate::ui::shell::page::Page;
use crate::ui::stream::figure_parts::{stream_cell, stream_figure};

/// A view as a figure or a table.
pub enum Made {
    /// A picture.
    Figure(Drawn, Caption),
    /// A table.
    Table(String),
}

/// What to make of a view.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A figure of this width.
    Figure(Preset),
    /// The numbers.
    Table,
}

/// The head views of both panes, as figures need them.
#[derive(Clone, Copy)]
pub struct Scenes {
    first: Derived<Option<Scene>>,
    beside: Derived<Option<Scene>>,
}

impl Scenes {
    /// `first` is the first pane's. The second one's is made here, in the colours of figures; nothing is made before it is read.
    pub fn new(page: Page, first: Derived<Option<Scene>>) -> Self {
        Self { first, beside: Scene::memo(page.second(), Derived::new(|| Scheme::Light)) }
    }
}

/// Makes a figure or a table of what is on screen; `None` while its numbers are on their way.
pub fn make(page: Page, scenes: Scenes, what: OnScreen, wanted: Wanted) -> Option<Made> {
    match what {
        OnScreen::First(view) => make_view(page, scenes.first, view, wanted),
        OnScreen::Beside(view) => make_view(page.second(), scenes.beside, view, wanted),
        OnScreen::Effects if RUNS_MODELS => page.peek(|state| effects(state, wanted)),
        OnScreen::Effects => None,
    }
}

/// Makes a figure or a table of what is on the stage in the place of the views.
pub fn effects(state: &State, wanted: Wanted) -> Option<Made> {
    let CaptionText { title, text, fields } = state.sweep_caption()?;
    if state.shows_link_graph() {
        let table = || state.graph_csv().unwrap_or_default();
        let caption = Caption { title, text, fields };
        return with_link_figure(state, |figure| made(figure, wanted, caption, table));
    }
    let effects = Effects::from_state(state)?;
    made(&effects.figure(), wanted, Caption { title, text, fields }, || effects.table())
}

fn make_view(page: Page, scene: Derived<Option<Scene>>, view: View, wanted: Wanted) -> Option<Made> {
    let address = page.address();
    let caption = page.peek(|state| caption(state, view, address))?;
    match view {
        View::Head => scene.with_untracked(|scene| page.peek(|state| head(state, scene.as_ref()?, wanted, caption))),
        View::Model => page.peek(|state| map(state, wanted, caption)),
        View::Neuron => page.peek(|state| neurons(state, wanted, caption)),
        View::Stream => page.peek(|state| stream(state, wanted, caption)),
        // The workbench has buttons of its own.
        View::Find => None,
    }
}

fn caption(state: &State, view: View, address: String) -> Option<Caption> {
    let is_on_disk = state.shown.as_ref().is_some_and(|shown| matches!(shown.origin.trace, Some(TracePlace::File(_))));
    let link = if is_on_disk { String::new() } else { address };
    let CaptionText { title, text, mut fields } = state.caption(view, &link)?;
    fields.push(("Build", meta("headlight-build")));
    Some(Caption { title, text, fields })
}

fn made(view: &dyn Draw, wanted: Wanted, caption: Caption, table: impl FnOnce() -> String) -> Option<Made> {
    Some(match wanted {
        Wanted::Figure(preset) => Made::Figure(figure(view, preset, &caption), caption),
        Wanted::Table => Made::Table(table()),
    })
}

fn stream(state: &State, wanted: Wanted, caption: Caption) -> Option<Made> {
    let cell = |line: usize, position: usize| stream_cell(state, line, position);
    let view = stream_figure(state, &cell)?;
    made(&view, wanted, caption, || csv::stream(&view))
}

fn head(state: &State, scene: &Scene, wanted: Wanted, caption: Caption) -> Option<Made> {
    let (shown, layer) = (state.shown.as_ref()?, scene.layer()?);
    let sees = |query: usize, key: usize| {
        let (mut queries, keys) = (scene.units.tokens(Side::Query, query), scene.units.tokens(Side::Key, key));
        queries.any(|query| keys.clone().any(|key| shown.sees(layer, query, key)))
    };
    let contrast = scene.contrast.map(on_paper);
    let view = HeadFigure {
        view: HeadView { contrast, ..scene.view()? },
        query_labels: &scene.units.side(Side::Query).labels.0,
        key_labels: &scene.units.side(Side::Key).labels.0,
        second_start: scene.units.side(Side::Query).second_start.filter(|_| scene.has_same_tokens()),
        layer,
        n_heads: scene.shape.n_heads,
        is_matrix: scene.is_matrix(),
        is_split: scene.is_split(),
        sees: &sees,
        meaning: explanation(scene),
        number: scene.quantity().name(),
        whole_layer: scene.is_layer_wide().then(|| scene.quantity().label()),
    };
    made(&view, wanted, caption, || csv::head(&view))
}

/// A scale of changes in the colours of figures, which are on white.
fn on_paper(contrast: Contrast) -> Contrast {
    Contrast::new(contrast.end, Scheme::Light)
}

fn map(state: &State, wanted: Wanted, caption: Caption) -> Option<Made> {
    let options = &state.scales.map;
    let numbers = HeadNumbers::from_state(state);
    let quantity = state.mapped_quantity();
    // A picture has what is drawn, a table the numbers.
    let layers = if wanted == Wanted::Table { state.map_values() } else { state.map_layers() };
    let cell = |place: LayerHead| -> Option<MapCell<'_>> {
        if options.style == CellStyle::Number {
            return Some(MapCell::Number(numbers.at(place).zip(numbers.level(place))));
        }
        let (layer, head) = place;
        let thumbnails = layers.get(layer)?.as_deref()?;
        let (cells, n_rows, n_columns) = (thumbnails.head(head), thumbnails.n_rows, thumbnails.n_columns);
        Some(match options.style {
            CellStyle::Lines => MapCell::Lines(cells, n_rows, n_columns),
            _ => MapCell::Heat(cells, n_rows, n_columns),
        })
    };
    let contrast = contrast_of(state, Scheme::Light);
    let meaning = match contrast {
        Some(_) => format!("Colour: change{}, orange less, blue more", change_of(quantity)),
        None => meaning_of(options, quantity),
    };
    let is_length = quantity == Quantity::Norms;
    let about = match contrast {
        Some(_) if is_length => "1 is the layer’s largest change.",
        _ => wording::about_quantity(quantity),
    };
    let view = MapFigure {
        rows: rows_of(state, false),
        cell: &cell,
        is_sorted: options.is_sorted && !quantity.is_layer_wide(),
        is_max: options.reduce == Reduce::Max,
        shade: shade(state),
        contrast,
        tokens: [Side::Query, Side::Key].map(|side| state.map_tokens(side)),
        ends: if is_length { ends_of_lengths(contrast.is_some()) } else { ends_of(options, &numbers) },
        meaning: format!("{}. {about}", meaning.trim_end_matches('.')).trim_end().to_owned(),
        number: quantity.name(),
        is_layer_wide: quantity.is_layer_wide(),
    };
    made(&view, wanted, caption, || csv::map(&view))
}

fn neurons(state: &State, wanted: Wanted, caption: Caption) -> Option<Made> {
    let shown = state.shown.as_ref()?;
    let numbers = Numbers::from_state(state)?.with_limits();
    let query = state.query_looked_into()?;
    let (_, keys) = state.shown_positions()?;
    let chosen = (state.query_chosen(), state.selection.keys.last().copied());
    let order = order_of(&numbers, state.scales.neuron.order, chosen);
    let row = |&key: &usize| {
        let steps = numbers.steps(query, key);
        NeuronRow {
            key,
            is_seen: numbers.sees(query, key),
            dot: steps.dot,
            score: steps.score,
            weight: steps.weight,
            value: steps.value,
        }
    };
    let scale = numbers.head.0.numbers.attn_scale;
    let mut meaning: Vec<String> =
        scale.map(|scale| format!("Score: q·k × {scale:.4}, masks and biases included.")).into_iter().collect();
    meaning.extend(numbers.head.0.numbers.missing.first().map(|(_, reason)| format!("{reason}.")));
    if numbers.is_difference() {
        meaning = vec!["All numbers are changes.".to_owned()];
    }
    if state.scales.neuron.is_plain {
        meaning.push("Queries and keys before the rotation.".to_owned());
    }
    let view = NeuronFigure {
        products: numbers.products(),
        order: &order,
        query,
        rows: keys.iter().map(row).collect(),
        query_labels: shown.labels(Side::Query),
        key_labels: shown.labels(Side::Key),
        limits: numbers.limits,
        neuron: state.selection.neuron,
        shows_keys: state.scales.neuron.shows_keys,
        meaning: meaning.join(" "),
    };
    made(&view, wanted, caption, || csv::neurons(&view))
}

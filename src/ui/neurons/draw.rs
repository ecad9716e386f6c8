//! Draws the neuron view's cells, and the lines from the query to its keys, once per frame at most.

use leptos::html::Canvas;
use leptos::prelude::*;

use super::header::shown_block;
use super::model::{Neurons, Numbers};
use crate::render::{
    Block, CellPainter, Diverging, Line, MIN_ALPHA, NEUTRAL_HUE, NeuronColumns, Ramp, Raster, Scheme, Window,
};
use crate::render_web::PixelCanvas;
use crate::ui::erased::Derived;
use crate::ui::small::next_frame::next_frame;

/// Thickness of a line, in CSS pixels.
const LINE_THICKNESS: f32 = 1.5;
/// Height of the query's cells, in CSS pixels.
pub(super) const STRIP_HEIGHT: f32 = 16.0;
/// Gap between two rows of cells, in CSS pixels.
const ROW_GAP: f32 = 2.0;

/// The canvases, and the geometry on them.
#[derive(Clone, Copy)]
pub(super) struct Targets {
    pub body: NodeRef<Canvas>,
    pub strip: NodeRef<Canvas>,
    pub columns: Derived<NeuronColumns>,
    pub window: Derived<Window>,
    pub pixel_ratio: RwSignal<f64>,
}

#[derive(Default)]
struct Painters {
    body: Option<PixelCanvas>,
    strip: Option<PixelCanvas>,
    cells: CellPainter,
    lines: Raster,
}

#[derive(PartialEq)]
struct Colours {
    cells: Diverging,
    line: [u8; 3],
}

/// Draws with the next frame whenever something changes.
pub(super) fn draw_on_change(targets: Targets, neurons: Neurons, scheme: Derived<Scheme>) {
    let colours = Derived::new(move || {
        let scheme = scheme.get();
        Colours { cells: Diverging::new(scheme), line: Ramp::new(NEUTRAL_HUE, scheme).at(0.8) }
    });
    let painters = StoredValue::new_local(Painters::default());
    let draw = move || {
        let Some((Some(body), Some(strip))) = targets.body.try_get_untracked().zip(targets.strip.try_get_untracked())
        else {
            return;
        };
        painters.update_value(|painters| {
            if painters.body.is_none() {
                painters.body = PixelCanvas::new(body);
            }
            if painters.strip.is_none() {
                painters.strip = PixelCanvas::new(strip);
            }
            neurons.numbers.with_untracked(|numbers| {
                colours.with_untracked(|colours| draw(painters, targets, neurons, numbers.as_ref(), colours));
            });
        });
    };
    let track = move || {
        neurons.numbers.track();
        neurons.query.track();
        neurons.order.track();
        neurons.positions.track();
        colours.track();
        targets.columns.track();
        targets.window.track();
        targets.pixel_ratio.track();
        targets.body.track();
        targets.strip.track();
    };
    next_frame(track, draw);
}

fn draw(painters: &mut Painters, targets: Targets, neurons: Neurons, numbers: Option<&Numbers>, colours: &Colours) {
    let (columns, window) = (targets.columns.get_untracked(), targets.window.get_untracked());
    let ratio = targets.pixel_ratio.get_untracked() as f32;
    let device = |length: f32| (length * ratio).round().max(0.0) as usize;
    let height = device(window.height);
    let Painters { body: Some(body), strip: Some(strip), cells, lines } = painters else { return };
    body.begin(device(window.width), height);
    let strip_width = device(columns.block(shown_block(&columns)).width);
    strip.begin(strip_width, device(STRIP_HEIGHT));
    let (Some(numbers), Some(query)) = (numbers, neurons.query.get_untracked()) else { return };
    let products = numbers.products();
    let (cell_limit, product_limit) = numbers.limits;
    neurons.order.with_untracked(|order| {
        neurons.positions.with_untracked(|(_, keys)| {
            let rows = || {
                window.visible_rows(keys.len()).map(|row| {
                    let top = window.row_top(row);
                    (row, device(top + ROW_GAP / 2.0)..device(top + window.row_height - ROW_GAP / 2.0))
                })
            };
            for block in [Block::Keys, Block::Products] {
                let span = columns.block(block);
                let value = |row: usize, column: usize| {
                    let (key, neuron) = (*keys.get(row)?, *order.get(column)?);
                    match block {
                        Block::Keys => Some(products.key(key, neuron)? / cell_limit),
                        Block::Products if numbers.sees(query, key) => {
                            Some(products.product(query, key, neuron)? / product_limit)
                        }
                        Block::Products => None,
                    }
                };
                let width = device(span.width);
                let pixels = cells.paint((width, height), rows(), order.len(), &colours.cells, value);
                body.put(pixels, width, (f64::from((span.x * ratio).round()), 0.0));
            }
            let value = |_: usize, column: usize| Some(products.query(query, *order.get(column)?)? / cell_limit);
            let strip_rows = [(0, 0..device(STRIP_HEIGHT))].into_iter();
            let pixels =
                cells.paint((strip_width, device(STRIP_HEIGHT)), strip_rows, order.len(), &colours.cells, value);
            strip.put(pixels, strip_width, (0.0, 0.0));
        });
    });
    if columns.links.width > 0.0 {
        let fan = fan(neurons, numbers, query, &window, colours);
        let width = device(columns.links.width);
        let pixels = lines.draw(&fan, width, height, ratio, LINE_THICKNESS);
        body.put(pixels, width, (f64::from((columns.links.x * ratio).round()), 0.0));
    }
}

/// Lines from the query to its keys: their opacity shows the weight, or the size of a difference.
fn fan(neurons: Neurons, numbers: &Numbers, query: usize, window: &Window, colours: &Colours) -> Vec<Line> {
    neurons.positions.with_untracked(|(queries, keys)| {
        let Ok(query_row) = queries.binary_search(&query) else { return Vec::new() };
        let query_y = window.row_middle(query_row);
        let line = |(row, &key): (usize, &usize)| {
            let weight = numbers.steps(query, key).weight?;
            let alpha = Some(weight.abs()).filter(|size| *size >= MIN_ALPHA)?;
            let colour = if numbers.is_difference() { colours.cells.at(weight.signum()) } else { colours.line };
            let key_y = window.row_middle(row);
            let is_seen = [query_y, key_y].iter().any(|y| (0.0..=window.height).contains(y));
            is_seen.then_some(Line { query, key, query_y, key_y, colour, alpha: alpha.min(1.0) })
        };
        let mut lines: Vec<Line> = keys.iter().enumerate().filter_map(line).collect();
        lines.sort_by(|one, other| one.alpha.total_cmp(&other.alpha));
        lines
    })
}

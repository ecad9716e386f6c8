//! Draws a map's thumbnails, once per frame at most.

use leptos::html::Canvas;
use leptos::prelude::*;

use super::model::{Layers, Map, shade};
use crate::protocol::Reduce;
use crate::render::{Area, Diverging, MapPainter, NEUTRAL_HUE, Ramp, Rgb, Scheme, Shade, Thumbnail};
use crate::render_web::PixelCanvas;
use crate::state::scales::options::{CellStyle, MapOptions};
use crate::ui::erased::Derived;
use crate::ui::small::next_frame::next_frame;

/// The colours of a map.
#[derive(PartialEq)]
struct Colours {
    ramp: Ramp,
    diverging: Diverging,
    ground: Rgb,
}

impl Colours {
    fn new(scheme: Scheme) -> Self {
        Self { ramp: Ramp::new(NEUTRAL_HUE, scheme), diverging: Diverging::new(scheme), ground: scheme.ground() }
    }
}

/// Draws with the next frame whenever something changes.
pub(super) fn draw_on_change(canvas: NodeRef<Canvas>, map: Map, scheme: Derived<Scheme>, pixel_ratio: RwSignal<f64>) {
    let colours = Derived::new(move || Colours::new(scheme.get()));
    let target = StoredValue::new_local(None::<(PixelCanvas, MapPainter)>);
    let shade = map.page.memo(shade);
    let draw = move || {
        let Some(Some(canvas)) = canvas.try_get_untracked() else { return };
        target.update_value(|target| {
            if target.is_none() {
                *target = PixelCanvas::new(canvas).map(|picture| (picture, MapPainter::default()));
            }
            let Some((picture, painter)) = target else { return };
            let ratio = pixel_ratio.get_untracked() as f32;
            let (width, height) = map.window.get_untracked();
            let (width, height) = ((width * ratio).round() as usize, (height * ratio).round() as usize);
            picture.begin(width, height);
            painter.begin(width, height);
            colours.with_untracked(|colours| {
                map.layers.with_untracked(|layers| {
                    map.options.with_untracked(|options| {
                        paint(painter, map, layers, options, colours, &shade.get_untracked(), ratio);
                    });
                });
            });
            picture.put(painter.pixels(), width, (0.0, 0.0));
        });
    };
    let track = move || {
        map.layers.track();
        map.options.track();
        map.numbers.track();
        map.layout.track();
        map.scroll.track();
        map.window.track();
        map.contrast.track();
        colours.track();
        shade.track();
        pixel_ratio.track();
        canvas.track();
    };
    next_frame(track, draw);
}

fn paint(
    painter: &mut MapPainter,
    map: Map,
    layers: &Layers,
    options: &MapOptions,
    colours: &Colours,
    shade: &Shade,
    ratio: f32,
) {
    let (scroll, contrast) = (map.scroll.get_untracked(), map.contrast.get_untracked());
    map.layout.with_untracked(|layout| {
        let pixels = |length: f32| (length * ratio).round();
        let (width, height) = (pixels(layout.width) as usize, pixels(layout.height) as usize);
        for row in layout.visible_rows(scroll, map.window.get_untracked().1) {
            for (column, &(layer, head)) in layout.rows[row].iter().enumerate() {
                let area = Area {
                    x: pixels(layout.cell_left(row, column)) as isize,
                    y: pixels(layout.row_top(row) - scroll) as isize,
                    width,
                    height,
                };
                if options.style == CellStyle::Number {
                    let level = map.numbers.with_untracked(|numbers| numbers.level((layer, head)));
                    let colour = |level: f32| match contrast {
                        Some(_) => colours.diverging.at(level * 2.0 - 1.0),
                        None => colours.ramp.at(level),
                    };
                    painter.fill(area, level.map_or(colours.ground, colour));
                    continue;
                }
                let Some(thumbnails) = layers.get(layer).and_then(Option::as_ref) else {
                    painter.fill(area, colours.ground);
                    continue;
                };
                let thumbnails = &thumbnails.0;
                let thumbnail = Thumbnail {
                    cells: thumbnails.head(head),
                    n_rows: thumbnails.n_rows,
                    n_columns: thumbnails.n_columns,
                    is_max: options.reduce == Reduce::Max,
                };
                match (options.style, contrast) {
                    (CellStyle::Lines, Some(contrast)) => {
                        painter.difference_lines(area, &thumbnail, &contrast, colours.ground);
                    }
                    (_, Some(contrast)) => {
                        let diverging = (&colours.diverging, colours.ground);
                        painter.differences(area, &thumbnail, diverging, &contrast, shade);
                    }
                    (CellStyle::Heat | CellStyle::Number, None) => {
                        painter.heat(area, &thumbnail, &colours.ramp, colours.ground, shade);
                    }
                    (CellStyle::Lines, None) => painter.lines(area, &thumbnail, colours.ramp.at(1.0), colours.ground),
                }
            }
        }
    });
}

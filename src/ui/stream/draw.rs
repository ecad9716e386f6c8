//! Draws the table, once per frame at most.

use leptos::html::Canvas;
use leptos::prelude::*;

use super::model::Stream;
use super::numbers::{row_name, text_of};
use crate::render::{Diverging, NEUTRAL_HUE, Ramp, Rgb, Scheme, StreamLayout, StreamScale};
use crate::render_web::{StreamCanvas, TextCell};
use crate::state::State;
use crate::trace::Side;
use crate::ui::erased::Derived;
use crate::ui::small::next_frame::next_frame;

/// From this level on, text stands on a strong colour and takes the paper's.
const STRONG: f32 = 0.55;

/// The colours of the table.
#[derive(PartialEq)]
struct Colours {
    scheme: Scheme,
    ramp: Ramp,
    diverging: Diverging,
}

/// Draws with the next frame whenever something changes.
#[allow(clippy::too_many_arguments, reason = "each is a signal that the drawing follows")]
pub(super) fn draw_on_change(
    canvas: NodeRef<Canvas>,
    stream: Stream,
    layout: Derived<StreamLayout>,
    window: Derived<(f32, f32)>,
    scroll: RwSignal<(f32, f32)>,
    scheme: Derived<Scheme>,
    pixel_ratio: RwSignal<f64>,
) {
    let colours = Derived::new(move || {
        let scheme = scheme.get();
        Colours { scheme, ramp: Ramp::new(NEUTRAL_HUE, scheme), diverging: Diverging::new(scheme) }
    });
    let target = StoredValue::new_local(None::<StreamCanvas>);
    let draw = move || {
        let Some(Some(canvas)) = canvas.try_get_untracked() else { return };
        target.update_value(|target| {
            if target.is_none() {
                *target = StreamCanvas::new(canvas);
            }
            let Some(picture) = target else { return };
            let (layout, size) = (layout.get_untracked(), window.get_untracked());
            colours.with_untracked(|colours| {
                picture.begin(size, colours.scheme.paper(), pixel_ratio.get_untracked());
                let scale = stream.scale.get_untracked();
                stream.page.peek(|state| paint(picture, state, &layout, scroll.get_untracked(), size, scale, colours));
            });
        });
    };
    let track = move || {
        stream.content.track();
        stream.scale.track();
        layout.track();
        window.track();
        scroll.track();
        colours.track();
        pixel_ratio.track();
        canvas.track();
    };
    next_frame(track, draw);
}

fn paint(
    picture: &StreamCanvas,
    state: &State,
    layout: &StreamLayout,
    scroll: (f32, f32),
    window: (f32, f32),
    scale: Option<StreamScale>,
    colours: &Colours,
) {
    let view = layout.in_view(scroll, window);
    let number = state.scales.stream.number;
    let (ink, soft, ground) = (colours.scheme.ink(), colours.scheme.soft(), colours.scheme.ground());
    for line in view.lines.clone() {
        let row = layout.line(line);
        for column in view.columns.clone() {
            let level = scale.zip(state.stream_number(number, row, column)).map(|(scale, value)| scale.level(value));
            let (ground, ink) = match (level, scale) {
                (None, _) => (ground, soft),
                (Some(level), Some(StreamScale::Difference(_))) => (colours.diverging.at(level), on(level, colours)),
                (Some(level), _) => (colours.ramp.at(level), on(level, colours)),
            };
            let text = text_of(state, row, column);
            let corner = layout.corner(line, column, scroll);
            picture.cell(&TextCell { corner, size: layout.cell, ground: Some(ground), ink, text });
        }
    }
    // Names stand over what scrolls under them.
    let paper = colours.scheme.paper();
    picture.rectangle((0.0, 0.0), (window.0, layout.header_height), paper);
    picture.rectangle((0.0, 0.0), (layout.label_width, window.1), paper);
    for line in view.lines {
        let (_, top) = layout.corner(line, 0, scroll);
        if top < layout.header_height - layout.cell.1 / 2.0 {
            continue;
        }
        let text = row_name(layout.line(line), layout.n_rows).replace("layer ", "");
        let size = (layout.label_width, layout.cell.1);
        picture.cell(&TextCell { corner: (0.0, top), size, ground: None, ink: soft, text });
    }
    let labels = state.shown.as_ref().map(|shown| shown.labels(Side::Query));
    for column in view.columns {
        let (left, _) = layout.corner(0, column, scroll);
        if left < layout.label_width - layout.cell.0 / 2.0 {
            continue;
        }
        let text = labels.and_then(|labels| labels.get(column)).map(|label| label.plain.clone()).unwrap_or_default();
        let size = (layout.cell.0, layout.header_height);
        picture.cell(&TextCell { corner: (left, 0.0), size, ground: None, ink, text });
    }
}

/// The colour of text on a level.
fn on(level: f32, colours: &Colours) -> Rgb {
    if level.abs() >= STRONG { colours.scheme.paper() } else { colours.scheme.ink() }
}

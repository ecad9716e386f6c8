//! One part of a head's scores as a map of queries and keys.

use leptos::html::Canvas;
use leptos::prelude::*;

use super::model::Neurons;
use crate::protocol::NeuronPart;
use crate::render::{CellPainter, Diverging, Scheme};
use crate::render_web::PixelCanvas;
use crate::state::{Event, SelectionEvent, TokenRef};
use crate::trace::Side;
use crate::ui::erased::{Derived, view};
use crate::ui::small::css::crisp;
use crate::ui::small::next_frame::next_frame;
use crate::ui::small::watched::device_pixel_ratio;

/// Width and height of a map, in CSS pixels.
const SIDE: f32 = 176.0;

/// One map; the queries and keys on it are those that the view shows.
#[component]
pub fn PartMap(
    neurons: Neurons,
    scheme: Derived<Scheme>,
    part: NeuronPart,
    name: &'static str,
    limit: Derived<Option<f32>>,
) -> impl IntoView {
    let node = NodeRef::<Canvas>::new();
    let pixel_ratio = device_pixel_ratio();
    let canvas = StoredValue::new_local((None::<PixelCanvas>, CellPainter::default()));
    let draw = move || {
        let Some(Some(element)) = node.try_get_untracked() else { return };
        let limit = limit.get_untracked();
        let side = (SIDE * pixel_ratio.get_untracked() as f32).round().max(1.0) as usize;
        let colours = Diverging::new(scheme.get_untracked());
        canvas.update_value(|(canvas, painter)| {
            if canvas.is_none() {
                *canvas = PixelCanvas::new(element);
            }
            let (Some(canvas), Some(limit)) = (canvas, limit) else { return };
            canvas.begin(side, side);
            neurons.numbers.with_untracked(|numbers| {
                let Some(numbers) = numbers else { return };
                neurons.positions.with_untracked(|(queries, keys)| {
                    let n_rows = queries.len().max(1);
                    let rows = (0..queries.len()).map(|row| (row, row * side / n_rows..(row + 1) * side / n_rows));
                    let value = |row: usize, column: usize| {
                        Some(numbers.change(part, *queries.get(row)?, *keys.get(column)?)? / limit)
                    };
                    canvas.put(painter.paint((side, side), rows, keys.len(), &colours, value), side, (0.0, 0.0));
                });
            });
        });
    };
    let track = move || {
        neurons.numbers.track();
        neurons.positions.track();
        limit.track();
        scheme.track();
        pixel_ratio.track();
        node.track();
    };
    next_frame(track, draw);
    let choose = move |x: f64, y: f64| {
        let at = |list: &[usize], place: f64| list.get((place / f64::from(SIDE) * list.len() as f64) as usize).copied();
        let pair = neurons.positions.with_untracked(|(queries, keys)| Some((at(queries, y)?, at(keys, x)?)));
        let Some((query, key)) = pair else { return };
        for (side, position) in [(Side::Query, query), (Side::Key, key)] {
            let token = TokenRef { side, position };
            neurons.page.dispatch(Event::Select(SelectionEvent::TokenPicked(token)));
        }
    };
    view! {
        <canvas
            node_ref=node
            role="img"
            aria-label=format!("Map of what {name} adds to the scores; the numbers of the chosen pair stand beside its neurons")
            style:width=move || crisp(SIDE, pixel_ratio.get())
            style:height=move || crisp(SIDE, pixel_ratio.get())
            on:click=move |event| choose(f64::from(event.offset_x()), f64::from(event.offset_y()))
        ></canvas>
    }
}

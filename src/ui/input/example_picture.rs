//! The small picture of an example: the pattern of its head.

use leptos::html::Canvas;
use leptos::prelude::*;

use crate::gallery::picture;
use crate::render::{NEUTRAL_HUE, Ramp, Scheme};
use crate::render_web::PixelCanvas;
use crate::ui::erased::{Derived, effect, view};

/// The heat map, one pixel a cell, enlarged by its style; the text beside it says what it is of.
#[component]
pub fn ExamplePicture(index: usize, scheme: Derived<Scheme>) -> impl IntoView {
    let node = NodeRef::<Canvas>::new();
    effect(move || {
        let ramp = Ramp::new(NEUTRAL_HUE, scheme.get());
        let (Some(canvas), Some(picture)) = (node.get(), picture(index)) else { return };
        let Some(canvas) = PixelCanvas::new(canvas) else { return };
        let pixel = |cell: &u8| {
            let [red, green, blue] = ramp.at(f32::from(*cell) / 255.0);
            [red, green, blue, u8::MAX]
        };
        let pixels: Vec<u8> = picture.cells.iter().flat_map(pixel).collect();
        canvas.begin(picture.n_rows, picture.n_rows);
        canvas.put(&pixels, picture.n_rows, (0.0, 0.0));
    });
    view! { <canvas class="example-picture" node_ref=node aria-hidden="true"></canvas> }
}

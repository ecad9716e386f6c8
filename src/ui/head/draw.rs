//! Draws the head view's canvas.

use leptos::html::Canvas;
use leptos::prelude::*;

use super::geometry::Geometry;
use super::scene::Scene;
use crate::render::{Diverging, HeadColours, NEUTRAL_HUE, Ramp, Scheme};
use crate::render_web::{Content, HeadCanvas, Picture, Ramps};
use crate::trace::AttnKind;
use crate::ui::erased::Derived;
use crate::ui::small::next_frame::next_frame;

/// Draws with the next frame whenever something changes, once per frame at most.
pub fn draw_on_change(
    canvas: NodeRef<Canvas>,
    scene: Derived<Option<Scene>>,
    colours: Derived<HeadColours>,
    scheme: Derived<Scheme>,
    Geometry { columns, panels, window, is_matrix, scroll_x, .. }: Geometry,
    pixel_ratio: RwSignal<f64>,
) {
    let ramps = ramps(scene, is_matrix, scheme);
    let target = StoredValue::new_local(None::<HeadCanvas>);
    let draw = move || {
        let Some(Some(canvas)) = canvas.try_get_untracked() else { return };
        target.update_value(|target| {
            if target.is_none() {
                *target = HeadCanvas::new(canvas);
            }
            let Some(target) = target else { return };
            let (columns, panels, ramps) = (columns.get_untracked(), panels.get_untracked(), ramps.get_untracked());
            let ink = scheme.get_untracked().ink();
            scene.with_untracked(|scene| {
                let picture = scene.as_ref().and_then(|scene| {
                    let (is_split, cells) = (scene.is_split(), ramps.as_ref().filter(|_| scene.is_matrix()));
                    let view = scene.view()?;
                    let content = Content {
                        result: scene.result.request,
                        attention: attention_number(scene.result.kind),
                        quantity: scene.quantity() as u8,
                        layer: scene.layer()?,
                        is_joined: scene.units.is_joined,
                    };
                    let (columns, panels, scroll_x) = (&columns, &panels, scroll_x.get_untracked());
                    Some(Picture { view, content, columns, panels, is_split, cells, ink, scroll_x })
                });
                colours.with_untracked(|colours| {
                    target.draw(picture.as_ref(), &window.get_untracked(), colours, pixel_ratio.get_untracked() as f32);
                });
            });
        });
    };
    let track = move || {
        scene.track();
        colours.track();
        columns.track();
        panels.track();
        ramps.track();
        scheme.track();
        window.track();
        scroll_x.track();
        pixel_ratio.track();
        canvas.track();
    };
    next_frame(track, draw);
}

/// The colours of cells, where weights are drawn as cells.
fn ramps(scene: Derived<Option<Scene>>, is_matrix: Derived<bool>, scheme: Derived<Scheme>) -> Derived<Option<Ramps>> {
    // Of a picture of the whole layer there is one, in no head's colour.
    let n_heads = Derived::new(move || {
        scene.with(|scene| scene.as_ref().filter(|scene| !scene.is_layer_wide()).map_or(0, |scene| scene.shape.n_heads))
    });
    let ramp = move |head: usize| match n_heads.get() {
        0 => Ramp::new(NEUTRAL_HUE, scheme.get()),
        n_heads => Ramp::of_head(head, n_heads, scheme.get()),
    };
    Derived::new(move || {
        is_matrix.get().then(|| Ramps {
            heads: (0..n_heads.get().max(1)).map(ramp).collect(),
            mean: Ramp::new(NEUTRAL_HUE, scheme.get()),
            difference: Diverging::new(scheme.get()),
        })
    })
}

/// A number for each attention of a model.
fn attention_number(kind: AttnKind) -> u8 {
    AttnKind::THREE.iter().position(|it| *it == kind).map_or(0, |at| at as u8 + 1)
}

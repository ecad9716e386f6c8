//! The figure that stands for the view until somebody touches it.

use leptos::html::Div;
use leptos::prelude::*;

use crate::platform::picture::element_of;
use crate::render::figure::Preset;
use crate::state::State;
use crate::ui::erased::{Derived, effect};
use crate::ui::head::scene::Scene;
use crate::ui::share::figures::{Made, Scenes, Wanted, make};
use crate::ui::shell::page::Page;

/// Draws the view as a figure into `picture` while that is in the document. The signal says whether a figure stands there.
pub fn draw_still(page: Page, scene: Derived<Option<Scene>>, picture: NodeRef<Div>) -> RwSignal<bool> {
    let is_drawn = RwSignal::new(false);
    let scenes = Scenes::new(page, scene);
    // The figure's parts, each as it arrives.
    let parts = page.memo_hover(|state| {
        let n_thumbnails = state.scales.thumbnails.layers.iter().flatten().count();
        let neurons = state.scales.neurons.head.value().map(|_| state.query_looked_into());
        (state.selection.view, n_thumbnails, neurons, state.awaits_layer())
    });
    effect(move || {
        scene.track();
        parts.get();
        let Some(place) = picture.get() else { return };
        let what = page.peek(State::on_screen).into_iter().next();
        let made = what.and_then(|what| make(page, scenes, what, Wanted::Figure(Preset::Page)));
        if let Some(Made::Figure(drawn, _)) = made
            && let Ok(figure) = element_of(&drawn.svg)
        {
            place.replace_children_with_node_1(&figure);
            is_drawn.set(true);
        }
    });
    is_drawn
}

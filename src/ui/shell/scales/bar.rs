//! The view bar: which view, which heads, which result.

use leptos::prelude::*;

use super::beside_button::BesideButton;
use super::folds::Fold;
use super::tabs::Tabs;
use crate::render::HeadColours;
use crate::state::{Column, RUNS_MODELS};
use crate::ui::erased::{Derived, view};
use crate::ui::head::head_squares::HeadSquares;
use crate::ui::head::layer_picker::LayerPicker;
use crate::ui::head::scene::Scene;
use crate::ui::palette::PaletteButton;
use crate::ui::shell::floor::Floor;
use crate::ui::shell::help_button::HelpButton;

/// The view bar, one line in a wide window.
#[component]
pub fn ScaleBar(floor: Floor, scene: Derived<Option<Scene>>, colours: Derived<HeadColours>) -> impl IntoView {
    let Floor { page, .. } = floor;
    let parts = page.parts();
    let is_awaiting = Derived::new(move || scene.with(Option::is_none));
    view! {
        <div class="scale-bar">
            <Fold floor column=Column::Rail />
            <Tabs page />
            <div class="choosing" class:awaiting=move || is_awaiting.get()>
                <LayerPicker page />
                <HeadSquares page scene colours />
                {RUNS_MODELS.then(|| parts.later(move |views| (views.edit_button)(page)))}
            </div>
            <span class="spring"></span>
            {parts.later(move |views| (views.saved_edits)(page))}
            {RUNS_MODELS.then(|| parts.later(move |views| (views.side_choice)(page)))}
            <BesideButton page />
            <PaletteButton page />
            <HelpButton page />
            <Fold floor column=Column::Inspector />
        </div>
    }
}

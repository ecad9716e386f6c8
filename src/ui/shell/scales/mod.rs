//! The view bar: which view, which heads, which result; and the views on screen.

mod breadcrumb;
mod folds;
mod tabs;
mod views;

use leptos::prelude::*;

use super::floor::Floor;
use super::help::HelpButton;
use super::page::Page;
use crate::render::HeadColours;
use crate::state::{Column, Event, LayoutChange, RUNS_MODELS, View, ViewEvent};
use crate::ui::change::edit_menu::EditButton;
use crate::ui::change::side_choice::SideChoice;
use crate::ui::erased::{Derived, view};
use crate::ui::head::head_squares::HeadSquares;
use crate::ui::head::layer_picker::LayerPicker;
use crate::ui::head::scene::Scene;
use folds::Fold;
use tabs::Tabs;

pub use breadcrumb::Breadcrumb;
pub use views::{ScaleViews, SmallMap};

/// The view bar, one line in a wide window.
#[component]
pub fn ScaleBar(floor: Floor, scene: Derived<Option<Scene>>, colours: Derived<HeadColours>) -> impl IntoView {
    let Floor { page, .. } = floor;
    let is_awaiting = Derived::new(move || scene.with(Option::is_none));
    view! {
        <div class="scale-bar">
            <Fold floor column=Column::Rail />
            <Tabs page />
            <div class="choosing" class:awaiting=move || is_awaiting.get()>
                <LayerPicker page />
                <HeadSquares page scene colours />
                {RUNS_MODELS.then(|| view! { <EditButton page /> })}
            </div>
            <span class="spring"></span>
            {RUNS_MODELS.then(|| view! { <SideChoice page /> })}
            <BesideButton page />
            <HelpButton page />
            <Fold floor column=Column::Inspector />
        </div>
    }
}

/// Puts the chosen head beside the model view, or head view and neuron view beside each other.
#[component]
fn BesideButton(page: Page) -> impl IntoView {
    let is_model = page.memo(|state| state.selection.view == View::Model);
    let is_stream = page.memo(|state| state.selection.view == View::Stream);
    let is_beside = page.memo(|state| match state.selection.view {
        View::Model => state.layout.has_head_beside,
        View::Head | View::Neuron => state.scales.is_side_by_side,
        View::Stream => false,
    });
    let press = move |_| {
        let is_on = !is_beside.get_untracked();
        page.dispatch(Event::View(match is_model.get_untracked() {
            true => ViewEvent::LayoutChanged(LayoutChange::HeadBeside(is_on)),
            false => ViewEvent::SideBySide(is_on),
        }));
    };
    view! {
        <button
            type="button"
            class="quiet beside-choice"
            class:none=move || is_stream.get()
            title=move || {
                if is_model.get() { "The chosen head beside the map" } else { "Head view and neuron view beside each other" }
            }
            aria-pressed=move || is_beside.get().to_string()
            on:click=press
        >
            {move || if is_model.get() { "Head beside" } else { "Side by side" }}
        </button>
    }
}

/// Whether a view is on screen.
pub fn is_shown(page: Page, view: View) -> Derived<bool> {
    page.memo(move |state| state.views().contains(&view))
}

/// Id of a view's panel.
pub fn panel_id(view: View) -> String {
    format!("panel-{}", view.name())
}

/// Id of a view's tab.
pub fn tab_id(view: View) -> String {
    format!("tab-{}", view.name())
}

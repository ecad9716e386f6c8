//! Links, traces and figures: sharing what is on screen, and opening a trace.

mod copy_link;
mod dialog_button;
mod drop;
mod embed;
mod export;
pub mod figures;
mod open;
mod printed;
mod save;
pub mod trace;

use leptos::prelude::*;

use crate::state::{State, View};
use crate::ui::erased::{Derived, view};
use crate::ui::head::scene::Scene;
use crate::ui::shell::page::Page;
use copy_link::CopyLink;
use drop::DropZone;
use embed::EmbedButton;
pub use embed::EmbedCode;
use export::ExportButton;
pub use export::{Export, ExportChoice};
use open::OpenButton;
pub use printed::Printed;
use save::SaveButton;
pub use save::{Save, SaveChoice};

/// The buttons at the end of the top bar; where there is no room for them, "Share" opens them.
#[component]
pub fn Tools(page: Page, scene: Derived<Option<Scene>>, is_saving: RwSignal<bool>) -> impl IntoView {
    let is_open = RwSignal::new(false);
    view! {
        <div class="tools" class:open=move || is_open.get()>
            <button
                type="button"
                class="quiet share-toggle"
                aria-expanded=move || is_open.get().to_string()
                on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
            >
                "Share"
            </button>
            <Share page scene is_saving />
        </div>
    }
}

/// The buttons, and the dialogs behind them.
#[component]
fn Share(page: Page, scene: Derived<Option<Scene>>, is_saving: RwSignal<bool>) -> impl IntoView {
    // A saved page lies on disk and has no address that others could open.
    let is_page = page.peek(|state| state.home.is_page());
    view! {
        <div class="take-along" role="group" aria-label="Share">
            <OpenButton page />
            <SaveButton page is_open=is_saving />
            <ExportButton page scene />
            {is_page.then(|| view! {
                <CopyLink page is_saving />
                <EmbedButton page scene />
            })}
        </div>
        <DropZone page />
    }
}

/// The views on screen that have something to draw.
pub fn on_screen(state: &State) -> Vec<View> {
    if state.shown.is_none() {
        return Vec::new();
    }
    let has_neurons = state.scales.neurons.head.value().is_some();
    let views = state.views().iter().copied();
    let mut views: Vec<View> =
        views.map(|view| if view == View::Neuron && !has_neurons { View::Head } else { view }).collect();
    views.dedup();
    views
}

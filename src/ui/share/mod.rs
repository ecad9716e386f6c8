//! Links, traces and figures: sharing what is on screen, and opening a trace.

mod buttons;
mod copy_link;
mod dialog_button;
mod drop;
mod embed_button;
mod embed_code;
mod export;
mod export_button;
pub mod figures;
mod open;
mod printed;
mod save;
mod save_button;
mod tools;
pub mod trace;

use crate::state::{State, View};

pub use embed_code::EmbedCode;
pub use export::{Export, ExportChoice};
pub use printed::Printed;
pub use save::{Save, SaveChoice};
pub use tools::Tools;

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

//! The neuron view's panels in the inspector.

use leptos::prelude::*;

use super::detail::NeuronDetail;
use super::model::Neurons;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The panels about the chosen pair and neuron, for the inspector.
#[component]
pub fn NeuronPanels(page: Page) -> impl IntoView {
    let neurons = Neurons::new(page);
    view! { <NeuronDetail neurons /> }
}

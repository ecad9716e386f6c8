//! Two panels under the neuron view: the neurons that matter for a pair, and one neuron's product against distance.

use leptos::prelude::*;

use super::distance_plot::DistancePlot;
use super::model::Neurons;
use super::ranking::Ranking;
use crate::ui::erased::view;

/// The two panels.
#[component]
pub fn NeuronDetail(neurons: Neurons) -> impl IntoView {
    view! {
        <div class="panels neuron-panels">
            <Ranking neurons />
            <DistancePlot neurons />
        </div>
    }
}

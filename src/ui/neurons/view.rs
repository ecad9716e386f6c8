//! The neuron view.

use leptos::prelude::*;

use super::controls::NeuronControls;
use super::detail::NeuronDetail;
use super::figure::NeuronFigure;
use super::model::Neurons;
use super::part_maps::PartMaps;
use crate::render::Scheme;
use crate::state::Home;
use crate::ui::erased::{Derived, Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// The neuron view of the chosen query, or of the last one.
#[component]
pub fn NeuronView(page: Page, scheme: Derived<Scheme>) -> impl IntoView {
    let neurons = Neurons::new(page);
    let has_result = page.memo(|state| state.shown.is_some());
    // A frame has no inspector.
    let is_alone = page.peek(|state| state.home == Home::Embed);
    let problem = page.memo(|state| state.scales.neurons.head.problem().map(str::to_owned));
    view! {
        <div class="neuron-view">
            <Show when=move || has_result.get()>
                <NeuronControls neurons />
                {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
                <NeuronFigure neurons scheme />
                <PartMaps neurons scheme />
                <Show when=move || is_alone><NeuronDetail neurons /></Show>
            </Show>
        </div>
    }
}

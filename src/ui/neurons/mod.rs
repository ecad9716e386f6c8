//! The neuron view: how one query's scores arise from the neurons of one head.

mod controls;
mod detail;
mod distance_plot;
mod draw;
mod figure;
mod geometry;
mod header;
mod key_row;
mod key_rows;
mod keys;
mod marks;
pub mod model;
mod pointer;
mod query_rows;
mod ranking;
mod readout;
mod rows;

use leptos::prelude::*;

use crate::render::Scheme;
use crate::state::Home;
use crate::ui::erased::{Derived, Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;
use controls::NeuronControls;
use detail::NeuronDetail;
use figure::NeuronFigure;
use model::Neurons;

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
                <Show when=move || is_alone><NeuronDetail neurons /></Show>
            </Show>
        </div>
    }
}

/// The panels about the chosen pair and neuron, for the inspector.
#[component]
pub fn NeuronPanels(page: Page) -> impl IntoView {
    let neurons = Neurons::new(page);
    view! { <NeuronDetail neurons /> }
}

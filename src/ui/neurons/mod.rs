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
use crate::state::View;
use crate::ui::erased::{Derived, Show, view};
use crate::ui::shell::page::Page;
use crate::ui::shell::scales::is_shown;
use crate::ui::small::problem::Problem;
use controls::NeuronControls;
use detail::NeuronDetail;
use figure::NeuronFigure;
use model::Neurons;

/// The neuron view; before a query is chosen, a hint beside the head view's figure.
#[component]
pub fn NeuronView(page: Page, scheme: Derived<Scheme>) -> impl IntoView {
    let neurons = Neurons::new(page);
    let is_open = is_open(page);
    let problem = page.memo(|state| state.scales.neurons.head.problem().map(str::to_owned));
    view! {
        <div class="neuron-view">
            <Show
                when=move || is_open.get()
                fallback=move || view! {
                    <p class="hint neuron-hint">
                        "Choose a query token: how its scores arise from single neurons opens here."
                    </p>
                }
            >
                <NeuronControls neurons />
                {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
                <NeuronFigure neurons scheme />
                <NeuronDetail neurons />
            </Show>
        </div>
    }
}

/// Whether a query is chosen, whose neurons the view then shows.
pub fn is_open(page: Page) -> Derived<bool> {
    page.memo(|state| !state.selection.queries.is_empty())
}

/// Whether the head view's figure is on screen; the neuron view shows it too, until a query is chosen.
pub fn shows_head(page: Page) -> Derived<bool> {
    let (is_head, is_neuron, is_open) = (is_shown(page, View::Head), is_shown(page, View::Neuron), is_open(page));
    Derived::new(move || is_head.get() || is_neuron.get() && !is_open.get())
}

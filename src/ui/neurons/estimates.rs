//! Over the neurons: what zeroing or patching each of the query and of the key would do to the outcome, estimated by gradients.

use leptos::prelude::*;

use super::header::shown_block;
use super::model::Neurons;
use crate::render::NeuronColumns;
use crate::state::wording;
use crate::ui::erased::{Derived, view};
use crate::ui::small::css::px;

/// A row of coloured cells each for the head's query and key neurons, where they are ranked under “Matters”.
#[component]
pub fn NeuronEstimates(neurons: Neurons, columns: Derived<NeuronColumns>) -> impl IntoView {
    let Neurons { page, order, .. } = neurons;
    let found = page.memo(|state| state.estimated_neurons().map(|both| both.map(<[f32]>::to_vec)));
    let row = move |name: &'static str, values: Vec<f32>, largest: f32| {
        let cell = move |(column, n): (usize, usize), neuron: usize, value: f32| {
            let (is_more, is_less) = (value > 0.0, value < 0.0);
            let strength = format!("{:.1}%", 100.0 * value.abs() / largest);
            let title = format!("{name} neuron {neuron}: estimated effect {}", wording::short_change(value));
            let span = move || columns.with(|columns| columns.cell(shown_block(columns), column, n));
            view! {
                <span
                    class="coloured"
                    class:positive=is_more
                    class:negative=is_less
                    title=title
                    style:--strength=strength
                    style:left=move || px(span().x)
                    style:width=move || px((span().width - 0.5).max(0.5))
                ></span>
            }
        };
        let cells = move || {
            order.with(|order| {
                let known = |(column, neuron): (usize, &usize)| {
                    Some(cell((column, order.len()), *neuron, *values.get(*neuron)?))
                };
                order.iter().enumerate().filter_map(known).collect_view()
            })
        };
        let left = move || px(columns.with(|columns| (columns.block(shown_block(columns)).x - 8.0).max(0.0)));
        view! { <div class="estimate-row"><span class="estimate-name" style:width=left>{name}</span>{cells}</div> }
    };
    view! {
        {move || found.get().map(|[queries, keys]| {
            let largest = queries.iter().chain(&keys).map(|value| value.abs()).fold(f32::MIN_POSITIVE, f32::max);
            let ends = [-largest, largest].map(wording::short_change);
            let label = format!("Estimated effects of the head’s neurons, from {} to {}", ends[0], ends[1]);
            view! {
                <div class="neuron-estimates" role="img" aria-label=label.clone() title=label>
                    {row("query", queries, largest)}
                    {row("key", keys, largest)}
                </div>
            }
        })}
    }
}

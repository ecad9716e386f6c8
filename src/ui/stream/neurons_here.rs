//! The neurons of the MLP at the chosen cell: those that add most, or those with the largest direct effect on the outcome.

use leptos::prelude::*;

use super::model::Stream;
use crate::state::stream::numbers::{Component, DirectNumbers};
use crate::state::stream::written::{NeuronRow, WrittenNumbers};
use crate::state::{Event, StreamEvent, wording};
use crate::trace::numeral::two_decimals;
use crate::ui::erased::{Derived, view};
use crate::ui::numbers::mlp_neuron::NeuronPage;
use crate::ui::numbers::parts_table::parts_table;
use crate::ui::small::radio_group::RadioGroup;
use crate::ui::small::same::Same;

/// How many neurons are listed.
const N_LISTED: usize = 10;

/// The list, and the page of the neuron that is opened from it.
#[component]
pub fn NeuronsHere(stream: Stream, written: Derived<Option<Same<WrittenNumbers>>>) -> impl IntoView {
    let page = stream.page;
    let by_effect = page.memo(|state| state.stream.opened.by_effect);
    let direct = page.memo(|state| state.stream.direct.value().cloned().map(Same));
    let problem = page.memo(|state| state.direct_problem());
    let choose = move |by_effect: bool| page.dispatch(Event::Stream(StreamEvent::NeuronsByEffect(by_effect)));
    let list = move || {
        let written = written.get()?;
        let (layer, position) = (written.0.layer, written.0.position);
        if written.0.neurons.is_empty() {
            return None;
        }
        Some(match (by_effect.get(), direct.get()) {
            (false, _) => by_norm(stream, layer, &written.0.neurons),
            (true, Some(direct)) if direct.0.position == position => of_effect(stream, layer, &direct.0),
            (true, Some(direct)) => {
                let at = direct.0.position;
                view! { <p class="hint">{format!("Direct effects are those at position {at}, where the outcome is read: choose a cell there.")}</p> }
                    .into_any()
            }
            (true, None) => {
                let message = problem.get().unwrap_or_else(|| "Loading …".to_owned());
                view! { <p class="hint">{message}</p> }.into_any()
            }
        })
    };
    view! {
        <section class="panel neurons-here" aria-label="Neurons of the MLP at the chosen cell" class:none=move || written.with(Option::is_none)>
            <h3>"Neurons of the MLP"</h3>
            <RadioGroup
                name="mlp-neurons-order"
                label="Largest"
                options=vec![(false, "norm".to_owned()), (true, "direct effect".to_owned())]
                picked=move || Some(by_effect.get())
                pick=choose
            />
            {list}
        </section>
        <NeuronPage page />
    }
}

fn by_norm(stream: Stream, layer: usize, neurons: &[NeuronRow]) -> AnyView {
    let is_gated = neurons.iter().any(|neuron| neuron.linear.is_some());
    let row = |row: &NeuronRow| {
        view! {
            <tr>
                <th scope="row">{opener(stream, layer, row.neuron as usize)}</th>
                <td class="number">{format!("{:.2}", row.norm)}</td>
                <td class="number">{two_decimals(row.activation)}</td>
                <td class="number">{two_decimals(row.pre)}</td>
                {row.linear.map(|linear| view! { <td class="number">{two_decimals(linear)}</td> })}
            </tr>
        }
    };
    let columns: &[&'static str] =
        if is_gated { &["Neuron", "Norm", "Product", "Gate", "Up"] } else { &["Neuron", "Norm", "After", "Before"] };
    parts_table("Neurons that add most", columns.iter().copied(), neurons.iter().map(row))
}

fn of_effect(stream: Stream, layer: usize, direct: &DirectNumbers) -> AnyView {
    let effects = direct.parts_of(Component::Mlp(layer));
    let mut order: Vec<usize> = (0..effects.len()).collect();
    order.sort_by(|a, b| effects[*b].abs().total_cmp(&effects[*a].abs()));
    let row = |neuron: usize| {
        view! {
            <tr>
                <th scope="row">{opener(stream, layer, neuron)}</th>
                <td class="number">{wording::short_change(effects[neuron])}</td>
            </tr>
        }
    };
    let rows = order.into_iter().take(N_LISTED).map(row);
    parts_table("Neurons with the largest direct effect", ["Neuron", "Direct effect"], rows)
}

/// Opens a neuron's page.
fn opener(stream: Stream, layer: usize, neuron: usize) -> AnyView {
    let open = move |_| stream.page.dispatch(Event::Stream(StreamEvent::NeuronOpened(Some((layer, neuron)))));
    view! { <button type="button" class="link" on:click=open>{format!("neuron {neuron}")}</button> }.into_any()
}

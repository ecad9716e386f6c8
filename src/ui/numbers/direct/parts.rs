//! What one component is made of: a head by the tokens that it reads, an MLP by its neurons.

use leptos::prelude::*;

use crate::state::stream::numbers::{Component, DirectNumbers};
use crate::state::{Event, State, StreamEvent, wording};
use crate::trace::{AttnKind, Side};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// How many parts are listed.
const N_PARTS: usize = 10;

/// The largest parts of a component with their names, and the share that is listed.
pub fn parts(page: Page, numbers: &DirectNumbers, component: Component) -> AnyView {
    let values = numbers.parts_of(component);
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].abs().total_cmp(&values[*a].abs()));
    order.truncate(N_PARTS);
    let named = |index: usize| (index, page.peek(|state| (name(state, component, index), values[index])));
    let row = |(index, (name, value)): (usize, (String, f32))| {
        let open = move |neuron| page.dispatch(Event::Stream(StreamEvent::NeuronOpened(Some(neuron))));
        let name = match component {
            Component::Mlp(layer) => {
                view! { <button type="button" class="link" on:click=move |_| open((layer, index))>{name}</button> }
            }
            _ => view! { <bdi class="name">{name}</bdi> },
        };
        view! {
            <li>
                {name}
                " "
                <span class="number">{wording::short_change(value)}</span>
            </li>
        }
    };
    view! { <ul class="direct-parts">{order.into_iter().map(named).map(row).collect_view()}</ul> }.into_any()
}

/// What a part of a component is called.
fn name(state: &State, component: Component, index: usize) -> String {
    let label = |side: Side, kind: AttnKind| {
        let shown = state.shown.as_ref()?;
        let labels =
            if shown.kind == kind || kind == AttnKind::ONLY { shown.labels(side) } else { shown.predicting().1 };
        labels.get(index).map(|label| label.plain.clone())
    };
    match component {
        Component::Mlp(_) => format!("neuron {index}"),
        Component::CrossHead(..) => label(Side::Key, AttnKind::CROSS).unwrap_or_else(|| index.to_string()),
        _ => label(Side::Query, AttnKind::ONLY).unwrap_or_else(|| index.to_string()),
    }
}

//! The controls of the neuron view: the query, the order of neurons, before or after rotation, and what a narrow screen shows.

use leptos::prelude::*;

use super::model::Neurons;
use crate::protocol::NeuronPart;
use crate::state::scales::options::{NeuronOptions, NeuronOrder};
use crate::state::{Event, SelectionEvent, State, ViewEvent};
use crate::trace::Side;
use crate::ui::erased::{Derived, view};
use crate::ui::small::radio_group::RadioGroup;
use crate::ui::small::tick::Tick;

/// The controls above the figure.
#[component]
pub fn NeuronControls(neurons: Neurons) -> impl IntoView {
    let Neurons { page, numbers, options, positions, .. } = neurons;
    let change = move |change: &dyn Fn(&mut NeuronOptions)| {
        let mut changed = options.get_untracked();
        change(&mut changed);
        page.dispatch(Event::View(ViewEvent::NeuronChanged(changed)));
    };
    let chosen = page.memo(State::query_chosen);
    let query = move |position: usize| {
        view! {
            <option value=position.to_string() prop:selected=move || chosen.get() == Some(position)>
                {format!("{position}: {}", neurons.plain(Side::Query, position))}
            </option>
        }
    };
    // Only where something, such as a rotation, changes q or k after the projection.
    let is_rotated = Derived::new(move || {
        numbers.with(|numbers| {
            numbers.as_ref().is_some_and(|numbers| {
                let part = |part| numbers.head.0.part(part);
                part(NeuronPart::Queries) != part(NeuronPart::PlainQueries)
                    || part(NeuronPart::Keys) != part(NeuronPart::PlainKeys)
            })
        })
    });
    let sharing = Derived::new(move || {
        numbers.with(|numbers| {
            let (first, end) = numbers.as_ref()?.head.0.numbers.sharing_heads;
            (end > first + 1).then(|| format!("Heads {first} to {} share these keys and values", end - 1))
        })
    });
    view! {
        <div class="controls neuron-controls">
            <div class="control">
                <label for=page.id("neuron-query")>"Query"</label>
                <select
                    id=page.id("neuron-query")
                    on:change:target=move |event| {
                        if let Ok(position) = event.target().value().parse() {
                            page.dispatch(Event::Select(SelectionEvent::QueryOpened(position)));
                        }
                    }
                >
                    {move || {
                        neurons.looked.track();
                        positions.with(|(queries, _)| queries.iter().copied().map(query).collect_view())
                    }}
                </select>
            </div>
            <RadioGroup
                name="neuron-order"
                label="Sort by"
                spoken="Neurons sorted by"
                options=NeuronOrder::EACH.map(|order| (order, order.label().to_owned())).to_vec()
                picked=move || Some(options.get().order)
                pick=move |order| change(&|options| options.order = order)
            />
            <Tick
                name="before rotation"
                is_on=Signal::derive(move || options.get().is_plain)
                is_hidden=Signal::derive(move || !is_rotated.get())
                change=move |is_plain| change(&|options| options.is_plain = is_plain)
            />
            <Tick
                name="keys instead of products"
                class="tick for-narrow"
                is_on=Signal::derive(move || options.get().shows_keys)
                change=move |shows_keys| change(&|options| options.shows_keys = shows_keys)
            />
            <span class="label">{move || sharing.get()}</span>
        </div>
    }
}

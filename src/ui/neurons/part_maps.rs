//! What a head's scores are the sum of in disentangled attention: a map of queries and keys for each part, in one scale.

use leptos::prelude::*;

use super::model::{Neurons, Numbers, PART_NAMES, short};
use super::part_map::PartMap;
use crate::protocol::NeuronPart;
use crate::render::{Scheme, limit_of};
use crate::ui::erased::{Derived, view};

/// The maps; nothing in models whose scores have no such parts.
#[component]
pub fn PartMaps(neurons: Neurons, scheme: Derived<Scheme>) -> impl IntoView {
    let limit = Derived::new(move || neurons.numbers.with(|numbers| numbers.as_ref().and_then(limit_of_parts)));
    let map = move |(part, name): (NeuronPart, &'static str)| {
        let is_there =
            Derived::new(move || neurons.numbers.with(|numbers| numbers.as_ref().is_some_and(|one| one.has(part))));
        view! {
            <figure class:none=move || !is_there.get()>
                <PartMap neurons scheme part name limit />
                <figcaption>{name}</figcaption>
            </figure>
        }
    };
    let ends = move || limit.get().map(|limit| [-limit, limit].map(short)).unwrap_or_default();
    view! {
        <section class="part-maps" aria-label="Parts of the scores" class:none=move || limit.get().is_none()>
            {NeuronPart::OF_SCORES.into_iter().zip(PART_NAMES).map(map).collect_view()}
            <p class="hint">
                "The score of a query (row) and a key (column) is the sum of these. Click a cell to choose the pair."
            </p>
            <span class="line-scale">
                <span>"≤ " {move || ends()[0].clone()}</span>
                <span class="ramp diverging"></span>
                <span>"≥ " {move || ends()[1].clone()}</span>
            </span>
        </section>
    }
}

/// The size at which the colours of all maps end; `None` without parts.
fn limit_of_parts(numbers: &Numbers) -> Option<f32> {
    let (n_query, n_key) = numbers.sizes();
    let parts = NeuronPart::OF_SCORES.into_iter().filter(|part| numbers.has(*part));
    let pairs = (0..n_query).flat_map(|query| (0..n_key).map(move |key| (query, key)));
    let values: Vec<f32> =
        parts.flat_map(|part| pairs.clone().filter_map(move |(query, key)| numbers.change(part, query, key))).collect();
    (!values.is_empty()).then(|| limit_of(values.into_iter()))
}

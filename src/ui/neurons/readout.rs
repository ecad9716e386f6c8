//! Below the figure: the numbers of one cell, the colour scales, and the keys.

use leptos::prelude::*;

use super::model::{Neurons, short, weight};
use crate::state::wording;
use crate::trace::Side;
use crate::trace::numeral::with_minus;
use crate::ui::erased::{Derived, view};

/// The numbers of the marked neuron for the query and the key shown, and what colours and keys mean.
#[component]
pub fn CellReadout(neurons: Neurons) -> impl IntoView {
    let text = Derived::new(move || {
        let (query, key, neuron) = (neurons.query.get()?, neurons.key.get()?, neurons.neuron.get());
        neurons.numbers.with(|numbers| {
            let numbers = numbers.as_ref()?;
            let products = numbers.products();
            let names = format!("{} → {}", neurons.name(Side::Query, query), neurons.name(Side::Key, key));
            let Some(neuron) = neuron else { return Some(names) };
            let (q, k) = (products.query(query, neuron)?, products.key(key, neuron)?);
            let product = products.product(query, key, neuron)?;
            if numbers.is_difference() {
                let [q, k, product] = [q, k, product].map(wording::short_change);
                return Some(format!("{names} · change of neuron {neuron}: q {q} · k {k} · product {product}"));
            }
            let dot = products.dot(query, key);
            let share = match dot.abs() > 1e-6 {
                true => format!(", {}% of q·k", with_minus(&format!("{:.1}", product / dot * 100.0))),
                false => String::new(),
            };
            let [q, k, product] = [q, k, product].map(weight);
            if !numbers.sees(query, key) {
                return Some(format!("{names} · neuron {neuron}: q {q}, k {k}; the mask hides this key"));
            }
            Some(format!("{names} · neuron {neuron}: q {q} · k {k} = {product}{share}"))
        })
    });
    let scales = Derived::new(move || {
        neurons.numbers.with(|numbers| {
            let numbers = numbers.as_ref()?;
            let scale = numbers.head.0.numbers.attn_scale;
            let scale = scale.map(|scale| format!("s = attn_scale = {scale:.4}")).unwrap_or_default();
            let missing: Vec<String> =
                numbers.head.0.numbers.missing.iter().map(|(_, reason)| reason.clone()).collect();
            let scale = if numbers.is_difference() { "All numbers are changes".to_owned() } else { scale };
            Some((numbers.limits, scale, missing))
        })
    });
    let scale = move |name: &'static str, limit: f32| {
        view! {
            <span class="line-scale">
                <span>{name}</span>
                <span>"≤ " {short(-limit)}</span>
                <span class="ramp diverging"></span>
                <span>"≥ " {short(limit)}</span>
            </span>
        }
    };
    view! {
        <p class="readout" class:idle=move || text.with(Option::is_none)>
            {move || text.get().unwrap_or_else(|| "Hover a cell for its numbers".to_owned())}
        </p>
        <div class="legend">
            {move || scales.get().map(|((cells, products), factor, missing)| view! {
                {scale("q, k", cells)}
                {scale("q·k per neuron", products)}
                <span>{factor}</span>
                {missing.into_iter().take(1).map(|reason| view! { <span>{reason}</span> }).collect_view()}
            })}
        </div>
    }
}

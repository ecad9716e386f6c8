//! The neurons that matter for a pair.

use leptos::prelude::*;

use super::model::{Neurons, short, sum_of};
use crate::render::descending;
use crate::state::editing::offers::Target;
use crate::state::{Event, SelectionEvent};
use crate::trace::Side;
use crate::trace::numeral::with_minus;
use crate::ui::change::edit_menu::{open_at_event, open_at_key};
use crate::ui::erased::{Derived, view};

/// The number of neurons listed from each end of the ranking.
const N_LISTED: usize = 5;

/// The neurons that add most to the pair's score, and those that take most away.
#[component]
pub fn Ranking(neurons: Neurons) -> impl IntoView {
    let page = neurons.page;
    let listed = Derived::new(move || {
        let (query, key) = (neurons.query.get()?, neurons.key.get()?);
        neurons.numbers.with(|numbers| {
            let numbers = numbers.as_ref().filter(|numbers| numbers.sees(query, key))?;
            let products: Vec<f32> = numbers.products().pair(query, key).collect();
            let dot: f32 = products.iter().sum();
            let order = descending(&products);
            let n_last = order.len().saturating_sub(N_LISTED).min(N_LISTED);
            let ends = order.iter().take(N_LISTED).chain(order.iter().skip(order.len() - n_last));
            let rows: Vec<(usize, f32)> = ends.map(|&neuron| (neuron, products[neuron])).collect();
            let prefix = if numbers.is_difference() { "Change, " } else { "" };
            let pair = format!("{prefix}{} → {}", neurons.name(Side::Query, query), neurons.name(Side::Key, key));
            Some((pair, dot, rows))
        })
    });
    let parts = Derived::new(move || {
        let (query, key) = (neurons.query.get()?, neurons.key.get()?);
        neurons.numbers.with(|numbers| {
            let numbers = numbers.as_ref()?;
            let (parts, score) = (numbers.parts_of_score(query, key), numbers.steps(query, key).score?);
            (!parts.is_empty()).then(|| format!("Score {} = {}", short(score), sum_of(&parts)))
        })
    });
    let target = move |neuron: usize| {
        let target = page.peek(|state| state.selected_target());
        Some(Target { neuron: Some(neuron), query: None, key: None, ..target })
    };
    let row = move |neuron: usize, product: f32, dot: f32, largest: f32| {
        // A product of 0, or a change of 0, has no shares.
        let share = match dot.abs() > 1e-6 {
            true => with_minus(&format!("{:.0}%", product / dot * 100.0)),
            false => "–".to_owned(),
        };
        let width = format!("{:.1}%", product.abs() / largest.max(f32::MIN_POSITIVE) * 100.0);
        view! {
            <tr>
                <td>
                    <button
                        type="button"
                        class="link"
                        title="Pin this neuron; press E or right-click to edit it"
                        on:contextmenu=move |event| {
                            if let Some(target) = target(neuron) {
                                open_at_event(page, &event, target);
                            }
                        }
                        on:keydown=move |event| _ = open_at_key(page, &event, || target(neuron))
                        on:click=move |_| page.dispatch(Event::Select(SelectionEvent::NeuronToggled(neuron)))
                    >
                        {format!("neuron {neuron}")}
                    </button>
                </td>
                <td class="bar-room">
                    <span class="product-bar" class:negative=product < 0.0 style:width=width></span>
                </td>
                <td class="number-cell">{short(product)}</td>
                <td class="number-cell">{share}</td>
            </tr>
        }
    };
    view! {
        <section class="panel ranking" aria-label="Neurons of the pair">
            <h2>
                <span>
                    {move || match listed.get() {
                        Some((names, dot, _)) => format!("{names}: q·k = {}", short(dot)),
                        None => "Neurons of the pair".to_owned(),
                    }}
                </span>
            </h2>
            {move || parts.get().map(|parts| view! { <p class="score-parts">{parts}</p> })}
            <table>
                <thead class="only-spoken">
                    <tr>
                        <th scope="col">"Neuron"</th>
                        <th scope="col">"Size"</th>
                        <th scope="col">"q·k of the neuron"</th>
                        <th scope="col">"Share of q·k"</th>
                    </tr>
                </thead>
                <tbody>
                    {move || listed.get().map(|(_, dot, rows)| {
                        let largest = rows.iter().map(|(_, product)| product.abs()).fold(0.0, f32::max);
                        rows.into_iter().map(|(neuron, product)| row(neuron, product, dot, largest)).collect_view()
                    })}
                </tbody>
            </table>
        </section>
    }
}

//! Beside the figure: the neurons that matter for the pair, and one neuron's product against distance.

use leptos::prelude::*;

use super::model::{Neurons, short};
use crate::render::descending;
use crate::state::editing::offers::Target;
use crate::state::{Event, ScaleEvent, Shown};
use crate::trace::Side;
use crate::ui::change::edit_menu::{open_at_event, open_at_key};
use crate::ui::erased::{Derived, view};

/// How many neurons are listed from either end.
const N_LISTED: usize = 5;

/// Two panels below the figure.
#[component]
pub fn NeuronDetail(neurons: Neurons) -> impl IntoView {
    view! {
        <div class="panels neuron-panels">
            <Ranking neurons />
            <DistancePlot neurons />
        </div>
    }
}

/// The neurons that add most to the score of the pair, and those that take most away.
#[component]
fn Ranking(neurons: Neurons) -> impl IntoView {
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
            let prefix = if numbers.is_difference() { "B − A, " } else { "" };
            let pair = format!("{prefix}{} → {}", neurons.plain(Side::Query, query), neurons.plain(Side::Key, key));
            Some((pair, dot, rows))
        })
    });
    let target = move |neuron: usize| {
        let target = page.peek(|state| state.selected_target());
        Some(Target { neuron: Some(neuron), query: None, key: None, ..target })
    };
    let row = move |neuron: usize, product: f32, dot: f32, largest: f32| {
        // Where the product is nothing, or hardly changes, there are no shares of it.
        let share = match dot.abs() > 1e-6 {
            true => format!("{:.0}%", product / dot * 100.0).replace('-', "−"),
            false => "–".to_owned(),
        };
        let width = format!("{:.1}%", product.abs() / largest.max(f32::MIN_POSITIVE) * 100.0);
        view! {
            <tr>
                <td>
                    <button
                        type="button"
                        class="link"
                        title="Keep this neuron marked; E or right click edits it"
                        on:contextmenu=move |event| {
                            if let Some(target) = target(neuron) {
                                open_at_event(page, &event, target);
                            }
                        }
                        on:keydown=move |event| _ = open_at_key(page, &event, || target(neuron))
                        on:click=move |_| page.dispatch(Event::Scale(ScaleEvent::NeuronToggled(neuron)))
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

/// Size of the plot, in its own units.
const WIDTH: f32 = 440.0;
const HEIGHT: f32 = 150.0;
/// Room for the numbers at its left and bottom.
const LEFT: f32 = 44.0;
const BOTTOM: f32 = 22.0;

/// What the marked neuron adds to the product, by how far the key is before the query.
#[component]
fn DistancePlot(neurons: Neurons) -> impl IntoView {
    let points = Derived::new(move || {
        let neuron = neurons.neuron.get()?;
        neurons.numbers.with(|numbers| {
            let numbers = numbers.as_ref()?;
            let points = numbers.products().by_distance(neuron, |query, key| numbers.sees(query, key));
            (points.len() > 1).then_some((neuron, points))
        })
    });
    let title = move || match points.get() {
        Some((neuron, _)) => format!("Neuron {neuron}: its product by distance"),
        None => "Product by distance".to_owned(),
    };
    // Positions of a source and a target have no distance.
    let is_square = neurons.page.memo(|state| state.shown.as_ref().is_none_or(Shown::has_same_tokens));
    view! {
        <section class="panel distance" aria-label="Product by distance" class:none=move || !is_square.get()>
            <h2><span>{title}</span></h2>
            {move || match points.get() {
                Some((_, points)) => plot(&points).into_any(),
                None => view! { <p class="hint">"Point at a neuron to see how its product falls with distance."</p> },
            }}
        </section>
    }
}

fn plot(points: &[(isize, f32)]) -> impl IntoView + use<> {
    let (first, last) = (points.first().map_or(0, |point| point.0), points.last().map_or(0, |point| point.0));
    let lowest = points.iter().map(|point| point.1).fold(0.0, f32::min);
    let highest = points.iter().map(|point| point.1).fold(0.0, f32::max);
    let range = (highest - lowest).max(f32::MIN_POSITIVE);
    let x = |distance: isize| LEFT + (distance - first) as f32 / (last - first).max(1) as f32 * (WIDTH - LEFT - 8.0);
    let y = |value: f32| 8.0 + (highest - value) / range * (HEIGHT - BOTTOM - 8.0);
    let line: String = points.iter().map(|&(distance, value)| format!("{:.1},{:.1} ", x(distance), y(value))).collect();
    let dots = (points.len() <= 64).then(|| {
        let dot = |&(distance, value): &(isize, f32)| {
            let title = format!("distance {distance}: {}", short(value));
            view! { <circle cx=x(distance) cy=y(value) r="2.5"><title>{title}</title></circle> }
        };
        points.iter().map(dot).collect_view()
    });
    let tick = |value: f32| {
        view! { <text x=LEFT - 6.0 y=y(value) dy="0.32em" text-anchor="end">{short(value)}</text> }
    };
    let distance = |distance: isize, anchor: &'static str| {
        let text = distance.to_string().replace('-', "−");
        view! { <text x=x(distance) y=HEIGHT - 4.0 text-anchor=anchor>{text}</text> }
    };
    let zero = (first < 0).then(|| distance(0, "middle"));
    view! {
        <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label="Mean product by distance">
            <line class="axis" x1=LEFT x2=WIDTH - 8.0 y1=y(0.0) y2=y(0.0) />
            <polyline points=line />
            {dots}
            {(highest > 0.0).then(|| tick(highest))}
            {tick(0.0)}
            {(lowest < 0.0).then(|| tick(lowest))}
            {distance(first, "start")}
            {zero}
            {distance(last, "end")}
        </svg>
        <p class="hint">"Mean of the neuron’s product over all pairs; distance: how many tokens the key is before the query."</p>
    }
}

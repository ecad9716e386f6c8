//! One neuron's product against distance.

use leptos::prelude::*;

use super::model::{Neurons, short};
use crate::state::Shown;
use crate::trace::numeral::with_minus;
use crate::ui::erased::{Derived, view};

/// Size of the plot, in its own units.
const WIDTH: f32 = 440.0;
const HEIGHT: f32 = 150.0;
/// Room for the numbers left of the plot and below it.
const LEFT: f32 = 44.0;
const BOTTOM: f32 = 22.0;

/// The marked neuron's part of q·k, by how far the key stands before the query.
#[component]
pub fn DistancePlot(neurons: Neurons) -> impl IntoView {
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
    // A position in the source has no distance to one in the target.
    let is_square = neurons.page.memo(|state| state.shown.as_ref().is_none_or(Shown::has_same_tokens));
    view! {
        <section class="panel distance" aria-label="Product by distance" class:none=move || !is_square.get()>
            <h2><span>{title}</span></h2>
            {move || match points.get() {
                Some((_, points)) => plot(&points).into_any(),
                None => view! { <p class="hint">"Hover a neuron to see how its product falls with distance."</p> },
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
        let text = with_minus(&distance.to_string());
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

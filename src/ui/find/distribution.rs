//! How the numbers of the chosen head are spread over rows.

use leptos::prelude::*;

use super::chosen;
use crate::state::find::Search;
use crate::state::find::words::number;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// Bars of the histogram.
const N_BARS: usize = 24;
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 120.0;

/// How many rows have a number in each part of the range; where labels are told apart, those with the positive one apart.
#[derive(Clone, PartialEq)]
struct Spread {
    low: f64,
    high: f64,
    /// Rows with the positive label, or all; then those with the other one.
    counts: [Vec<usize>; 2],
    has_labels: bool,
    n: usize,
}

/// A histogram.
#[component]
pub fn Distribution(page: Page) -> impl IntoView {
    let chosen = chosen(page);
    let spread = Derived::new(move || chosen.get().and_then(|(search, head)| spread(&search, head)));
    view! {
        <figure class="find-plot">
            <figcaption>{move || spread.get().map(|spread| caption(&spread))}</figcaption>
            {move || spread.get().map(drawn)}
        </figure>
    }
}

fn caption(spread: &Spread) -> String {
    let over =
        if spread.has_labels { "upwards the positive label, downwards the other" } else { "one row or pair each" };
    format!(
        "Distribution over {} rows or pairs, from {} to {}: {over}",
        spread.n,
        number(spread.low),
        number(spread.high)
    )
}

fn spread(search: &Search, head: usize) -> Option<Spread> {
    let units = search.units();
    let has_labels = search.form.is_area;
    let labels = search.labels(&units);
    let mut values: Vec<(f64, bool)> = units.iter().map(|unit| search.value(*unit, head)).zip(labels).collect();
    values.retain(|(value, _)| value.is_finite());
    let low = values.iter().map(|(value, _)| *value).fold(f64::INFINITY, f64::min);
    let high = values.iter().map(|(value, _)| *value).fold(f64::NEG_INFINITY, f64::max);
    let mut counts = [vec![0; N_BARS], vec![0; N_BARS]];
    for (value, is_positive) in &values {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        let bar = ((share * N_BARS as f64) as usize).min(N_BARS - 1);
        counts[usize::from(has_labels && !is_positive)][bar] += 1;
    }
    (!values.is_empty()).then_some(Spread { low, high, counts, has_labels, n: values.len() })
}

fn drawn(Spread { low, high, counts, has_labels, .. }: Spread) -> AnyView {
    let most = counts.iter().flatten().copied().max().unwrap_or(1).max(1) as f64;
    let (base, room) = if has_labels { (HEIGHT / 2.0, HEIGHT / 2.0) } else { (HEIGHT, HEIGHT) };
    let width = WIDTH / N_BARS as f64;
    let bars = |side: usize, class: &'static str| {
        let bar = |(bar, count): (usize, &usize)| {
            let height = *count as f64 / most * room;
            let top = if side == 0 { base - height } else { base };
            let left = bar as f64 * width;
            view! { <rect class=class x=left y=top width=width - 1.0 height=height></rect> }
        };
        counts[side].iter().enumerate().map(bar).collect_view()
    };
    let zero = (low < 0.0 && high > 0.0).then(|| {
        let x = -low / (high - low) * WIDTH;
        view! { <line class="axis" x1=x x2=x y1="0" y2=HEIGHT /> }
    });
    view! {
        <svg viewBox=format!("0 0 {WIDTH} {}", HEIGHT + 18.0) role="img" aria-label="Histogram">
            {bars(0, "bar-positive")}
            {bars(1, "bar-negative")}
            <line class="axis" x1="0" x2=WIDTH y1=base y2=base />
            {zero}
            <text x="0" y=HEIGHT + 14.0>{number(low)}</text>
            <text x=WIDTH y=HEIGHT + 14.0 text-anchor="end">{number(high)}</text>
        </svg>
    }
}

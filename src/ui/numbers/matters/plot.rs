//! Estimates against exact effects, a point for each part that was tried.

use leptos::prelude::*;

use crate::render::figure::{Caption, Draw, ScatterFigure};
use crate::render::scatter::{ScatterPoint, ScatterScale};
use crate::state::matters::{Listed, ListedPart};
use crate::state::{CaptionText, State, wording};
use crate::ui::erased::view;

/// Side of the plot, in its own units.
const SIDE: f32 = 240.0;
/// Room for the numbers left of the plot and below it.
const LEFT: f32 = 48.0;
const BOTTOM: f32 = 32.0;

const DRAWN: &str = "Filled: the largest; rings: drawn at random. On the diagonal the estimate is right.";
const ALL: &str = "A point for each head, M with the edit minus M. On the diagonal the estimate is right.";

/// The points of what was tried.
pub fn points(listed: &Listed) -> Vec<ScatterPoint> {
    let point = |is_drawn: bool| {
        move |part: &ListedPart| {
            let (name, estimate) = (part.name.clone(), part.estimate);
            part.exact.map(|exact| ScatterPoint { name, estimate, exact, is_drawn })
        }
    };
    let drawn = &listed.drawn;
    // Some of those drawn stand in the list of the largest too.
    let is_drawn = |part: &&ListedPart| drawn.iter().any(|other| other.part == part.part);
    let largest = listed.largest.iter().filter(|part| !is_drawn(part));
    drawn.iter().filter_map(point(true)).chain(largest.filter_map(point(false))).collect()
}

/// The plot.
pub fn plot(points: &[ScatterPoint]) -> AnyView {
    let scale = ScatterScale::of(points);
    let x = move |value: f32| LEFT + scale.share(value) * SIDE;
    let y = move |value: f32| 4.0 + (1.0 - scale.share(value)) * SIDE;
    let dot = |point: &ScatterPoint| {
        let ScatterPoint { name, estimate, exact, is_drawn } = point.clone();
        let title =
            format!("{name}: estimate {}, exact {}", wording::short_change(estimate), wording::short_change(exact));
        view! {
            <circle class:drawn=is_drawn cx=x(estimate) cy=y(exact) r="3.5"><title>{title}</title></circle>
        }
    };
    let has_drawn = points.iter().any(|point| point.is_drawn);
    let label = format!(
        "Estimate against exact effect of {}, from {} to {}",
        wording::count(points.len(), "part"),
        wording::short_change(scale.low),
        wording::short_change(scale.high)
    );
    let tick = move |value: f32| {
        let text = wording::short_change(value);
        view! {
            <text x=LEFT - 4.0 y=y(value) dy="0.32em" text-anchor="end">{text.clone()}</text>
            <text x=x(value) y=SIDE + 18.0 text-anchor="middle">{text}</text>
        }
    };
    view! {
        <svg class="scatter" viewBox=format!("0 0 {} {}", LEFT + SIDE + 8.0, SIDE + BOTTOM + 4.0) role="img" aria-label=label>
            <line class="axis" x1=x(scale.low) x2=x(scale.high) y1=y(0.0) y2=y(0.0) />
            <line class="axis" x1=x(0.0) x2=x(0.0) y1=y(scale.low) y2=y(scale.high) />
            <line class="axis diagonal" x1=x(scale.low) x2=x(scale.high) y1=y(scale.low) y2=y(scale.high) />
            {[scale.low, scale.high].map(tick).collect_view()}
            <text x=LEFT + SIDE / 2.0 y=SIDE + BOTTOM text-anchor="middle">"estimate →"</text>
            <text x=LEFT + 4.0 y="14">"exact ↑"</text>
            {points.iter().map(dot).collect_view()}
        </svg>
        <p class="hint">{if has_drawn { DRAWN } else { ALL }}</p>
    }
    .into_any()
}

/// The plot as a figure; `agreement` says how estimates and exact effects agree.
pub fn scatter_figure(state: &State, points: Vec<ScatterPoint>, agreement: &str) -> Option<(Box<dyn Draw>, Caption)> {
    let CaptionText { title, text, fields } = state.matters_caption()?;
    let has_drawn = points.iter().any(|point| point.is_drawn);
    let meaning = format!("{} {agreement}", if has_drawn { DRAWN } else { ALL });
    Some((Box::new(ScatterFigure { points, meaning }), Caption { title, text, fields }))
}

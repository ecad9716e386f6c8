//! The outcome with only some links as a curve over their number, and as a table.

use leptos::prelude::*;

use crate::render::figure::{Caption, CurveFigure, Draw};
use crate::render::share_curve::ShareCurve;
use crate::state::matters::KeptNumbers;
use crate::state::{CaptionText, State, wording};
use crate::ui::erased::view;
use crate::ui::numbers::parts_table::parts_table;

const WIDTH: f32 = 300.0;
const HEIGHT: f32 = 170.0;
const LEFT: f32 = 44.0;
const BOTTOM: f32 = 34.0;

/// The curve of F, that of the rest, and the numbers.
pub fn kept_curve(kept: &KeptNumbers) -> AnyView {
    let share = |value: f32| kept.share(value).map_or("–".to_owned(), wording::short_change);
    let row = |(count, [own, rest]): &(usize, [f32; 2])| {
        view! {
            <tr>
                <th scope="row">{*count}</th>
                <td class="number">{wording::short_weight(*own)}</td>
                <td class="number">{share(*own)}</td>
                <td class="number">{wording::short_weight(*rest)}</td>
                <td class="number">{share(*rest)}</td>
            </tr>
        }
    };
    let outcome = wording::short_weight;
    let (empty, shares) = (kept.ablation(), kept.shares());
    let has_share = shares.is_some();
    view! {
        {shares.map(curve)}
        {parts_table(
            "Outcome with some links",
            ["Kept", "Outcome", "F", "Without", "F of the rest"],
            kept.points.iter().map(row),
        )}
        <p class="hint">
            {format!(
                "Outcome with all links {}, with none {}. F = (with these − with none) ÷ (with all − with none). A head that \
                 keeps no link of a query {empty} there; the only link of a row stays. F may exceed 1, and depends on how \
                 the rest is ablated (",
                outcome(kept.outcome),
                outcome(kept.none),
            )}
            <a href="https://arxiv.org/abs/2407.08734" target="_blank" rel="noopener noreferrer">"Miller et al. 2024"</a>
            ")."
            {(!has_share).then_some(" All links and none make hardly a difference here, so F has no value.")}
        </p>
    }
    .into_any()
}

/// Both curves.
fn curve(points: Vec<(usize, [f32; 2])>) -> AnyView {
    let curve = ShareCurve::new(points);
    let x = |count: usize| LEFT + curve.across(count) * (WIDTH - LEFT - 8.0);
    let y = |share: f32| 8.0 + (1.0 - curve.up(share)) * (HEIGHT - BOTTOM - 8.0);
    let way = |of: usize| -> String {
        curve.points.iter().map(|(count, pair)| format!("{:.1},{:.1} ", x(*count), y(pair[of]))).collect()
    };
    let level = |share: f32| {
        view! {
            <line class="axis" x1=LEFT x2=WIDTH - 8.0 y1=y(share) y2=y(share) />
            <text x=LEFT - 6.0 y=y(share) dy="0.32em" text-anchor="end">{wording::short_weight(share)}</text>
        }
    };
    view! {
        <figure class="find-plot kept-curve">
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label="F over the number of links kept">
                {curve.levels().into_iter().map(level).collect_view()}
                <polyline points=way(0) />
                <polyline class="second" points=way(1) />
                <text x=LEFT y=HEIGHT - 18.0 text-anchor="middle">"1"</text>
                <text x=WIDTH - 8.0 y=HEIGHT - 18.0 text-anchor="end">{curve.last()}</text>
                <text x=(LEFT + WIDTH) / 2.0 y=HEIGHT - 4.0 text-anchor="middle">
                    "links; blue: F of these, orange: F of the rest"
                </text>
            </svg>
        </figure>
    }
    .into_any()
}

/// The curves as a figure.
pub fn kept_figure(state: &State) -> Option<(Box<dyn Draw>, Caption)> {
    let kept = state.kept_links()?;
    let curve = ShareCurve::new(kept.shares()?);
    let meaning = format!(
        "Blue: F of the links that are kept, the largest that lead to the outcome; orange: F of the rest. Outcome with all links {}, with none \
         {}. A head that keeps no link of a query {} there.",
        wording::short_weight(kept.outcome),
        wording::short_weight(kept.none),
        kept.ablation(),
    );
    let CaptionText { text, fields, .. } = state.matters_caption()?;
    let title = "The outcome with only some links".to_owned();
    Some((Box::new(CurveFigure { curve, meaning }), Caption { title, text, fields }))
}

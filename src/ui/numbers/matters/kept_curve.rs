//! The outcome with only some links as a curve over their number, and as a table.

use leptos::prelude::*;

use crate::state::matters::KeptNumbers;
use crate::state::wording;
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
    let empty = if kept.is_mean { "writes its mean over the text’s positions" } else { "writes nothing" };
    let has_share = kept.share(kept.none).is_some();
    view! {
        {has_share.then(|| curve(kept))}
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

/// Both curves over the logarithm of the number of links.
fn curve(kept: &KeptNumbers) -> AnyView {
    let shares: Vec<(f32, [f32; 2])> = kept
        .points
        .iter()
        .map(|(count, pair)| ((*count as f32).ln(), pair.map(|value| kept.share(value).unwrap_or_default())))
        .collect();
    let all = || shares.iter().flat_map(|(_, pair)| pair);
    let (low, high) = (all().copied().fold(0.0, f32::min), all().copied().fold(1.0, f32::max));
    let end = shares.last().map_or(1.0, |(log, _)| log.max(f32::MIN_POSITIVE));
    let x = |log: f32| LEFT + log / end * (WIDTH - LEFT - 8.0);
    let y = |share: f32| 8.0 + (high - share) / (high - low) * (HEIGHT - BOTTOM - 8.0);
    let points = |of: usize| -> String {
        shares.iter().map(|(log, pair)| format!("{:.1},{:.1} ", x(*log), y(pair[of]))).collect()
    };
    let level = |share: f32| {
        view! {
            <line class="axis" x1=LEFT x2=WIDTH - 8.0 y1=y(share) y2=y(share) />
            <text x=LEFT - 6.0 y=y(share) dy="0.32em" text-anchor="end">{wording::short_weight(share)}</text>
        }
    };
    let mut levels = vec![0.0, 1.0];
    levels.extend([low, high].into_iter().filter(|end| *end < -0.15 || *end > 1.15));
    let last = kept.points.last().map_or(0, |(count, _)| *count);
    view! {
        <figure class="find-plot kept-curve">
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label="F over the number of links kept">
                {levels.into_iter().map(level).collect_view()}
                <polyline points=points(0) />
                <polyline class="second" points=points(1) />
                <text x=LEFT y=HEIGHT - 18.0 text-anchor="middle">"1"</text>
                <text x=WIDTH - 8.0 y=HEIGHT - 18.0 text-anchor="end">{last}</text>
                <text x=(LEFT + WIDTH) / 2.0 y=HEIGHT - 4.0 text-anchor="middle">
                    "links; blue: F of these, orange: F of the rest"
                </text>
            </svg>
        </figure>
    }
    .into_any()
}

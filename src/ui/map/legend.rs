//! Below the map: what its colours and lines mean.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::model::Map;
use super::numbers::Numbers;
use crate::analysis::scores::Score;
use crate::protocol::{EstimatedPart, Quantity, Reduce};
use crate::state::scales::options::{CellNumber, CellStyle, MapOptions};
use crate::state::wording;
use crate::trace::numeral::with_minus;
use crate::ui::erased::view;

/// What a cell stands for, the colour scale with its numbers, and how many layers are drawn.
#[component]
pub fn MapLegend(map: Map) -> impl IntoView {
    let Map { page, options, numbers, contrast, quantity, .. } = map;
    let problem = page.memo(|state| {
        let of_number = || match state.scales.map.number {
            CellNumber::Direct => state.direct_problem(),
            CellNumber::Estimate => state.estimates_wanting(EstimatedPart::Heads),
            _ => None,
        };
        state.scales.thumbnails.asked.problem().map(str::to_owned).or_else(of_number)
    });
    let about = move || wording::about_quantity(quantity.get());
    let progress = page.memo(|state| {
        let (n_done, n_mapped) = state.n_mapped();
        let coming = (n_done < n_mapped).then(|| format!("{n_done} of {n_mapped} layers"));
        let n_all = state.scales.thumbnails.layers.len();
        let n_missing = state.shown.as_ref().and_then(|shown| shown.missing_layers()).map_or(0, BTreeSet::len);
        let n_held = n_all - n_missing.min(n_all);
        coming.or_else(|| (n_held < n_all).then(|| format!("{n_held} of {n_all} layers are in the file")))
    });
    let reduced = page.memo(|state| {
        let grid = state.scales.thumbnails.grid()?;
        let (rows, columns) = (grid.queries.len(), grid.keys.len());
        let per = |n: usize| n.div_ceil(grid.max_cells.max(1) as usize);
        let value = match grid.reduce {
            Reduce::Max => "largest",
            Reduce::Mean => "mean",
        };
        (per(rows.max(columns)) > 1)
            .then(|| format!("each cell is the {value} of {} × {} pairs of tokens", per(rows), per(columns)))
    });
    let meaning = move || {
        let contrast = contrast.get().filter(|_| options.with(|options| options.style != CellStyle::Number));
        match contrast {
            Some(contrast) if contrast.end > 0.0 => {
                let what = change_of(quantity.get());
                format!("Rows: queries; columns: keys; colour: change{what}, orange less, blue more")
            }
            Some(_) => "Nothing changes in the layers loaded so far".to_owned(),
            None => options.with(|options| meaning_of(options, quantity.get())),
        }
    };
    let is_number = move || options.with(|options| options.style == CellStyle::Number);
    let range = move || {
        let range = numbers.with(|numbers| numbers.range).filter(|_| is_number());
        range.map(|(smallest, largest)| {
            format!("here {} to {}", wording::short_weight(smallest), wording::short_weight(largest))
        })
    };
    let ends = move || match contrast.get() {
        _ if quantity.get() == Quantity::Norms => ends_of_lengths(contrast.get().is_some()),
        None => options.with(|options| numbers.with(|numbers| ends_of(options, numbers))),
        Some(contrast) => {
            let end = if is_number() { numbers.with(|numbers| numbers.ends.1) } else { contrast.end };
            (format!("−{end}"), format!("+{end}"))
        }
    };
    view! {
        <div class="legend">
            <span>{meaning}</span>
            <span class="line-scale" aria-hidden="true">
                <span>{move || ends().0}</span>
                <span
                    class="ramp"
                    class:neutral=move || contrast.get().is_none()
                    class:diverging=move || contrast.get().is_some()
                ></span>
                <span>{move || ends().1}</span>
            </span>
            <span>{range}</span>
            <span>{about}</span>
            <span>{move || reduced.get()}</span>
            <span>{move || progress.get()}</span>
            {move || problem.get().map(|problem| view! { <span class="problem" role="alert">{wording::brief(&problem)}</span> })}
        </div>
    }
}

/// Explains the lines and colours of a map.
pub fn meaning_of(options: &MapOptions, quantity: Quantity) -> String {
    let noun = quantity.noun();
    match (options.style, options.number) {
        (CellStyle::Number, CellNumber::Entropy) => {
            "Colour: entropy of a row ÷ that of a uniform row, averaged over the queries".to_owned()
        }
        (CellStyle::Number, CellNumber::Strongest) => "Colour: the strongest link".to_owned(),
        (CellStyle::Number, CellNumber::Direct) => {
            "Colour: direct effect on the outcome, orange against the answer, blue for it".to_owned()
        }
        (CellStyle::Number, CellNumber::Estimate) => {
            "Colour: estimated effect of the edit chosen under “Matters”, orange lowers the outcome, blue raises it"
                .to_owned()
        }
        (CellStyle::Number, CellNumber::Score(score)) => {
            Score::ALL.get(score).map(|score| format!("Colour: {}", score.sentence())).unwrap_or_default()
        }
        (CellStyle::Lines, _) => format!("Lines from queries (left) to keys (right); opacity: {noun}"),
        (CellStyle::Heat, _) => format!("Rows: queries; columns: keys; colour: {noun}"),
    }
}

/// What has changed, where it is not the weights: " of rollout".
pub fn change_of(quantity: Quantity) -> String {
    if quantity == Quantity::Weights { String::new() } else { format!(" of {}", quantity.label()) }
}

/// The ends of a scale of lengths, which is each layer's own.
pub fn ends_of_lengths(is_change: bool) -> (String, String) {
    match is_change {
        true => ("− layer’s largest".to_owned(), "+ layer’s largest".to_owned()),
        false => ("0".to_owned(), "layer’s largest".to_owned()),
    }
}

/// The numbers at the ends of a map's colour scale.
pub fn ends_of(options: &MapOptions, numbers: &Numbers) -> (String, String) {
    let (low, high) = if options.style == CellStyle::Number { numbers.ends } else { (0.0, 1.0) };
    let text = |end: f32| with_minus(&if end.fract() == 0.0 { format!("{end:.0}") } else { format!("{end:.2}") });
    (text(low), text(high))
}

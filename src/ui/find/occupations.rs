//! The chosen head's numbers for each occupation, against the share of women in it.

use leptos::prelude::*;

use super::chosen;
use crate::sets::made::SOURCE;
use crate::state::find::words::{interval, number};
use crate::state::find::{Occupations, OneOccupation};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 220.0;
/// Room for the numbers left of the plot and below it.
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 30.0;

/// A scatter with its correlation, and the same numbers as a table.
#[component]
pub fn OccupationPlot(page: Page) -> impl IntoView {
    let chosen = chosen(page);
    let found = Derived::new(move || chosen.get().and_then(|(search, head)| search.occupations(head)));
    view! {
        {move || found.get().map(|found| view! {
            <figure class="find-plot" aria-label="Occupations">
                <figcaption>{caption(&found)}</figcaption>
                {drawn(&found)}
                <details>
                    <summary>"As a table"</summary>
                    <table class="find-table" aria-label="Occupations by the share of women">
                        <thead><tr>
                            <th scope="col">"Occupation"</th>
                            <th scope="col">"Women, %"</th>
                            <th scope="col">"Mean"</th>
                            <th scope="col">"n"</th>
                        </tr></thead>
                        <tbody>{found.each.iter().map(row).collect_view()}</tbody>
                    </table>
                </details>
            </figure>
        })}
    }
}

fn caption(found: &Occupations) -> String {
    let rho = found.correlation.map_or_else(
        || "no correlation: one side does not vary".to_owned(),
        |rho| format!("Spearman’s ρ {} (95 % {})", number(rho.value), interval(rho.interval)),
    );
    let sign = match found.is_difference {
        true => {
            " A number counts for the occupation it is about, with its sign turned for the one that it is compared with."
        }
        false => "",
    };
    format!("{} occupations, {rho}, intervals over occupations.{sign} Share of women: {SOURCE}.", found.each.len())
}

fn row(one: &OneOccupation) -> AnyView {
    view! {
        <tr>
            <th scope="row">{one.name.clone()}</th>
            <td class="number-cell">{format!("{:.0}", one.women_percent)}</td>
            <td class="number-cell">{number(one.value)}</td>
            <td class="number-cell">{one.n}</td>
        </tr>
    }
}

fn drawn(found: &Occupations) -> AnyView {
    let values = || found.each.iter().map(|one| one.value);
    let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
    let range = (high - low).max(f64::MIN_POSITIVE);
    let x = |percent: f64| LEFT + percent / 100.0 * (WIDTH - LEFT - 8.0);
    let y = |value: f64| 8.0 + (high - value) / range * (HEIGHT - BOTTOM - 8.0);
    let dot = |one: &OneOccupation| {
        let title = format!("{}: {:.0} % women, {}", one.name, one.women_percent, number(one.value));
        view! { <circle cx=x(one.women_percent) cy=y(one.value) r="3.5"><title>{title}</title></circle> }
    };
    let tick =
        |value: f64| view! { <text x=LEFT - 6.0 y=y(value) dy="0.32em" text-anchor="end">{number(value)}</text> };
    let percent = |percent: f64| {
        view! { <text x=x(percent) y=HEIGHT - 14.0 text-anchor="middle">{format!("{percent:.0}")}</text> }
    };
    let middle = (LEFT + WIDTH) / 2.0;
    view! {
        <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label="Each occupation by its share of women and the head’s mean">
            <line class="axis" x1=LEFT x2=WIDTH - 8.0 y1=y(0.0) y2=y(0.0) />
            {found.each.iter().map(dot).collect_view()}
            {(high > 0.0).then(|| tick(high))}
            {tick(0.0)}
            {(low < 0.0).then(|| tick(low))}
            {[0.0, 50.0, 100.0].map(percent).collect_view()}
            <text x=middle y=HEIGHT - 2.0 text-anchor="middle">"women in the occupation, %"</text>
        </svg>
    }
}

//! The curve over distance: as the model has it, with the chosen neurons scaled, and with as many random ones.

use leptos::prelude::*;

use super::scrolled_table::scrolled_table;
use crate::analysis::decay::{Curve, line};
use crate::state::find::CurveState;
use crate::state::find::words::{half_life_words, number, weight};
use crate::state::wording::count;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 72.0;
const BOTTOM: f64 = 30.0;

/// The three curves.
#[derive(Clone, PartialEq)]
struct Curves {
    before: Curve,
    after: Option<(Curve, Curve)>,
    n_texts: usize,
}

/// The plot, and what its lines say.
#[component]
pub fn CurvePlot(page: Page) -> impl IntoView {
    let curve = page.memo(|state| state.find.curve.clone());
    let curves = Derived::new(move || curve.with(|curve| curve.as_ref().and_then(curves)));
    view! {
        {move || curves.get().map(|curves| view! {
            <figure class="find-plot" aria-label="Weight over distance">
                <figcaption>
                    {format!(
                        "Mean weight by distance over {} queries of {}, key 0 left out (logarithmic). Blue: as it is, orange: chosen \
                        neurons scaled, dashed: random ones. Lines through ln of the mean weight:",
                        curves.before.n_rows,
                        count(curves.n_texts, "text"),
                    )}
                </figcaption>
                {drawn(&curves)}
                {scrolled_table(
                    "Lines through the curves",
                    &["Curve", "Slope", "R²", "Half-life, tokens", "Slope of mean ln weight"],
                    lines(&curves),
                )}
            </figure>
        })}
    }
}

fn curves(curve: &CurveState) -> Option<Curves> {
    let texts = curve.texts.as_ref().filter(|texts| texts.n_far > 1)?;
    let after = (!texts.is_capped)
        .then(|| (texts.after(curve.n_units, curve.factor), texts.random(curve.n_units, curve.factor)));
    Some(Curves { before: texts.before(), after, n_texts: texts.n_texts })
}

fn lines(Curves { before, after, .. }: &Curves) -> AnyView {
    let scaled = after.as_ref().map(|(after, _)| row("chosen neurons scaled", after));
    let random = after.as_ref().map(|(_, random)| row("as many random neurons scaled", random));
    (row("as it is", before), scaled, random).into_any()
}

fn row(name: &'static str, curve: &Curve) -> AnyView {
    let logs: Vec<f64> = curve.weights.iter().map(|weight| weight.ln()).collect();
    let fitted = line(&logs);
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td class="number-cell">{number(fitted.slope)}</td>
            <td class="number-cell">{number(fitted.r_squared)}</td>
            <td class="number-cell">{half_life_words(fitted.slope)}</td>
            <td class="number-cell">{number(line(&curve.logs).slope)}</td>
        </tr>
    }
}

fn drawn(Curves { before, after, .. }: &Curves) -> AnyView {
    let all = || {
        let after = after.iter().flat_map(|(after, random)| after.weights.iter().chain(&random.weights));
        before.weights.iter().chain(after).map(|weight| weight.ln()).filter(|log| log.is_finite())
    };
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    let range = (high - low).max(1e-9);
    let n = before.weights.len().max(2);
    let x = |far: usize| LEFT + far as f64 / (n - 1) as f64 * (WIDTH - LEFT - 8.0);
    let y = |log: f64| 8.0 + (high - log.max(low)) / range * (HEIGHT - BOTTOM - 8.0);
    let points = |curve: &Curve| -> String {
        curve.weights.iter().enumerate().map(|(far, weight)| format!("{:.1},{:.1} ", x(far), y(weight.ln()))).collect()
    };
    let tick =
        |log: f64| view! { <text x=LEFT - 6.0 y=y(log) dy="0.32em" text-anchor="end">{weight(log.exp())}</text> };
    let middle = (LEFT + WIDTH) / 2.0;
    view! {
        <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label="Mean weight by distance">
            {after.as_ref().map(|(_, random)| view! { <polyline class="random" points=points(random) /> })}
            <polyline points=points(before) />
            {after.as_ref().map(|(after, _)| view! { <polyline class="second" points=points(after) /> })}
            {tick(high)}
            {tick(low)}
            <text x=x(0) y=HEIGHT - 14.0 text-anchor="middle">"1"</text>
            <text x=x(n - 1) y=HEIGHT - 14.0 text-anchor="middle">{n}</text>
            <text x=middle y=HEIGHT - 2.0 text-anchor="middle">
                "distance in tokens"
            </text>
        </svg>
    }
}

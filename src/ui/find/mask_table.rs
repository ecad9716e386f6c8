//! What a mask does, beside random masks: numbers, and a strip of points for each of the three.

use leptos::prelude::*;

use super::scrolled_table::scrolled_table;
use super::trials;
use crate::analysis::statistics::{Estimate, MaskEffect};
use crate::state::find::MaskFound;
use crate::state::find::words::{interval, number};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

const WIDTH: f64 = 192.0;
const HEIGHT: f64 = 20.0;

/// Measure, control, plain text, and the difference of the first two.
#[component]
pub fn MaskTable(page: Page) -> impl IntoView {
    let masks = trials(page, true);
    let found = Derived::new(move || masks.get()?.masked());
    let is_pseudo =
        Derived::new(move || masks.get().is_some_and(|trials| trials.mask.as_ref().is_some_and(|plan| plan.is_pseudo)));
    let row = move |name: &'static str, effect: MaskEffect, is_loss: bool, reach: f64| {
        let mean = |value: f64| match is_loss {
            // Of a large one the decimals say nothing, and the table would not fit beside the points.
            true => {
                let kind = if is_pseudo.get_untracked() { "pseudo-perplexity" } else { "perplexity" };
                let n_decimals = if value > 4.6 { 0 } else { 2 };
                format!("{} ({kind} {:.n_decimals$})", number(value), value.exp())
            }
            false => number(value),
        };
        let p = effect.p.map_or_else(|| "–".to_owned(), number);
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="number-cell">{effect.effect.n}</td>
                <td class="number-cell">{mean(effect.baseline)}</td>
                <td class="number-cell">{mean(effect.masked)}</td>
                <td class="number-cell">{change(effect.effect)}</td>
                <td class="number-cell">{p}</td>
                <td>{strip(name, &effect, reach)}</td>
            </tr>
        }
    };
    let body = move || {
        let MaskFound { effects, difference } = found.get()?;
        let all =
            effects.iter().flatten().flat_map(|effect| effect.random.iter().copied().chain([effect.effect.value]));
        let reach = all.map(f64::abs).fold(0.0, f64::max);
        let names = ["Measure", "Control", "Plain text"];
        let rows = names.into_iter().zip(effects).enumerate();
        let rows = rows.filter_map(|(index, (name, effect))| Some(row(name, effect?, index == 2, reach)));
        Some(view! {
            {rows.collect_view()}
            {difference.map(|difference| view! {
                <tr>
                    <th scope="row">"Measure − control"</th>
                    <td class="number-cell">{difference.n}</td>
                    <td></td>
                    <td></td>
                    <td class="number-cell">{change(difference)}</td>
                    <td></td>
                    <td></td>
                </tr>
            })}
        })
    };
    view! {
        {scrolled_table(
            "Effect of the mask",
            &["Of", "n", "Without", "With the mask", "Change, SD (95 %)", "p", "Mask (filled), random"],
            body.into_any(),
        )}
        <p class="statement caution">
            "A mask that moves the control as much as the measure has shown nothing about what the set is for."
        </p>
    }
}

/// "−0.5000 (−0.8000 to −0.2000)".
fn change(estimate: Estimate) -> String {
    format!("{} ({})", number(estimate.value), interval(estimate.interval))
}

/// Points on a line around 0.
fn strip(name: &str, effect: &MaskEffect, reach: f64) -> AnyView {
    let x = |value: f64| WIDTH / 2.0 + if reach > 0.0 { value / reach * (WIDTH / 2.0 - 6.0) } else { 0.0 };
    let middle = HEIGHT / 2.0;
    let point = |value: &f64| view! { <circle class="random" cx=x(*value) cy=middle r="3" /> };
    let random = match effect.random.len() {
        0 => String::new(),
        n => format!(
            ", {n} random masks by {} to {}",
            number(effect.random.iter().copied().fold(f64::NAN, f64::min)),
            number(effect.random.iter().copied().fold(f64::NAN, f64::max)),
        ),
    };
    let label = format!("{name}: the mask changes it by {}{random}", number(effect.effect.value));
    view! {
        <svg class="mask-strip" viewBox=format!("0 0 {WIDTH} {HEIGHT}") width=WIDTH height=HEIGHT role="img" aria-label=label>
            <line class="axis" x1=WIDTH / 2.0 x2=WIDTH / 2.0 y1="0" y2=HEIGHT />
            {effect.random.iter().map(point).collect_view()}
            <circle cx=x(effect.effect.value) cy=middle r="4" />
        </svg>
    }
}

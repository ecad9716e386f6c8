//! The outcome as a table.

use leptos::prelude::*;

use crate::protocol::OutcomeNumbers;
use crate::state::wording;
use crate::trace::TokenForm;
use crate::trace::display::token_label;
use crate::trace::numeral::with_minus;
use crate::ui::erased::view;

/// The outcome in both results, which have these names, and its change.
pub fn values(
    what: &'static str,
    tokens: Option<(String, Vec<String>)>,
    values: &[OutcomeNumbers],
    form: TokenForm,
    results: [&'static str; 2],
) -> impl IntoView + use<> {
    let name = |token: &String| token_label(token, form).plain;
    let names = tokens.map(|(answer, others)| {
        let others = others.iter().map(name).collect::<Vec<_>>();
        [format!("P({})", name(&answer)), format!("P({})", others.join(" or "))]
    });
    let number = |value: f32| with_minus(&format!("{value:.4}"));
    let row = |name: &'static str, value: f32, probs: Option<[f32; 2]>, write: &dyn Fn(f32) -> String| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td>{write(value)}</td>
                {probs.map(|probs| probs.map(|prob| view! { <td>{write(prob)}</td> }).collect_view())}
            </tr>
        }
    };
    let change = match values {
        [a, b, ..] => {
            let probs = a.probs.zip(b.probs).map(|(a, b)| [b[0] - a[0], b[1] - a[1]]);
            Some(row("Change", b.value - a.value, probs, &wording::change))
        }
        _ => None,
    };
    let each = results.into_iter().zip(values);
    let rows = each.map(|(name, value)| row(name, value.value, value.probs, &number)).collect_view();
    view! {
        <table class="values" aria-label="Outcome values">
            <thead>
                <tr>
                    <th scope="col"><span class="only-spoken">"Run"</span></th>
                    <th scope="col">{what}</th>
                    {names.map(|names| names.map(|name| view! { <th scope="col">{name}</th> }).collect_view())}
                </tr>
            </thead>
            <tbody>{rows}{change}</tbody>
        </table>
    }
}
